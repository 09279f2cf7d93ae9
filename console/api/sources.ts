import { json } from './client.js';
import type { Kind, TestedFacts, Trial } from './kinds.js';
import type { Source } from './types.js';

export interface NewSource extends Trial {
  readonly name: string;
  /** Made when there is none; named as the source if absent. */
  readonly list?: string;
  readonly everySeconds?: number;
  readonly holdPercent?: number;
}

const sourcePath = (name: string, rest = ''): string => `/v1/sources/${encodeURIComponent(name)}${rest}`;

export const getSources = async (signal?: AbortSignal) =>
  (await json<{ sources: readonly Source[] }>('GET', '/v1/sources', { signal })).sources;

export const getSourceKinds = async (signal?: AbortSignal) =>
  (await json<{ kinds: readonly Kind[] }>('GET', '/v1/source-kinds', { signal })).kinds;

export const addSource = (source: NewSource) => json<Source>('POST', '/v1/sources', { json: source });

/** Tests a connection before it is added. @returns what was found out, by name */
export const tryOutSource = async (trial: Trial) =>
  (await json<{ facts: TestedFacts }>('POST', '/v1/sources/try', { json: trial })).facts;

export const syncSource = (name: string) => json<{ asked: true }>('POST', sourcePath(name, '/sync'));

export const switchSource = (name: string, enabled: boolean) =>
  json<Source>('PUT', sourcePath(name), { json: { enabled } });

/** The list stays as it is. */
export const removeSource = (name: string) => json<{ removed: true }>('DELETE', sourcePath(name));

/** @param held id of the change that was looked at: another one in its place is not meant */
export const decideHeldChange = (name: string, verb: 'approve' | 'refuse', held: string) =>
  json<Source>('POST', sourcePath(name, `/${verb}`), { json: { held } });
