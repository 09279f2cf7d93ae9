import { setTimeout as delay } from 'node:timers/promises';
import { PLATFORM, ROOM, type Stage } from './stage.js';

const AGAIN_MS = 100;
const PATIENCE_MS = 10_000;
const CALL_MS = 10_000;

/** How far Vigie is with a message, as the page shows it. */
export interface Followed {
  /** `left`: it was looked at and stays. `stuck`: it should have gone, and has not. */
  readonly state: 'unseen' | 'waiting' | 'removing' | 'removed' | 'left' | 'stuck';
  readonly verdict?: string;
  /** Why it is no match, or could not be told. */
  readonly reason?: string | null;
  readonly match?: { readonly signal: string; readonly distance?: number | null; readonly view?: string };
  /** Of looking at the picture, milliseconds. */
  readonly scanMs?: number;
  /** Milliseconds since Vigie saw the message. */
  readonly times?: Readonly<Record<'fetched' | 'judged' | 'ordered' | 'confirmed', number | null>>;
}

interface Item {
  readonly id: string;
  readonly state: 'waiting' | 'told' | 'set-aside';
  readonly verdict: {
    readonly verdict: string;
    readonly reason: string | null;
    readonly medium: number;
    readonly media: readonly {
      readonly ordinal: number;
      readonly matches: readonly NonNullable<Followed['match']>[];
      readonly ms: Readonly<Record<string, number>>;
    }[];
  } | null;
}

interface Action {
  readonly state: string;
  readonly heldBy: string | null;
  readonly seen: string | null;
  readonly fetched: string | null;
  readonly judged: string | null;
  readonly ordered: string | null;
  readonly ended: string | null;
}

/**
 * Waits until Vigie is further with a message than it was.
 * @param id the room's own id of the message
 * @param had the state that is known already
 * @returns how far it is; the same state when nothing has changed for ten seconds
 */
export async function follow(stage: Stage, id: string, had: string, signal: AbortSignal): Promise<Followed> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const now = await look(stage, id, signal);
    if (now.state !== had || Date.now() > until) return now;
    await delay(AGAIN_MS, undefined, { signal });
  }
}

async function look(stage: Stage, id: string, signal: AbortSignal): Promise<Followed> {
  const wanted = new URLSearchParams({ platform: PLATFORM, id: `${ROOM}/${id}` });
  const { items } = await ask<{ items: Item[] }>(stage, `/v1/items?${wanted}`, signal);
  const item = items[0];
  if (item === undefined) return { state: 'unseen' };
  const { verdict: told } = item;
  if (told === null) return { state: 'waiting' };
  const { verdict, reason } = told;
  const medium = told.media.find(({ ordinal }) => ordinal === told.medium);
  const match = medium?.matches[0];
  const said = { verdict, reason, ...(match && { match }), ...(medium && { scanMs: medium.ms['total'] ?? 0 }) };
  if (verdict !== 'match') return { state: 'left', ...said };
  const { actions } = await ask<{ actions: Action[] }>(stage, `/v1/actions?act=remove&item=${item.id}`, signal);
  const action = actions[0];
  return action === undefined ? { state: 'waiting' } : { state: stateOf(action), ...said, times: timesOf(action) };
}

function stateOf({ state, heldBy }: Action): Followed['state'] {
  if (state === 'confirmed') return 'removed';
  return state === 'ordered' || (state === 'proposed' && heldBy === null) ? 'removing' : 'stuck';
}

function timesOf({ seen, fetched, judged, ordered, ended }: Action): NonNullable<Followed['times']> {
  const since = (at: string | null) => (at === null || seen === null ? null : Date.parse(at) - Date.parse(seen));
  return { fetched: since(fetched), judged: since(judged), ordered: since(ordered), confirmed: since(ended) };
}

async function ask<T>(stage: Stage, path: string, signal: AbortSignal): Promise<T> {
  return (await (await askVigie(stage, path, signal)).json()) as T;
}

/** Asks with the key that reads only. @throws Error when the answer is no success */
export async function askVigie({ vigie, key }: Stage, path: string, signal: AbortSignal): Promise<Response> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
  const answer = await fetch(vigie.address + path, { headers: { authorization: `Bearer ${key}` }, signal: within });
  if (!answer.ok) throw new Error(`Vigie answered ${path} with ${answer.status}`);
  return answer;
}
