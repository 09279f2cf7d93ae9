import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lengths, partOf, timesIn } from './stretches.js';

const times = fc.tuple(fc.double({ min: 0, max: 1e5, noNaN: true }), fc.double({ min: 0, max: 1e5, noNaN: true }));
const spans = times.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

test('every part lies on its line and can be seen', () => {
  fc.assert(
    fc.property(spans, fc.double({ min: 0.1, max: 1e5, noNaN: true }), (span, length) => {
      const { start, width } = partOf(span, length);
      expect(start).toBeGreaterThanOrEqual(0);
      expect(width).toBeGreaterThan(0);
      expect(start + width).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
  expect(partOf([3, 6], 12)).toEqual({ start: 0.25, width: 0.25 });
});

test('a line is never shorter than what was found on it', () => {
  const overlap = { queryPercent: 1, knownPercent: 1, framesMatched: 3, longestRunSeconds: 2, commonFrames: 0 };
  const ranges = [{ query: [4, 6], known: [3, 5] }] as const;
  expect(lengths({ ...overlap, ranges, knownSeconds: 9 }, 12)).toEqual({ query: 12, known: 9 });
  expect(lengths({ ...overlap, ranges }, null)).toEqual({ query: 6, known: 5 });
  expect(lengths({ ...overlap, ranges: [{ query: [0, 0], known: [0, 0] }] }, null).query).toBeGreaterThan(0);
});

test('times lie in their stretch, in order', () => {
  fc.assert(
    fc.property(spans, fc.integer({ min: 1, max: 8 }), ([from, to], count) => {
      const all = timesIn([from, to], count);
      expect(all.length).toBeLessThanOrEqual(count);
      expect(all).toEqual([...all].sort((a, b) => a - b));
      for (const time of all) expect(time >= from && time <= to).toBe(true);
    }),
  );
  expect(timesIn([5, 5], 4)).toEqual([5]);
});
