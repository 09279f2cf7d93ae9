import { setImmediate as nextTurn } from 'node:timers/promises';
import { VigieError } from '../errors.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { signalType } from '../signals/signal-types.js';
import { type Found, tell } from './find-matches.js';
import type { KnownLists } from './known-lists.js';
import { Finds } from './rules/finds.js';
import { RuledLookup } from './rules/ruled-lookup.js';

/** How long look-ups may hold the event loop before others get their turn. */
const TURN_MS = 5;

/**
 * Looks up signals that somebody else made. Each stands by itself: known good that one finds speaks for that one alone.
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
    /** Apply every list, also those that are applied to a share of all media only. */
    readonly unsampled?: boolean;
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
    const { threshold, limit, unsampled } = options;
    // Where a list is applied to a share of all media, the signal stands for its medium.
    const lookup = new RuledLookup(lists, { threshold, limit, medium: value, unsampled });
    const finds = new Finds();
    finds.add(await lookup.near(type, value), { signal: type, query: value, view: undefined });
    results.push(await tell(lists, finds, options));
    if (performance.now() - turnStart > TURN_MS) {
      await nextTurn();
      options.signal?.throwIfAborted();
      turnStart = performance.now();
    }
  }
  return results;
}
