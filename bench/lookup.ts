import { MatchIndex } from '../src/index/match-index.js';
import { MemoryPool } from '../src/index/pdq/memory-pool.js';
import { PdqHits } from '../src/index/pdq/pdq-hits.js';
import { PdqTable } from '../src/index/pdq/pdq-table.js';
import type { Segment } from '../src/index/segment.js';
import { Faiss } from './faiss.js';
import { type Bench, type BenchRow, interleave, median } from './harness.js';
import { HASH_SHAPES, type HashShape, makeHashes, numbers } from './hashes.js';
import { buildSegment, buildSegments, HEAD, PdqMaker, TIERS, TOMBSTONES } from './segments.js';

const SIZES = [1_000_000, 10_000_000];
const THRESHOLD = 31;
const WIDE = 45;
const QUERIES = 512;
/** So often they are looked up in a round: a service under load does not come to each from something else. */
const PASSES = 4;
/** So many are answered in a round by what takes milliseconds for each. */
const SCANNED = 8;
const FAISS_MULTI = 64;
/** Of the queries so many are checked at the wide threshold too. */
const WIDE_CHECKED = 64;
/** Filling FAISS's multi-index takes minutes beyond this, and gigabytes. */
const FAISS_UP_TO = 2_000_000;
const LIMIT = 1_000_000;

/**
 * Look-ups of PDQ hashes through the index as the service uses it, in one thread, with a live head, tiers and tombstones,
 * against comparing every hash with the same SIMD instructions, and against FAISS where it is installed. Half of the
 * queries are near copies of entries (0 to 31 bits), half are unknown. Every answer is checked against the full scan.
 */
export const lookupBench: Bench = async ({ entries, rounds = 9, progress }) => {
  const rows: BenchRow[] = [];
  const pool = new MemoryPool();
  for (const size of entries === undefined ? SIZES : [entries]) {
    for (const shape of HASH_SHAPES) {
      progress?.(`${shape}: making and indexing ${size.toLocaleString('en')} hashes`);
      rows.push(...(await measure(pool, shape, size, rounds, progress)));
    }
  }
  return rows;
};

async function measure(
  pool: MemoryPool,
  shape: HashShape,
  size: number,
  rounds: number,
  progress: ((text: string) => void) | undefined,
): Promise<BenchRow[]> {
  const hashes = makeHashes(shape, size, 1);
  const changes = makeHashes(shape, sum(TIERS) + sum(HEAD), 2);
  const queries = makeQueries(shape, hashes);
  const index = new MatchIndex({ pool });
  const maker = new PdqMaker(changes);
  const base = await buildSegment(pool, 'base', new PdqMaker(hashes), size);
  const others = [
    ...(await buildSegments(pool, 'tier', maker, TIERS)),
    ...(await buildSegments(pool, 'head', maker, HEAD)),
  ];
  const segments = [base, ...others];
  index.apply({ add: segments });
  const step = Math.max(2, Math.floor(size / TOMBSTONES));
  for (let row = 0; row < size; row += step) index.setLive('base', row, false);
  const [memory, changedMemory] = [flatMemory(hashes, pool), flatMemory(changes, pool)];
  const scan = PdqTable.build(hashes, memory, 0, false);
  const changed = PdqTable.build(changes, changedMemory, 0, false);
  progress?.(`${shape}: checking the answers`);
  const at31 = check(index, scan, changed, queries, step, THRESHOLD, QUERIES);
  check(index, scan, changed, queries, step, WIDE, WIDE_CHECKED);
  const faiss =
    size <= FAISS_UP_TO && Faiss.installed() ? await Faiss.start(hashes, join32(queries), THRESHOLD) : undefined;
  try {
    if (faiss === undefined)
      progress?.('FAISS is left out: not installed (apt-get install python3-faiss), or too large');
    else await checkFaiss(faiss, scan, queries);
    progress?.(`${shape}: measuring`);
    const result = await contend(index, [scan, changed], queries, rounds, faiss);
    const what = (text: string): string => `${text}, ${size.toLocaleString('en')} ${shape}`;
    const us = (ms: number): number => ms * 1_000;
    const fullScan = 'full scan by the same SIMD instructions';
    const found: BenchRow[] = [
      {
        what: what('look-up ≤ 31'),
        value: us(result.lookup),
        unit: 'µs',
        ratio: result.scan / result.lookup,
        against: fullScan,
      },
      {
        what: what('look-up ≤ 45'),
        value: us(result.wide),
        unit: 'µs',
        ratio: result.scan / result.wide,
        against: fullScan,
      },
      { what: what('full scan'), value: us(result.scan), unit: 'µs' },
    ];
    if (faiss !== undefined) {
      const { flat = Number.NaN, multihash = Number.NaN } = result;
      found.push(
        { what: what(`FAISS ${faiss.version} Flat`), value: us(flat), unit: 'µs' },
        { what: what(`FAISS ${faiss.version} MultiHash 16×16, flip 1`), value: us(multihash), unit: 'µs' },
        {
          what: what('look-up ≤ 31'),
          value: us(result.lookup),
          unit: 'µs',
          ratio: Math.min(flat, multihash) / result.lookup,
          against: 'fastest exact binary index of FAISS',
        },
      );
    }
    found.push(
      {
        what: what(`indexes of FAISS compared${faiss ? '' : size > FAISS_UP_TO ? ' (too large)' : ' (not installed)'}`),
        value: faiss ? 2 : 0,
        unit: 'indexes',
      },
      { what: what(`recall over ${QUERIES} queries with ${at31} hits`), value: 100, unit: '%' },
      { what: what('memory, PDQ only'), value: base.summary.residentBytes / size, unit: 'bytes an entry' },
    );
    return found;
  } finally {
    await faiss?.[Symbol.asyncDispose]();
    index.apply({ remove: segments.map(({ id }) => id) });
    for (const segment of segments as Segment[]) await segment.close();
    for (const one of [memory, changedMemory]) pool.release(one);
  }
}

