import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cellWidths } from './cells.js';
import { percentFound } from './coverage.js';

const samples = fc
  .array(fc.record({ gap: fc.integer({ min: 0, max: 40 }), found: fc.boolean(), counts: fc.boolean() }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((all) => {
    let time = 0;
    const times = Float64Array.from(all, ({ gap }) => (time += gap / 10));
    return {
      times,
      weights: cellWidths(times),
      found: Uint8Array.from(all, ({ found }) => (found ? 1 : 0)),
      counts: Uint8Array.from(all, ({ counts }) => (counts ? 1 : 0)),
    };
  });

it('weighs by time what is found or within reach of something found, as comparing all with all does', () => {
  fc.assert(
    fc.property(samples, fc.constantFrom(0.1, 0.5, 1, 3), (what, spacing) => {
      const { times, weights, found, counts } = what;
      const reach = 0.65 * Math.min(1, spacing);
      const numbers = [...times.keys()].filter((i) => counts[i] === 1);
      const near = (i: number): boolean =>
        numbers.some((j) => found[j] === 1 && Math.abs(times[i]! - times[j]!) <= reach + 1e-12);
      const sum = (which: number[]): number => which.reduce((all, i) => all + weights[i]!, 0);
      const all = sum(numbers);
      const wanted = all === 0 ? 0 : (100 * sum(numbers.filter(near))) / all;
      expect(percentFound(what, spacing)).toBeCloseTo(wanted, 6);
    }),
    { seed: 1, numRuns: 500 },
  );
});

it('is not moved by how densely it is sampled', () => {
  const percent = (rate: number): number => {
    const times = Float64Array.from({ length: 60 * rate }, (_, i) => i / rate);
    // The first twenty seconds, by frames that stand a second apart.
    const found = Uint8Array.from(times, (time) => (time < 20 && Number.isInteger(time) ? 1 : 0));
    const counts = new Uint8Array(times.length).fill(1);
    return percentFound({ times, weights: cellWidths(times), found, counts }, 1);
  };
  for (const rate of [1, 5, 30]) expect(percent(rate)).toBeCloseTo(33.3, -0.5);
});
