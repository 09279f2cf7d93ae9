import { expect, test } from 'vitest';
import { bytes, counted, lines, milliseconds } from './in-words.js';

test('sizes', () => {
  expect([1, 999, 1_000, 9_949, 9_999, 999_499, 999_500, 12_345_678].map(bytes)).toEqual([
    '1 byte',
    '999 bytes',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '999 kB',
    '1.0 MB',
    '12 MB',
  ]);
});

test('counts', () => {
  expect(counted(1, 'entry', 'entries')).toBe('1 entry');
  expect(counted(12_000, 'entry', 'entries')).toBe('12,000 entries');
});

test('times', () => {
  expect([0, 0.04, 0.31, 9.96, 1_234.5].map(milliseconds)).toEqual([
    '0.0 ms',
    '<0.1 ms',
    '0.3 ms',
    '10 ms',
    '1,235 ms',
  ]);
});

test('line numbers, runs drawn together', () => {
  expect(lines([5, 812, 813, 814, 2_044], 10, 5)).toBe('5, 812–814, 2044');
  expect(lines([1, 3, 5, 7], 2, 4)).toBe('1, 3 …');
  expect(lines([1, 2], 5, 100)).toBe('1–2 …');
});
