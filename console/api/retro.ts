import { json } from './client.js';

/** How new entries of a list are tried against what one node has seen. */
export interface RetroRun {
  readonly id: string;
  readonly node: string;
  readonly list: string;
  readonly from: number | null;
  readonly to: number;
  readonly cause: 'baseline' | 'published' | 'asked' | 'restored';
  readonly state: 'waiting' | 'running' | 'done' | 'stopped';
  readonly entries: number;
  readonly files: number;
  readonly filesDone: number;
  readonly hashes: number;
  readonly finds: number;
  readonly damaged: number;
  readonly lastError: string | null;
  readonly created: string;
  readonly finished: string | null;
}

/** A medium that was looked at before and matches an entry that came later. */
export interface RetroFind {
  readonly id: string;
  readonly list: string;
  readonly version: number;
  readonly entry: string;
  readonly outcome: 'told' | 'shadow' | 'held';
  readonly platform: string | null;
  readonly platformId: string | null;
  readonly medium: number | null;
  readonly itemRef: string | null;
  readonly match: {
    readonly grade?: string | null;
    readonly signal?: string;
    readonly distance?: number;
    readonly extent?: 'full' | 'partial';
  };
  readonly seen: string;
  readonly found: string;
}

export const getRetroRuns = async (signal?: AbortSignal) =>
  (await json<{ runs: readonly RetroRun[] }>('GET', '/v1/retro', { signal })).runs;

export const getRetroFinds = async (signal?: AbortSignal) =>
  (await json<{ finds: readonly RetroFind[] }>('GET', '/v1/retro/finds', { signal })).finds;

/** All entries of a list against all that was seen. @returns on how many nodes */
export const runRetro = async (list: string) =>
  (await json<{ nodes: number }>('POST', '/v1/retro/run', { json: { list } })).nodes;

export const stopRetro = (list: string) => json<{ runs: number }>('POST', '/v1/retro/stop', { json: { list } });
