import type { VigieError } from '../../errors.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const BASE = 30 * SECOND;
const CAP = 6 * HOUR;
const LONGEST_RETRY_AFTER = 24 * HOUR;
/** A tenth more or less, so that sources that were added together do not stay together. */
const SPREAD = 0.1;

/** Until the next sync of a source that has told all, milliseconds. @param random from 0 to 1 */
export function regularWait(everySeconds: number, random: () => number): number {
  return everySeconds * SECOND * (1 - SPREAD + 2 * SPREAD * random());
}

/**
 * Until a failed sync is tried again: exponential back-off with full jitter ("Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015), never before what the source asked for.
 * @param failures how many attempts have failed, this one too
 * @returns milliseconds
 */
export function failedWait(failures: number, error: VigieError, random: () => number): number {
  const wait = SECOND + random() * Math.min(CAP, BASE * 2 ** Math.min(failures - 1, 20));
  if (error.retryAfter === undefined) return wait;
  const asked = Math.min(LONGEST_RETRY_AFTER, Math.max(0, error.retryAfter * SECOND));
  return Math.max(wait, asked + random() * Math.min(BASE, asked * SPREAD + SECOND));
}
