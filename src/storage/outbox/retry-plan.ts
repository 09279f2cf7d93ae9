import type { ErrorCode, VigieError } from '../../errors.js';

const SECOND = 1_000;
const HOUR = 3_600_000;

/** How often and when a delivery is tried. Times in milliseconds. */
export interface RetryPlan {
  readonly attempts: number;
  /** Attempts at most when the receiver says no for good: it may be a mistake of a few minutes. */
  readonly refusals: number;
  /** Upper bound of the first wait. */
  readonly base: number;
  readonly factor: number;
  /** Upper bound of every wait. */
  readonly cap: number;
  /** Longest Retry-After that is honoured. */
  readonly longestRetryAfter: number;
}

/** Waits of up to 10 s, 30 s, 90 s … 6 h, 12 h, 12 h, 12 h: half of that on average, some 22 h all together. */
export const RETRY_PLAN: RetryPlan = {
  attempts: 12,
  refusals: 3,
  base: 10 * SECOND,
  factor: 3,
  cap: 12 * HOUR,
  longestRetryAfter: 6 * HOUR,
};

/** Trying again does not help by itself. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'effect-refused',
  'effect-unknown',
  'url-invalid',
  'url-forbidden',
  'seal-damaged',
  'act-unsupported',
  'act-too-late',
  'act-refused',
]);

/**
 * When to try again, with exponential back-off and full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog,
 * 2015), never before what the receiver asked for.
 * @param attempt how many attempts were made
 * @param random from 0 to 1
 * @returns milliseconds to wait; undefined when it is not tried again
 */
export function nextWait(
  plan: RetryPlan,
  attempt: number,
  error: VigieError,
  random: () => number,
): number | undefined {
  const most = PERMANENT.has(error.code) ? Math.min(plan.refusals, plan.attempts) : plan.attempts;
  if (attempt >= most) return undefined;
  const bound = Math.min(plan.cap, plan.base * plan.factor ** (attempt - 1));
  const wait = random() * bound;
  if (error.retryAfter === undefined) return wait;
  const asked = Math.min(plan.longestRetryAfter, Math.max(0, error.retryAfter * SECOND));
  // Spread out behind the time that was asked for: a receiver that told everybody the same is not met by all at once.
  return Math.max(wait, asked + random() * Math.min(bound, asked * 0.1 + SECOND));
}
