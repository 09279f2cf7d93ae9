import { json } from './client.js';
import type { Kind, TestedFacts, Trial } from './kinds.js';

export type PlatformState = 'new' | 'connected' | 'failing' | 'refused' | 'disabled';

/** A connection to a platform; nothing of its credentials. */
export interface Platform {
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  readonly state: PlatformState;
  readonly enabled: boolean;
  /** What would be done there is written down and not sent. */
  readonly dryRun: boolean;
  readonly settings: unknown;
  /** The process that holds the connection. */
  readonly node: string | null;
  readonly connected: string | null;
  readonly heard: string | null;
  /** When a connection that is not there is made again. */
  readonly next: string;
  readonly error: string | null;
  readonly failures: number;
}

/** What half, and what all but one in a hundred, took; in seconds. */
export interface StageTimes {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface RemovalTimes {
  readonly span: 'day' | 'week';
  readonly stages: Readonly<Record<'fetch' | 'verdict' | 'order' | 'confirm', StageTimes>>;
  /** From seen to confirmed. */
  readonly whole: StageTimes;
}

const platformPath = (name: string, rest = ''): string => `/v1/platforms/${encodeURIComponent(name)}${rest}`;

export const getPlatforms = async (signal?: AbortSignal) =>
  (await json<{ platforms: readonly Platform[] }>('GET', '/v1/platforms', { signal })).platforms;

export const getPlatformKinds = async (signal?: AbortSignal) =>
  (await json<{ kinds: readonly Kind[] }>('GET', '/v1/platform-kinds', { signal })).kinds;

/** It begins as a dry run. */
export const addPlatform = (platform: Trial & { readonly name: string }) =>
  json<Platform>('POST', '/v1/platforms', { json: platform });

/** Tests a connection before it is added. */
export const tryOutPlatform = async (trial: Trial) =>
  (await json<{ facts: TestedFacts }>('POST', '/v1/platforms/try', { json: trial })).facts;

export const testPlatform = async (name: string) =>
  (await json<{ facts: TestedFacts }>('POST', platformPath(name, '/test'))).facts;

/** Credentials that are left out stay as they are. */
export const changePlatform = (
  name: string,
  changes: Partial<Pick<Trial, 'settings' | 'credentials'>> & Partial<Pick<Platform, 'enabled' | 'dryRun'>>,
) => json<Platform>('PUT', platformPath(name), { json: changes });

/** It is disconnected and its credentials are forgotten. */
export const removePlatform = (name: string) => json<{ removed: true }>('DELETE', platformPath(name));

export const getRemovalTimes = async (name: string, signal?: AbortSignal) =>
  (await json<{ spans: readonly RemovalTimes[] }>('GET', platformPath(name, '/times'), { signal })).spans;
