import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineVerdicts } from './combine-verdicts.js';
import { retryAfter } from './retry-policy.js';
import type { MediumDetail } from './verdict-detail.js';

const outcomes = [
  ['match', null],
  ['could-not-tell', 'fetch-failed'],
  ['no-match', 'nothing-known'],
  ['no-match', 'kind-not-covered'],
  ['no-match', 'low-quality'],
] as const;

const media = fc.array(fc.constantFrom(...outcomes), { minLength: 1, maxLength: 8 }).map((all) =>
  all.map(
    ([verdict, reason], ordinal): MediumDetail => ({
      ...{ ordinal, verdict, reason, kind: null, format: null, bytes: 0, matches: [], total: 0, ms: {} },
    }),
  ),
);

describe('combineVerdicts', () => {
  it('lets a match win over everything, and what could not be told over every no-match', () => {
    fc.assert(
      fc.property(media, (all) => {
        const { verdict, reason, medium } = combineVerdicts(all);
        const words = new Set(all.map((each) => each.verdict));
        expect(verdict).toBe(
          words.has('match') ? 'match' : words.has('could-not-tell') ? 'could-not-tell' : 'no-match',
        );
        expect(all[medium]).toMatchObject({ verdict, reason });
        const unknownOnly = all.every((each) => each.reason === 'nothing-known');
        expect(reason === 'nothing-known').toBe(unknownOnly);
      }),
    );
  });
});

describe('retryAfter', () => {
  it('waits longer each time, within a bound, and ends', () => {
    const pauses = [1, 2, 3, 4, 5].map((attempt) => retryAfter('fetch-failed', attempt, 0.5));
    expect(pauses).toEqual([5_000, 30_000, 120_000, 300_000, undefined]);
    expect(retryAfter('media-damaged', 1, 0.5)).toBeUndefined();
    expect(retryAfter('fetch-failed', 60, 0.5)).toBeUndefined();
  });

  it('spreads what failed together', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
        const pause = retryAfter('fetch-failed', 2, random) ?? 0;
        expect(Math.abs(pause - 30_000)).toBeLessThanOrEqual(4_500);
      }),
    );
  });
});
