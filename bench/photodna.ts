import { Hits } from '../src/index/hits.js';
import { PHOTODNA_BYTES, type ValueColumn } from '../src/index/photodna/photodna-sketch.js';
import { PhotoDnaTable } from '../src/index/photodna/photodna-table.js';
import type { PhotoDnaMetric } from '../src/signals/photodna/photodna.js';
import { type Bench, type BenchRow, interleave } from './harness.js';

/** What values look like: independent bytes, or smooth and clustered as gradients of real pictures are. */
const SHAPES = ['random', 'real-shaped'] as const;
type Shape = (typeof SHAPES)[number];

/** Thresholds that an operator might set: near copies. The field publishes none; see docs/photodna.md. */
const THRESHOLDS: Readonly<Record<PhotoDnaMetric, number>> = { 'squared-euclidean': 20_000, manhattan: 1200 };
const QUERIES = 16;

/**
 * Searches among PhotoDNA values with and without pruning, side by side. Half of the queries are altered copies of
 * values that are there, half are new. Both ways must find the same.
 */
export const photodnaBench: Bench = async ({ entries = 1_000_000, rounds = 9, progress }) => {
  const rows: BenchRow[] = [];
  // One memory and one set of arrays for all shapes: at 10 M each takes 1.5 GB.
  const pages = Math.ceil(PhotoDnaTable.bytesFor(entries) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const owners = Uint32Array.from({ length: entries }, (_, i) => i);
  const values = new Values(entries);
  for (const shape of SHAPES) {
    progress?.(`PhotoDNA, ${shape}: making and indexing ${entries} values`);
    values.fill(shape);
    const start = performance.now();
    const table = PhotoDnaTable.build(values, owners, memory);
    const seconds = (performance.now() - start) / 1000;
    rows.push({ what: `build, ${shape}`, value: seconds, unit: 's' });
    rows.push({ what: `memory, ${shape}`, value: PhotoDnaTable.bytesFor(entries) / entries, unit: 'bytes a value' });
    for (const metric of Object.keys(THRESHOLDS) as PhotoDnaMetric[]) {
      progress?.(`PhotoDNA, ${shape}: ${metric}`);
      rows.push(...(await measure(table, makeQueries(shape, values), shape, metric, rounds)));
    }
  }
  return rows;
};

async function measure(
  table: PhotoDnaTable,
  queries: readonly Uint8Array[],
  shape: Shape,
  metric: PhotoDnaMetric,
  rounds: number,
): Promise<BenchRow[]> {
  const threshold = THRESHOLDS[metric];
  const hits = new Hits();
  let compared = 0;
  const answer = (query: Uint8Array, prune: boolean): number => {
    hits.count = 0;
    return table.search(query, metric, threshold, hits, prune);
  };
  const found = queries.map((query) => {
    const count = answer(query, true);
    compared += table.compared;
    if (answer(query, false) !== count) throw new Error('Pruning lost or invented a hit.');
    return count;
  });
  const all = (prune: boolean) => (): number => {
    for (const query of queries) answer(query, prune);
    return queries.length;
  };
  const { full, pruned } = await interleave(rounds, { full: all(false), pruned: all(true) });
  const mean = (sum: number): number => sum / queries.length;
  const label = `${shape}, ${metric} ≤ ${threshold}`;
  return [
    { what: `full scan, ${label}`, value: full, unit: 'ms a query' },
    { what: `pruned, ${label}`, value: pruned, unit: 'ms a query', ratio: full / pruned, against: 'full scan' },
    { what: `compared in full, ${label}`, value: (100 * mean(compared)) / table.count, unit: '% of values' },
    { what: `found, ${label}`, value: mean(found.reduce((a, b) => a + b, 0)), unit: 'values a query' },
  ];
}

/** A fast generator of 32-bit numbers (xorshift32), the same on every run. */
function numbers(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** Made-up values in pieces of 65,536. */
class Values implements ValueColumn {
  readonly count: number;
  readonly #pieces: Uint8Array[] = [];

  constructor(count: number) {
    this.count = count;
    for (let from = 0; from < count; from += 65_536) {
      this.#pieces.push(new Uint8Array(Math.min(65_536, count - from) * PHOTODNA_BYTES));
    }
  }

  fill(shape: Shape): void {
    const next = numbers(11);
    for (const bytes of this.#pieces) {
      if (shape === 'random') {
        const words = new Uint32Array(bytes.buffer);
        for (let i = 0; i < words.length; i++) words[i] = next();
      } else {
        for (let at = 0; at < bytes.length; at += PHOTODNA_BYTES) realShaped(next, bytes, at);
      }
    }
  }

  copyInto(index: number, target: Uint8Array, offset: number): void {
    const bytes = this.#pieces[index >>> 16]!;
    const at = (index & 65_535) * PHOTODNA_BYTES;
    for (let i = 0; i < PHOTODNA_BYTES; i++) target[offset + i] = bytes[at + i]!;
  }
}

/**
 * A made-up picture's gradients on a grid of 6 × 6 cells, four numbers a cell: each number is a mixture of a few blobs of
 * texture (so that neighbouring cells are alike) and some noise. One value in four is a slightly altered copy of the one
 * before it, as lists hold many versions of one picture.
 */
function realShaped(next: () => number, bytes: Uint8Array, at: number): void {
  if (at > 0 && next() % 4 === 0) {
    for (let d = 0; d < PHOTODNA_BYTES; d++) {
      bytes[at + d] = Math.max(0, Math.min(255, bytes[at + d - PHOTODNA_BYTES]! + (next() % 13) - 6));
    }
    return;
  }
  const base = next() % 40;
  const blobs = Array.from({ length: 3 }, () => ({
    x: (next() % 60) / 10,
    y: (next() % 60) / 10,
    width: 1 + (next() % 40) / 10,
    strength: [next() % 160, next() % 160, next() % 160, next() % 160],
  }));
  for (let cell = 0; cell < 36; cell++) {
    const x = cell % 6;
    const y = (cell - x) / 6;
    for (let k = 0; k < 4; k++) {
      let level = base + (next() % 21);
      for (const blob of blobs) {
        const far = ((x - blob.x) ** 2 + (y - blob.y) ** 2) / blob.width ** 2;
        level += blob.strength[k]! / (1 + far * far);
      }
      bytes[at + cell * 4 + k] = Math.min(255, level);
    }
  }
}

function makeQueries(shape: Shape, column: ValueColumn): Uint8Array[] {
  const next = numbers(77);
  return Array.from({ length: QUERIES }, (_, i) => {
    const query = new Uint8Array(PHOTODNA_BYTES);
    if (i % 2 === 0 && column.count > 0) {
      column.copyInto(next() % column.count, query, 0);
      for (let d = 0; d < PHOTODNA_BYTES; d++) query[d] = Math.max(0, Math.min(255, query[d]! + (next() % 17) - 8));
    } else if (shape === 'random') {
      for (let d = 0; d < PHOTODNA_BYTES; d++) query[d] = next();
    } else {
      realShaped(next, query, 0);
    }
    return query;
  });
}
