import { json } from './client.js';

/** One version of the policy. */
export interface PolicyVersion {
  readonly number: number;
  readonly state: 'draft' | 'active' | 'retired';
  readonly note: string;
  readonly createdBy: string;
  readonly created: string;
  readonly activated: string | null;
}

/** Something that is wrong with a policy, with its line from 1. */
export interface PolicyProblem {
  readonly line: number;
  readonly text: string;
}

interface ActCount {
  readonly act: string;
  readonly count: number;
  readonly needsPerson: number;
}

export interface Backtest {
  readonly against: number;
  readonly looked: number;
  readonly truncated: boolean;
  readonly differing: number;
  readonly before: { readonly acts: readonly ActCount[] };
  readonly after: { readonly acts: readonly ActCount[] };
  readonly differences: readonly {
    readonly act: string;
    readonly change: 'only-before' | 'only-after' | 'otherwise';
    readonly count: number;
    readonly items: readonly string[];
  }[];
}

export const getPolicies = async (signal?: AbortSignal) =>
  (await json<{ policies: readonly PolicyVersion[] }>('GET', '/v1/policies', { signal })).policies;

export const getPolicy = (number: number, signal?: AbortSignal) =>
  json<PolicyVersion & { readonly source: string }>('GET', `/v1/policies/${number}`, { signal });

export const checkPolicy = (source: string, signal?: AbortSignal) =>
  json<{ problems: readonly PolicyProblem[]; warnings: readonly PolicyProblem[] }>('POST', '/v1/policies/check', {
    json: { source },
    signal,
  });

export const addPolicy = (source: string, note: string) =>
  json<PolicyVersion>('POST', '/v1/policies', { json: { source, note } });

export const activatePolicy = (number: number, reason: string) =>
  json<PolicyVersion>('POST', `/v1/policies/${number}/activate`, { json: { reason } });

/** Nothing is kept and nothing is done. */
export const backtestPolicy = (source: string, days: number) =>
  json<Backtest>('POST', '/v1/policies/backtest', { json: { source, days } });
