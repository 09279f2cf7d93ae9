import { setTimeout as sleep } from 'node:timers/promises';
import { VigieError } from '../errors.js';

/** What is tried again, and how soon. */
export interface Patience {
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** After so long it is given up; never when left out. */
  readonly giveUpMs?: number;
  /** Whether a trouble passes by itself. */
  readonly passes: (error: unknown) => boolean;
  /** Told before each further attempt. */
  readonly again?: (error: unknown) => void;
}

/**
 * Does something that may have to wait for somebody else to come back: with twice the pause after each attempt, or after
 * as long as the trouble says.
 * @throws what `act` throws and does not pass, or did not in time; the signal's reason
 */
export async function persist<T>(act: () => Promise<T>, signal: AbortSignal, patience: Patience): Promise<T> {
  const { firstPauseMs, longestPauseMs, giveUpMs = Number.POSITIVE_INFINITY, passes, again } = patience;
  const begun = performance.now();
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    signal.throwIfAborted();
    try {
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      if (!passes(error)) throw error;
      const { retryAfter } = VigieError.from(error);
      const wait = retryAfter === undefined ? pause : retryAfter * 1_000;
      if (performance.now() - begun + wait > giveUpMs) throw error;
      again?.(error);
      await sleep(wait, undefined, { signal });
    }
  }
}
