import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MergeCandidate, planMerge } from './merge-plan.js';

const of = (...entries: number[]): MergeCandidate[] => entries.map((n) => ({ entries: n, dead: 0 }));

describe('planMerge', () => {
  it('leaves few segments alone and merges many small ones without the large one', () => {
    expect(planMerge([])).toBeUndefined();
    expect(planMerge(of(1_000_000, 1, 1, 1))).toBeUndefined();
    expect(planMerge(of(1_000_000, 1, 1, 1, 1))).toEqual({ from: 1, to: 5 });
    expect(planMerge(of(1_000_000, 4000, 10, 10, 10, 10))).toEqual({ from: 2, to: 6 });
  });

  it('writes a segment anew when much of it is dead', () => {
    expect(planMerge([{ entries: 100, dead: 20 }])).toBeUndefined();
    expect(planMerge([...of(100), { entries: 100, dead: 40 }])).toEqual({ from: 1, to: 2 });
  });

  it('never makes a segment too large', () => {
    expect(planMerge(of(5, 5, 5, 5), { maxEntries: 15 })).toBeUndefined();
  });

  it('comes to rest with few segments, each entry rewritten few times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 400 }), (sizes) => {
        const segments: number[] = [];
        let rewritten = 0;
        for (const size of sizes) {
          segments.push(size);
          for (let plan = planMerge(of(...segments)); plan; plan = planMerge(of(...segments))) {
            const sum = segments.slice(plan.from, plan.to).reduce((a, b) => a + b, 0);
            rewritten += sum;
            segments.splice(plan.from, plan.to - plan.from, sum);
          }
        }
        const total = sizes.reduce((a, b) => a + b, 0);
        expect(segments.length).toBeLessThanOrEqual(3 * (1 + Math.log2(total + 1)));
        expect(rewritten).toBeLessThanOrEqual(total * (1 + Math.log2(sizes.length + 1)));
      }),
      { numRuns: 100, seed: 24 },
    );
  });
});
