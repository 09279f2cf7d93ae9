import { isAborted, noAnswer, problemFrom } from './problem.js';
import type { Attention, HashList, ListRules, Sample, ServiceStatus, VersionDiff } from './types.js';

/** Shows the service that a request comes from this page and not from a foreign one. */
export const CONSOLE_HEADER = ['x-vigie-console', '1'] as const;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

interface RequestOptions {
  readonly json?: unknown;
  readonly form?: FormData;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One request to the service; the session travels as a cookie.
 * @throws ApiProblem when the service says no or does not answer; the `AbortError` of `signal`
 */
async function request(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
  const headers = new Headers([[...CONSOLE_HEADER]]);
  let body: BodyInit | null = options.form ?? null;
  if (options.json !== undefined) {
    headers.set('content-type', 'application/json');
    body = JSON.stringify(options.json);
  }
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body, signal: options.signal ?? null });
  } catch (thrown) {
    if (isAborted(thrown)) throw thrown;
    throw noAnswer(thrown);
  }
  if (!response.ok) throw problemFrom(response.status, await response.text());
  return response;
}

/** One request whose answer is JSON. @throws as `request` */
export async function json<T>(method: Method, path: string, options?: RequestOptions): Promise<T> {
  const response = await request(method, path, options);
  try {
    return (await response.json()) as T;
  } catch (thrown) {
    if (isAborted(thrown)) throw thrown;
    throw noAnswer(thrown);
  }
}

export const listPath = (name: string, rest: string): string => `/v1/lists/${encodeURIComponent(name)}${rest}`;

export const openSession = (link: string) => json<{ opened: true }>('POST', '/v1/sessions', { json: { link } });

export const getStatus = (signal?: AbortSignal) => json<ServiceStatus>('GET', '/v1/status', { signal });

export const getLists = async (signal?: AbortSignal) =>
  (await json<{ lists: readonly HashList[] }>('GET', '/v1/lists', { signal })).lists;

export const getAttention = async (signal?: AbortSignal) =>
  (await json<{ attention: readonly Attention[] }>('GET', '/v1/attention', { signal })).attention;

const attentionPath = (id: string, act: string): string => `/v1/attention/${encodeURIComponent(id)}/${act}`;

/** Somebody deals with it. */
export const acknowledgeAttention = (id: string) =>
  json<Attention>('POST', attentionPath(id, 'acknowledge'), { json: {} });

/** It needs nobody any more. */
export const resolveAttention = (id: string) => json<Attention>('POST', attentionPath(id, 'resolve'), { json: {} });

/** The items behind it are looked at again. */
export const replayAttention = (id: string) => json<{ items: number }>('POST', attentionPath(id, 'replay'));

export const rollBack = (name: string, version: number) =>
  json<HashList>('POST', listPath(name, '/rollback'), { json: { version } });

/** @param to the version that is looked at, as against `from` */
export const diffVersions = (name: string, from: number, to: number, signal?: AbortSignal) =>
  json<VersionDiff>('GET', listPath(name, `/diff?from=${from}&to=${to}`), { signal });

export const getListRules = (name: string, signal?: AbortSignal) =>
  json<ListRules>('GET', listPath(name, '/rules'), { signal });

export const changeListRules = (name: string, rules: ListRules) =>
  json<ListRules>('POST', listPath(name, '/rules'), { json: rules });

export const removeList = (name: string) => json<{ removed: true }>('DELETE', listPath(name, ''));

const entryAct = (act: 'withdraw' | 'restore' | 'dispute') => (list: string, entry: string, reason: string) =>
  json<{ entry: string; status: string }>('POST', listPath(list, `/entries/${encodeURIComponent(entry)}/${act}`), {
    json: { reason },
  });

/** The entry stops matching at once. */
export const withdrawEntry = entryAct('withdraw');

export const restoreEntry = entryAct('restore');

/** A doubt is noted; the entry goes on matching. */
export const disputeEntry = entryAct('dispute');

export const getSamples = async (signal?: AbortSignal) =>
  (await json<{ samples: readonly Sample[] }>('GET', '/v1/samples', { signal })).samples;

export const getSample = async (name: string, signal?: AbortSignal) =>
  await (await request('GET', `/v1/samples/${encodeURIComponent(name)}`, { signal })).blob();
