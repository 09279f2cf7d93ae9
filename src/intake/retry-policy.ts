import type { ErrorCode } from '../errors.js';

const SECOND = 1_000;
/** Before the second, third, fourth and fifth try. */
const PAUSES = [5 * SECOND, 30 * SECOND, 120 * SECOND, 300 * SECOND] as const;
/** A pause is spread over this share of it, so that what failed together does not come back together. */
const SPREAD = 0.3;

/** How often an item is tried whose verdict could not be told for a reason that may pass. Others are tried once. */
const TRIES: Readonly<Record<string, number>> = {
  'fetch-failed': 5,
  'fetch-timeout': 4,
  'platform-busy': 5,
  'platform-unreachable': 5,
  'platform-malformed': 4,
  'decoder-busy': 5,
  'spool-full': 5,
  'hasher-failed': 4,
  'index-incomplete': 3,
  'blob-not-found': 3,
  'segment-closed': 5,
  internal: 4,
  // A machine that was busy for a moment looks like this too; a hostile file does it again.
  'decoder-timeout': 2,
  'decoder-memory': 2,
  'decoder-crashed': 2,
} satisfies { readonly [C in ErrorCode]?: number };

/** Not a word about the medium: this process cannot give verdicts now, so the work goes back and no try is counted. */
export const NO_VERDICT: ReadonlySet<string> = new Set<ErrorCode>([
  'index-not-loaded',
  'index-stale',
  'shutting-down',
  'memory-exhausted',
  'database-unavailable',
  'database-busy',
  'database-timeout',
  'stream-unavailable',
  'store-unavailable',
  'disk-full',
  'seal-key-wrong',
  'seal-key-missing',
]);

/**
 * When to try again what could not be told.
 * @param attempt 1 for the first try
 * @param random 0 to 1
 * @returns milliseconds, or undefined when it is to be set aside
 */
export function retryAfter(reason: string, attempt: number, random: number): number | undefined {
  if (attempt >= (TRIES[reason] ?? 1)) return undefined;
  const pause = PAUSES[Math.min(attempt, PAUSES.length) - 1] ?? PAUSES[0];
  return Math.round(pause * (1 - SPREAD / 2 + SPREAD * random));
}
