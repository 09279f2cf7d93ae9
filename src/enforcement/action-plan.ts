import { TAKING_ACTS } from '../storage/enforcement/action-store.js';
import type { RetryPlan } from '../storage/outbox/retry-plan.js';
import { ACTS, type Act } from './acts.js';

const HOUR = 3_600_000;

/**
 * Waits of up to 1 s, 3 s, 9 s … 36 min, 2 h, then 5 h four times: half of that on average, some 13 h all together. A
 * platform that says no for good is asked once: a person has to see to it.
 */
export const ACTION_PLAN: RetryPlan = {
  attempts: 14,
  refusals: 1,
  base: 1_000,
  factor: 3,
  cap: 5 * HOUR,
  longestRetryAfter: 6 * HOUR,
};

/** What does away with an item: needless when it is gone, and after its bytes were sealed. */
export const TAKES_DOWN: ReadonlySet<string> = new Set<Act>(['remove', 'hide']);

/** What says something to somebody: again for each verdict. */
export const TELLS: ReadonlySet<string> = new Set<Act>(['notify-author', 'notify-room']);

/** What takes something away, and so is counted and braked. */
export const TAKES: ReadonlySet<string> = new Set<Act>(TAKING_ACTS);

export function isAct(name: string): name is Act {
  return (ACTS as readonly string[]).includes(name);
}