interface Times {
  readonly lookup: number;
  readonly wide: number;
  readonly scan: number;
  readonly flat?: number;
  readonly multihash?: number;
}

async function contend(
  index: MatchIndex,
  everything: readonly PdqTable[],
  queries: readonly Uint8Array[],
  rounds: number,
  faiss: Faiss | undefined,
): Promise<Times> {
  const hits = new PdqHits();
  const all = (threshold: number) => (): number => {
    for (let pass = 0; pass < PASSES; pass++) {
      for (const query of queries) index.lookup('pdq', query, { threshold });
    }
    return PASSES * queries.length;
  };
  const own = {
    lookup: all(THRESHOLD),
    wide: all(WIDE),
    scan: (): number => {
      for (const query of queries.slice(0, SCANNED)) {
        for (const table of everything) table.scanSearch(query, THRESHOLD, hits);
      }
      return SCANNED;
    },
  };
  const flat: number[] = [];
  const multihash: number[] = [];
  // Their own clocks count: what passing the order costs is not theirs.
  const outside = async (): Promise<number> => {
    if (faiss === undefined) return 1;
    flat.push(((await faiss.search('flat', SCANNED)).seconds * 1_000) / SCANNED);
    multihash.push(((await faiss.search('multihash', FAISS_MULTI)).seconds * 1_000) / FAISS_MULTI);
    return 1;
  };
  // Once before it counts: code is compiled, pages are touched.
  await interleave(1, { ...own, outside });
  flat.length = 0;
  multihash.length = 0;
  const { lookup, wide, scan: scanned } = await interleave(rounds, { ...own, outside });
  const theirs = faiss === undefined ? {} : { flat: median(flat), multihash: median(multihash) };
  return { lookup, wide, scan: scanned, ...theirs };
}

/** Compares every answer with a full scan. @returns the number of hits @throws Error when one differs */
function check(
  index: MatchIndex,
  base: PdqTable,
  changes: PdqTable,
  queries: readonly Uint8Array[],
  step: number,
  threshold: number,
  count: number,
): number {
  const hits = new PdqHits();
  let total = 0;
  for (const query of queries.slice(0, count)) {
    const wanted: number[] = [];
    base.scanSearch(query, threshold, hits);
    for (let i = 0; i < hits.count; i++) if (hits.indexes[i]! % step !== 0) wanted.push(hits.distances[i]!);
    changes.scanSearch(query, threshold, hits);
    for (let i = 0; i < hits.count; i++) wanted.push(hits.distances[i]!);
    wanted.sort((a, b) => a - b);
    const answer = index.lookup('pdq', query, { threshold, limit: LIMIT });
    const found = answer.hits.map(({ distance }) => distance);
    if (answer.total !== wanted.length || found.some((each, i) => each !== wanted[i])) {
      throw new Error(`A look-up found ${answer.total} entries where a full scan finds ${wanted.length}.`);
    }
    total += found.length;
  }
  return total;
}

/** Only an index that finds all is a fair opponent. */
async function checkFaiss(faiss: Faiss, scan: PdqTable, queries: readonly Uint8Array[]): Promise<void> {
  const hits = new PdqHits();
  const wanted = queries.slice(0, FAISS_MULTI).map((query) => scan.scanSearch(query, THRESHOLD, hits));
  for (const [index, count] of [['flat', SCANNED] as const, ['multihash', FAISS_MULTI] as const]) {
    const { hits: found } = await faiss.search(index, count);
    if (found.some((each, i) => each !== wanted[i])) throw new Error(`FAISS ${index} found something else.`);
  }
}

/** Room for hashes in a row, equal ones too, that are compared one by one. */
function flatMemory(hashes: Uint8Array, pool: MemoryPool): WebAssembly.Memory {
  return pool.acquire(PdqTable.bytesFor(hashes.length / 32, false));
}

function makeQueries(shape: HashShape, hashes: Uint8Array): readonly Uint8Array[] {
  const unknown = makeHashes(shape, QUERIES, 3);
  const next = numbers(4);
  const count = hashes.length / 32;
  return Array.from({ length: QUERIES }, (_, i) => {
    if (i % 2 === 1) return unknown.slice(i * 32, i * 32 + 32);
    const at = (next() % count) * 32;
    const query = hashes.slice(at, at + 32);
    const places = new Set<number>();
    for (const wanted = (i / 2) % (THRESHOLD + 1); places.size < wanted; ) places.add(next() & 255);
    for (const bit of places) query[bit >> 3] = query[bit >> 3]! ^ (1 << (bit & 7));
    return query;
  });
}

function join32(queries: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(queries.length * 32);
  for (const [i, query] of queries.entries()) all.set(query, i * 32);
  return all;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}
