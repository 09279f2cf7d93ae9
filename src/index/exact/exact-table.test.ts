import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomBytes, seeded } from '../testing/random.js';
import type { ValueList } from '../value-list.js';
import { ExactTable } from './exact-table.js';

type Shape = 'random' | 'equal' | 'same beginning' | 'few';

function makeKeys(shape: Shape, width: number, count: number, seed: number): Uint8Array[] {
  const random = seeded(seed);
  const few = Array.from({ length: 5 }, () => randomBytes(random, width));
  return Array.from({ length: count }, () => {
    if (shape === 'few') return few[Math.floor(random() * few.length)]!;
    const key = randomBytes(random, width);
    if (shape === 'equal') key.fill(9);
    if (shape === 'same beginning') key.fill(200, 0, width - 1);
    return key;
  });
}

const listOf = (keys: readonly Uint8Array[]): ValueList => ({
  count: keys.length,
  rows: Uint32Array.from(keys, (_, i) => i * 2),
  copyInto: (i, target, offset) => target.set(keys[i]!, offset),
});

describe('ExactTable', () => {
  it('finds the rows of every key, and none for others', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Shape>('random', 'equal', 'same beginning', 'few'),
        fc.constantFrom(16, 20, 32),
        fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 3, max: 3000 })),
        fc.integer(),
        (shape, width, count, seed) => {
          const keys = makeKeys(shape, width, count, seed);
          const base = 32;
          const buffer = new ArrayBuffer(base + ExactTable.bytesFor(width, count));
          new Uint8Array(buffer).fill(170);
          const built = ExactTable.build(width, listOf(keys), buffer, base);
          const table = ExactTable.attach(buffer, JSON.parse(JSON.stringify(built.layout)));
          const rowsOf = (key: Uint8Array): number[] => [...table.rows.subarray(table.first(key), table.end(key))];
          const name = (key: Uint8Array): string => key.join();
          const expected = new Map<string, number[]>();
          for (const [i, key] of keys.entries()) expected.set(name(key), [...(expected.get(name(key)) ?? []), i * 2]);
          for (const key of keys.slice(0, 200)) expect(rowsOf(key)).toEqual(expected.get(name(key)));
          expect(table.distinct()).toBe(expected.size);
          for (const key of [
            new Uint8Array(width),
            new Uint8Array(width).fill(255),
            ...makeKeys('random', width, 5, seed + 1),
          ]) {
            expect(rowsOf(key)).toEqual(expected.get(name(key)) ?? []);
          }
        },
      ),
      { numRuns: 60, seed: 21 },
    );
  });

  it('takes at most half as much again as the keys', () => {
    for (const width of [16, 20, 32]) {
      for (const count of [5000, 65_536, 1_000_000, 9_999_999]) {
        expect(ExactTable.bytesFor(width, count) / (width * count)).toBeLessThanOrEqual(1.5);
      }
    }
  });
});
