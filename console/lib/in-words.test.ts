import { expect, test } from 'vitest';
import { age, bytes, clock, counted, duration, lines, milliseconds, percent, took } from './in-words.js';

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

test('times in videos, and their lengths', () => {
  expect([0, 4.04, 4.46, 59.96, 61, 3_599.9, 3_723.4].map(clock)).toEqual([
    '0:00',
    '0:04',
    '0:04.5',
    '1:00',
    '1:01',
    '59:59.9',
    '1:02:03',
  ]);
  expect([1, 2.54, 59.6, 200, 3_599.6, 7_265].map(duration)).toEqual([
    '1 second',
    '2.5 seconds',
    '1 min 0 s',
    '3 min 20 s',
    '1 h 0 min',
    '2 h 1 min',
  ]);
  expect([0, 0.2, 27.4, 99.7, 100].map(percent)).toEqual(['0 %', 'less than 1 %', '27 %', '99 %', '100 %']);
});

test('how long something took, and how long ago it was', () => {
  expect([0.000_4, 0.42, 1, 61].map(took)).toEqual(['0.4 ms', '420 ms', '1 second', '1 min 1 s']);
  const now = Date.parse('2026-03-10T12:00:00Z');
  const ago = ['11:59:30', '11:59:00', '10:30:00', '00:00:00'].map((time) => age(`2026-03-10T${time}Z`, now));
  expect(ago).toEqual(['less than a minute', '1 minute', '1 hour', '12 hours']);
  expect([age('2026-03-08T11:00:00Z', now), age('2026-03-08T13:00:00Z', now)]).toEqual(['2 days', '47 hours']);
});

test('line numbers, runs drawn together', () => {
  expect(lines([5, 812, 813, 814, 2_044], 10, 5)).toBe('5, 812–814, 2044');
  expect(lines([1, 3, 5, 7], 2, 4)).toBe('1, 3 …');
  expect(lines([1, 2], 5, 100)).toBe('1–2 …');
});
