import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VigieError } from '../../errors.js';
import { nextWait, RETRY_PLAN } from './retry-plan.js';

const HOUR = 3_600_000;
const unit = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

it('tries twelve times over about a day', () => {
  const waits = Array.from({ length: 11 }, (_, i) =>
    nextWait(RETRY_PLAN, i + 1, new VigieError('effect-failed'), () => 0.5),
  );
  const total = waits.reduce<number>((sum, wait) => sum + (wait ?? Number.NaN), 0);
  expect(total / HOUR).toBeGreaterThan(20);
  expect(total / HOUR).toBeLessThan(28);
  expect(nextWait(RETRY_PLAN, 12, new VigieError('effect-failed'), () => 0.5)).toBeUndefined();
});

it('gives up soon on a receiver that says no for good', () => {
  const refused = new VigieError('effect-refused');
  expect(nextWait(RETRY_PLAN, 2, refused, () => 0.5)).toBeGreaterThan(0);
  expect(nextWait(RETRY_PLAN, 3, refused, () => 0.5)).toBeUndefined();
});

it('never comes back before Retry-After, nor waits for ever because of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 11 }),
      fc.double({ min: -1, max: 1e12, noNaN: true }),
      unit,
      (attempt, retryAfter, random) => {
        const wait = nextWait(RETRY_PLAN, attempt, new VigieError('effect-failed', { retryAfter }), () => random) ?? -1;
        expect(wait).toBeGreaterThanOrEqual(Math.min(Math.max(0, retryAfter * 1_000), 6 * HOUR));
        expect(wait).toBeLessThanOrEqual(12 * HOUR);
      },
    ),
  );
});

it('spreads over all of the wait, from nothing to its bound', () => {
  const error = new VigieError('effect-failed');
  expect(nextWait(RETRY_PLAN, 1, error, () => 0)).toBe(0);
  expect(nextWait(RETRY_PLAN, 3, error, () => 0.999)).toBeCloseTo(90_000 * 0.999, 0);
});
