import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomBytes, seeded } from '../testing/random.js';
import { PdqHits } from './pdq-hits.js';
import { PdqTable } from './pdq-table.js';

type Shape = 'random' | 'clustered' | 'skewed';

function memoryOf(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536), maximum: 65536, shared: true });
}

function tableOf(hashes: Uint8Array, keyBits?: number): PdqTable {
  const count = hashes.length / 32;
  // The most that key bits can add: sixteen times 65,536 starts.
  const memory = memoryOf(PdqTable.bytesFor(count, true) + (keyBits === undefined ? 0 : 4_194_304));
  return PdqTable.build(hashes, memory, 0, true, keyBits);
}

function flip(value: Uint8Array, bits: number, random: () => number): Uint8Array {
  const other = value.slice();
  const places = new Set<number>();
  while (places.size < bits) places.add(Math.floor(random() * 256));
  for (const bit of places) other[bit >> 3]! ^= 1 << (bit & 7);
  return other;
}

/** All different: independent ones, ones near a few centres, or ones of which most chunks are drawn from a few values. */
function distinct(count: number, shape: Shape, random: () => number): Uint8Array {
  const seen = new Set<string>();
  const all = new Uint8Array(count * 32);
  const centres = Array.from({ length: 4 }, () => randomBytes(random, 32));
  while (seen.size < count) {
    let hash = randomBytes(random, 32);
    if (shape === 'clustered' && random() < 0.7) {
      hash = flip(centres[Math.floor(random() * 4)]!, Math.floor(random() * 60), random);
    }
    if (shape === 'skewed') {
      for (let at = 0; at < 32; at++) if (random() < 0.8) hash[at] = centres[at & 3]![at >> 2]!;
    }
    const key = hash.join();
    if (seen.has(key)) continue;
    all.set(hash, seen.size * 32);
    seen.add(key);
  }
  return all;
}

const numbersOf = (hits: PdqHits): string[] =>
  Array.from({ length: hits.count }, (_, i) => `${hits.indexes[i]} at ${hits.distances[i]}`).sort();

function expectSameAsScan(table: PdqTable, query: Uint8Array, threshold: number): void {
  const [found, expected] = [new PdqHits(), new PdqHits()];
  table.search(query, threshold, found);
  table.scanSearch(query, threshold, expected);
  expect(numbersOf(found)).toEqual(numbersOf(expected));
}

describe('PdqTable', () => {
  it('finds what a scan finds, with any number of key bits and at any threshold', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom<Shape>('random', 'clustered', 'skewed'),
        fc.constantFrom(0, 1, 2, 33, 700, 3000),
        fc.option(fc.integer({ min: 8, max: 16 }), { nil: undefined }),
        (seed, shape, count, keyBits) => {
          const random = seeded(seed);
          const table = tableOf(distinct(count, shape, random), keyBits);
          for (let i = 0; i < 40; i++) {
            const listed = count > 0 ? table.hash(Math.floor(random() * count)).slice() : randomBytes(random, 32);
            const query = i % 4 === 0 ? randomBytes(random, 32) : flip(listed, Math.floor(random() * 48), random);
            expectSameAsScan(table, query, i % 2 === 0 ? 31 : Math.floor(random() * 66));
          }
        },
      ),
      { numRuns: 60, seed: 17 },
    );
  });

  it('finds a hash however its differing bits are spread over the chunks', () => {
    const random = seeded(3);
    const query = randomBytes(random, 32);
    const hashes = distinct(4000, 'random', random);
    // Shares of 31 bits in every order of few and many a chunk: even ones are the hardest for the conditions.
    for (let i = 0; i < 3000; i++) {
      const hash = query.slice();
      for (let left = 31; left > 0; left--) {
        const chunk = i % 3 === 0 ? left % 16 : Math.floor(random() * (1 + (i % 16)));
        const bit = Math.floor(random() * 16);
        hash[chunk * 2 + (bit >> 3)]! ^= 1 << (bit & 7);
      }
      hashes.set(hash, i * 32);
    }
    for (const keyBits of [8, 12, 16]) expectSameAsScan(tableOf(hashes, keyBits), query, 31);
  });

  it('goes on when there are more hits than it has room for, without comparing everything', () => {
    const random = seeded(4);
    const query = randomBytes(random, 32);
    const count = 150_000;
    const hashes = randomBytes(random, count * 32);
    for (let i = 0; i < 2300; i++) hashes.set(flip(query, 31, random), (i * 65 + 5) * 32);
    const table = tableOf(hashes);
    expectSameAsScan(table, query, 31);
    const hits = new PdqHits();
    expect(table.search(query, 31, hits)).toBe(2300);
    expect(table.lastWork.compared).toBeGreaterThan(2300);
    expect(table.lastWork.compared).toBeLessThan(count / 8);
  });

  it('is refused when its layout is of another version, or says what cannot be', () => {
    const hashes = randomBytes(seeded(5), 32 * 100);
    const memory = memoryOf(PdqTable.bytesFor(100, true));
    const { layout } = PdqTable.build(hashes, memory, 0, true);
    expect(PdqTable.attach(memory, layout).hash(7)).toEqual(hashes.subarray(7 * 32, 8 * 32));
    for (const wrong of [{ version: 1 }, { count: 1e9 }, { count: -1 }, { keyBits: 7 }, { keyBits: 17 }, { base: 8 }]) {
      expect(() => PdqTable.attach(memory, { ...layout, ...wrong })).toThrowError(
        expect.objectContaining({ code: 'segment-foreign' }),
      );
    }
  });
});
