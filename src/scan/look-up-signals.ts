import { setImmediate as nextTurn } from 'node:timers/promises';
import { VigieError } from '../errors.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { signalType } from '../signals/signal-types.js';
import { type Found, toMatch } from './find-matches.js';
import type { KnownLists } from './known-lists.js';

/** How long look-ups may hold the event loop before others get their turn. */
const TURN_MS = 5;

/**
 * Looks up signals that somebody else made.
 * @throws VigieError `signal-invalid` naming the place of the bad signal, never its value
 */
export async function lookUpSignals(
  lists: KnownLists,
  signals: readonly { readonly type: SignalTypeName; readonly value: string }[],
  options: {
    readonly threshold?: number;
    readonly limit: number;
    readonly showFingerprints: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<readonly Found[]> {
  const values = signals.map(({ type, value }, i) => {
    try {
      return signalType(type).parse(value);
    } catch {
      throw new VigieError('signal-invalid', { detail: `signals[${i}] is not a ${type}` });
    }
  });
  const results: Found[] = [];
  let turnStart = performance.now();
  for (const [i, { type }] of signals.entries()) {
    const value = values[i] as Uint8Array;
    const perceptual = type === 'pdq' || type === 'vpdq';
    const pdqThreshold = perceptual && options.threshold !== undefined ? { threshold: options.threshold } : {};
    const { hits, total, truncated } = lists.lookup(type, value, { limit: options.limit, ...pdqThreshold });
    const matches = [];
    for (const hit of hits) {
      const candidate = { hit, signal: type, query: value, view: undefined };
      matches.push(await toMatch(lists, candidate, options.showFingerprints));
    }
    results.push({ matches, total, truncated });
    if (performance.now() - turnStart > TURN_MS) {
      await nextTurn();
      options.signal?.throwIfAborted();
      turnStart = performance.now();
    }
  }
  return results;
}
