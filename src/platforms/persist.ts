import { setTimeout as sleep } from 'node:timers/promises';
import { VigieError } from '../errors.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** After so long without a good answer the connection is given up, to be opened anew. */
const GIVE_UP_MS = 10 * 60_000;

/** Troubles that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(['platform-busy', 'platform-unreachable', 'platform-malformed']);

/**
 * Does something that may have to wait for a platform to come back.
 * @param again told before each further attempt
 * @throws what `act` throws and does not pass by itself, or did not for ten minutes; the signal's reason
 */
export async function persist<T>(
  act: () => Promise<T>,
  signal: AbortSignal,
  again: (error: VigieError) => void = () => undefined,
): Promise<T> {
  const begun = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await act();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof VigieError) || !PASSING.has(error.code)) throw error;
      const wait = error.retryAfter === undefined ? pause : error.retryAfter * 1_000;
      if (performance.now() - begun + wait > GIVE_UP_MS) throw error;
      again(error);
      await sleep(wait, undefined, { signal });
    }
  }
}
