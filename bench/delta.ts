import { MatchIndex } from '../src/index/match-index.js';
import { MemoryFile } from '../src/index/memory-file.js';
import { mergeSegments } from '../src/index/merge-segments.js';
import { MemoryPool } from '../src/index/pdq/memory-pool.js';
import { Segment } from '../src/index/segment.js';
import { SegmentBuilder } from '../src/index/segment-builder.js';
import { type Bench, type BenchRow, interleave, median } from './harness.js';
import { listChanges } from './list-changes.js';
import { buildSegment, buildSegments, HEAD, PdqMaker, TIERS, TOMBSTONES } from './segments.js';

const MERGED = { segments: 16, entries: 1000 };
const QUERIES = 500;

/**
 * How soon a change takes effect while an index of `entries` is searched: a new entry from its signals to a hit, a
 * withdrawn one from the call to no hit, in the index alone and through database and files to another process; what a
 * head, tiers and tombstones cost a look-up; and for how long merging small segments holds up everything else in its thread.
 */
export const deltaBench: Bench = async ({ entries = 1_000_000, rounds = 9, progress }) => {
  const pool = new MemoryPool();
  const maker = new PdqMaker(5);
  const index = new MatchIndex({ pool });
  const rows: BenchRow[] = [];
  progress?.(`delta: building a segment of ${entries}`);
  const base = await buildSegment(pool, 'base', maker, entries, rows);
  index.apply({ add: [base] });
  progress?.('delta: adding and withdrawing single entries');
  rows.push(...(await singleChanges(pool, index, maker, Math.max(50, rounds))));
  progress?.('delta: head, tiers and tombstones');
  const head = await buildSegments(pool, 'head', maker, HEAD);
  const tiers = await buildSegments(pool, 'tier', maker, TIERS);
  rows.push(...(await lookups(pool, base, head, tiers, maker, rounds)));
  progress?.('delta: merging small segments');
  const small = await buildSegments(pool, 'small', maker, Array<number>(MERGED.segments).fill(MERGED.entries));
  rows.push(...(await mergeStall(pool, small)));
  const others = [...head, ...tiers, ...small];
  for (const segment of [base, ...others]) await segment.close();
  progress?.('delta: through database and files, to another process');
  rows.push(...(await listChanges(Math.max(30, rounds))));
  return rows;
};

async function singleChanges(pool: MemoryPool, index: MatchIndex, maker: PdqMaker, times: number): Promise<BenchRow[]> {
  const toHit: number[] = [];
  const flips: number[] = [];
  const withdrawals: number[] = [];
  for (let i = 0; i < times; i++) {
    const entry = maker.entry();
    const value = entry.signals[0]!.value.slice();
    const id = `one ${i}`;
    const start = performance.now();
    const builder = new SegmentBuilder({ pool });
    builder.add(entry);
    const file = new MemoryFile();
    await builder.finish(file);
    const segment = await Segment.load(file, { id, list: 'list', pool });
    const flip = performance.now();
    index.apply({ add: [segment] });
    if (index.lookup('pdq', value).total !== 1) throw new Error('An added entry was not found.');
    const found = performance.now();
    index.setLive(id, 0, false);
    if (index.lookup('pdq', value).total !== 0) throw new Error('A withdrawn entry was found.');
    withdrawals.push(performance.now() - found);
    flips.push(found - flip);
    toHit.push(found - start);
    index.apply({ remove: [id] });
    await segment.close();
  }
  const figure = (what: string, values: readonly number[]): BenchRow[] => [
    { what: `${what}, median`, value: median(values), unit: 'ms' },
    { what: `${what}, slowest of ${times}`, value: Math.max(...values), unit: 'ms' },
  ];
  return [
    ...figure('new entry: segment built, loaded, applied and found', toHit),
    ...figure('apply of a loaded segment to first hit', flips),
    ...figure('withdrawal to no hit', withdrawals),
  ];
}

async function lookups(
  pool: MemoryPool,
  base: Segment,
  head: readonly Segment[],
  tiers: readonly Segment[],
  maker: PdqMaker,
  rounds: number,
): Promise<BenchRow[]> {
  const queries = Array.from({ length: QUERIES }, () => maker.entry().signals[0]!.value.slice());
  const indexOf = (segments: readonly Segment[]): MatchIndex => {
    const index = new MatchIndex({ pool });
    index.apply({ add: segments });
    return index;
  };
  const all = (index: MatchIndex) => (): number => {
    for (const query of queries) index.lookup('pdq', query);
    return queries.length;
  };
  const alone = indexOf([base]);
  const headed = indexOf([base, ...head]);
  const full = indexOf([base, ...tiers, ...head]);
  // Tombstones are bits of the segment itself: all three see them, so what they cost is measured before and after.
  const clean = await interleave(rounds, { alone: all(alone) });
  const step = Math.max(1, Math.floor(base.summary.entries / TOMBSTONES));
  for (let row = 0; row < base.summary.entries; row += step) alone.setLive('base', row, false);
  const times = await interleave(rounds, { alone: all(alone), headed: all(headed), full: all(full) });
  const us = (ms: number): number => ms * 1000;
  const { dead } = alone.stats();
  const against = 'the large segment alone';
  return [
    { what: 'look-up, one large segment', value: us(clean.alone), unit: 'µs' },
    { what: `the same with ${dead} tombstones`, value: us(times.alone), unit: 'µs' },
    {
      what: `and a head of ${headed.stats().head.hashes} hashes`,
      value: us(times.headed),
      unit: 'µs',
      ratio: times.headed / times.alone,
      against,
    },
    {
      what: `and tiers of ${TIERS.join(', ')}`,
      value: us(times.full),
      unit: 'µs',
      ratio: times.full / times.alone,
      against,
    },
  ];
}

async function mergeStall(pool: MemoryPool, segments: readonly Segment[]): Promise<BenchRow[]> {
  const merge = async (): Promise<Segment> => {
    const file = new MemoryFile();
    await mergeSegments(segments, () => true, file, { pool });
    return await Segment.load(file, { id: 'merged', list: 'list', pool });
  };
  // A service that has merged before has compiled this code.
  await (await merge()).close();
  let running = true;
  const gaps: number[] = [];
  const watch = (async () => {
    for (let last = performance.now(); running; ) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
  })();
  const start = performance.now();
  const merged = await merge();
  const ms = performance.now() - start;
  running = false;
  await watch;
  await merged.close();
  const what = `merge of ${segments.length} segments, ${merged.summary.entries} entries`;
  return [
    { what, value: ms, unit: 'ms' },
    { what: `${what}: longest stall of the event loop`, value: Math.max(...gaps), unit: 'ms' },
  ];
}
