import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PhotoDnaMetric } from '../../signals/photodna/photodna.js';
import { Hits } from '../hits.js';
import { randomBytes, seeded } from '../testing/random.js';
import { PHOTODNA_BYTES } from './photodna-sketch.js';
import { MAX_DISTANCE, PhotoDnaTable } from './photodna-table.js';

type Shape = 'random' | 'clustered' | 'smooth' | 'equal' | 'extreme';

function makeValues(shape: Shape, count: number, seed: number): Uint8Array {
  const random = seeded(seed);
  const values = new Uint8Array(count * PHOTODNA_BYTES);
  if (shape === 'random') return randomBytes(random, values.length);
  if (shape === 'equal') return values.fill(77);
  if (shape === 'extreme') return values.map(() => (random() < 0.5 ? 0 : 255));
  const centres = Array.from({ length: 12 }, () => {
    let level = random() * 255;
    return Array.from({ length: PHOTODNA_BYTES }, () => {
      level += shape === 'smooth' ? (random() - 0.5) * 30 : (random() - 0.5) * 400;
      level = Math.abs(level) % 255;
      return level;
    });
  });
  for (let i = 0; i < count; i++) {
    const centre = centres[Math.floor(random() * centres.length)]!;
    const noise = random() * 24;
    for (let d = 0; d < PHOTODNA_BYTES; d++) {
      values[i * PHOTODNA_BYTES + d] = Math.max(0, Math.min(255, centre[d]! + (random() - 0.5) * noise));
    }
  }
  return values;
}

const column = (values: Uint8Array) => ({
  count: values.length / PHOTODNA_BYTES,
  copyInto: (i: number, target: Uint8Array, offset: number) =>
    target.set(values.subarray(i * PHOTODNA_BYTES, (i + 1) * PHOTODNA_BYTES), offset),
});

function bruteForce(values: Uint8Array, query: Uint8Array, metric: PhotoDnaMetric): number[] {
  return Array.from({ length: values.length / PHOTODNA_BYTES }, (_, i) => {
    let sum = 0;
    for (let d = 0; d < PHOTODNA_BYTES; d++) {
      const delta = Math.abs(values[i * PHOTODNA_BYTES + d]! - query[d]!);
      sum += metric === 'manhattan' ? delta : delta * delta;
    }
    return sum;
  });
}

function tableOf(values: Uint8Array, base = 0): { table: PhotoDnaTable; memory: WebAssembly.Memory } {
  const count = values.length / PHOTODNA_BYTES;
  const pages = Math.ceil((base + PhotoDnaTable.bytesFor(count)) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const owners = Uint32Array.from({ length: count }, (_, i) => i);
  return { table: PhotoDnaTable.build(column(values), owners, memory, base), memory };
}

function search(table: PhotoDnaTable, query: Uint8Array, metric: PhotoDnaMetric, threshold: number, prune = true) {
  const hits = new Hits();
  const count = table.search(query, metric, threshold, hits, prune);
  expect(count).toBe(hits.count);
  return Array.from(hits.indexes.subarray(0, count), (index, i) => [table.owners[index]!, hits.distances[i]!] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([owner, distance]) => `${owner}:${distance}`);
}

const expected = (distances: number[], threshold: number): string[] =>
  distances.flatMap((d, i) => (d <= threshold ? [`${i}:${d}`] : []));

describe('PhotoDnaTable', () => {
  it('finds exactly what comparing everything finds', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Shape>('random', 'clustered', 'smooth', 'equal', 'extreme'),
        fc.oneof(fc.constantFrom(0, 1, 2, 31, 1023, 1024, 1025, 1057), fc.integer({ min: 1024, max: 5000 })),
        fc.constantFrom<PhotoDnaMetric>('squared-euclidean', 'manhattan'),
        fc.integer(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (shape, count, metric, seed, where) => {
          const values = makeValues(shape, count, seed);
          const { table } = tableOf(values, 64);
          const random = seeded(seed + 1);
          const query =
            random() < 0.3 || count === 0
              ? makeValues(shape, 1, seed + 2)
              : values
                  .slice(0, PHOTODNA_BYTES)
                  .map((_, d) =>
                    Math.max(0, Math.min(255, values[(count - 1) * PHOTODNA_BYTES + d]! + (random() - 0.5) * 10)),
                  );
          const distances = bruteForce(values, query, metric);
          // A threshold that is one of the distances tests the edge itself.
          const sorted = [...distances].sort((a, b) => a - b);
          const threshold = sorted[Math.floor(where * where * Math.max(0, count - 1))] ?? 1000;
          expect(search(table, query, metric, threshold)).toEqual(expected(distances, threshold));
          if (threshold > 0) {
            expect(search(table, query, metric, threshold - 1)).toEqual(expected(distances, threshold - 1));
          }
          expect(search(table, query, metric, threshold, false)).toEqual(expected(distances, threshold));
        },
      ),
      { numRuns: 60, seed: 20 },
    );
  });

  it('counts every one of many equal values, and everything at the largest distance', () => {
    const { table } = tableOf(makeValues('equal', 20_000, 1));
    const query = new Uint8Array(PHOTODNA_BYTES).fill(78);
    const hits = new Hits();
    expect(table.search(query, 'squared-euclidean', 143, hits)).toBe(0);
    expect(table.search(query, 'squared-euclidean', 144, hits)).toBe(20_000);
    const everything = new Hits();
    expect(table.search(query, 'manhattan', MAX_DISTANCE.manhattan * 10, everything)).toBe(20_000);
  });

  it('drops nearly everything before the full comparison when values are clustered', () => {
    const values = makeValues('smooth', 20_000, 3);
    const { table } = tableOf(values);
    const hits = new Hits();
    const found = table.search(values.subarray(0, PHOTODNA_BYTES), 'squared-euclidean', 200, hits);
    expect(table.compared).toBeLessThan(20_000 / 10);
    expect(table.compared).toBeGreaterThanOrEqual(found);
  });

  it('opens an image that was moved to another memory', () => {
    const values = makeValues('smooth', 3000, 4);
    const { table, memory } = tableOf(values, 128);
    const { start, end } = PhotoDnaTable.imageRange(table.layout);
    const other = new WebAssembly.Memory({ initial: 40, maximum: 40, shared: true });
    new Uint8Array(other.buffer).fill(255);
    new Uint8Array(other.buffer).set(new Uint8Array(memory.buffer, start, end - start), start);
    const moved = PhotoDnaTable.attach(other, JSON.parse(JSON.stringify(table.layout)), true);
    const query = values.subarray(0, PHOTODNA_BYTES);
    expect(search(moved, query, 'squared-euclidean', 3000)).toEqual(search(table, query, 'squared-euclidean', 3000));
  });

  it('gives each reader a corner of its own and says when there is none left', () => {
    const { table, memory } = tableOf(makeValues('random', 40, 5));
    const readers = Array.from({ length: 15 }, () => PhotoDnaTable.attach(memory, table.layout, false));
    expect(() => PhotoDnaTable.attach(memory, table.layout, false)).toThrowError(
      expect.objectContaining({ code: 'memory-exhausted' }),
    );
    readers[3]!.detach();
    expect(PhotoDnaTable.attach(memory, table.layout, false).count).toBe(40);
  });
});
