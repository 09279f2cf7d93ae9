import { describe, expect, it } from 'vitest';
import { planCompaction } from './compact.js';

describe('what is merged', () => {
  it.each([
    ['too few segments', [10, 10, 10], undefined],
    ['small ones, all of them', [50, 2, 2, 2], { from: 0, to: 4 }],
    ['the small ones behind a large one', [5_000_000, 10, 10, 10], { from: 1, to: 4 }],
    ['a large one that is not much larger than what came', [300_000, 60_000, 20_000, 10_000], { from: 0, to: 4 }],
    ['nothing that would not fit into one segment', [7_000_000, 6_000_000, 5_000_000, 4_000_000], undefined],
    ['nothing when only the last is small', [8_000_000, 8_000_000, 8_000_000, 10], undefined],
  ])('%s', (_, sizes, plan) => {
    expect(planCompaction(sizes)).toEqual(plan);
  });
});
