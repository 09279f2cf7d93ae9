import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineReader } from './line-reader.js';

test('takes every line once, wherever the text is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ a: fc.string() })), fc.array(fc.nat(500)), (values, cuts) => {
      const text = values.map((value) => `${JSON.stringify(value)}\n`).join('');
      const reader = new LineReader<{ a: string }>();
      const ends = [...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
      expect(ends.flatMap((end) => reader.take(text.slice(0, end)))).toEqual(values);
    }),
  );
});

test('keeps a line that is not complete', () => {
  const reader = new LineReader<number>();
  expect(reader.take('1\n2')).toEqual([1]);
  expect(reader.take('1\n23\n')).toEqual([23]);
});
