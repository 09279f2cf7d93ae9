import type { VigieError } from '../errors.js';

const SECOND = 1_000;
const BASE = 2 * SECOND;
const CAP = 5 * 60 * SECOND;
const LONGEST_RETRY_AFTER = 24 * 3_600 * SECOND;

/**
 * Until a connection that ended is made again: exponential back-off with full jitter ("Exponential Backoff And Jitter",
 * AWS Architecture Blog, 2015), never before what the platform asked for.
 * @param failures how often it could not be made, this time too
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function connectionWait(failures: number, error: VigieError, random: () => number): number {
  const wait = SECOND + random() * Math.min(CAP, BASE * 2 ** Math.min(failures - 1, 20));
  if (error.retryAfter === undefined) return wait;
  return Math.max(wait, Math.min(LONGEST_RETRY_AFTER, Math.max(0, error.retryAfter * SECOND)));
}
