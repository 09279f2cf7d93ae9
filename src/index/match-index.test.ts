import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../signals/signal-type.js';
import type { Entry, EntrySignal } from './entry.js';
import { type LookupAnswer, MatchIndex } from './match-index.js';
import { MemoryFile } from './memory-file.js';
import { mergeSegments } from './merge-segments.js';
import { MemoryPool } from './pdq/memory-pool.js';
import { Segment } from './segment.js';
import { SegmentBuilder } from './segment-builder.js';
import { type EntryShape, entryMaker } from './testing/entries.js';
import { bruteForce, lastOfEachId, type ModelSegment } from './testing/model.js';
import { randomBytes, seeded } from './testing/random.js';

const PHOTODNA = { metric: 'squared-euclidean', threshold: 4000 } as const;
const THRESHOLDS: Record<SignalTypeName, number[]> = {
  md5: [0],
  sha1: [0],
  sha256: [0],
  pdq: [0, 16, 31, 45, 256],
  photodna: [0, 4000, 100_000],
  vpdq: [0, 31, 256],
};

async function segmentOf(pool: MemoryPool, id: string, entries: Iterable<Entry>, tableFrom = 65_536): Promise<Segment> {
  const builder = new SegmentBuilder({ pool, tableFrom });
  for (const entry of entries) expect(builder.add(entry)).toBe('added');
  const file = new MemoryFile();
  await builder.finish(file);
  return await Segment.load(file, { id, list: 'list', pool });
}

const pdqEntry = (id: string, value: Uint8Array): Entry => ({ id, signals: [{ type: 'pdq', value, active: true }] });

/** An index and its model side by side, changed by the same steps. */
class Twin {
  readonly pool = new MemoryPool();
  readonly index: MatchIndex;
  readonly model = new Map<string, ModelSegment>();
  readonly segments = new Map<string, Segment>();
  #made = 0;

  constructor(scanUpTo: number) {
    this.index = new MatchIndex({ pool: this.pool, photodna: PHOTODNA, scanUpTo });
  }

  async add(entries: readonly Entry[], tableFrom: number): Promise<void> {
    const id = `s${this.#made++}`;
    const segment = await segmentOf(this.pool, id, entries, tableFrom);
    this.#hold(segment, lastOfEachId(entries));
    this.index.apply({ add: [segment] });
  }

  async remove(): Promise<void> {
    const [id] = this.model.keys();
    if (id === undefined) return;
    this.index.apply({ remove: [id] });
    await this.#drop(id);
  }

  setLive(random: number, live: boolean): void {
    const all = [...this.model.values()].filter(({ entries }) => entries.length > 0);
    if (all.length === 0) return;
    const { id, entries, live: rows } = all[Math.floor(random * all.length)]!;
    const row = Math.floor(random * 7919) % entries.length;
    rows[row] = live;
    this.index.setLive(id, row, live);
  }

  /** Merges all but the first segment, looking up on the way. */
  async merge(tableFrom: number, check: () => void): Promise<void> {
    const ids = [...this.model.keys()].slice(1);
    if (ids.length === 0) return;
    const segments = ids.map((id) => this.segments.get(id)!);
    const file = new MemoryFile();
    const merging = mergeSegments(segments, (segment, row) => segment.isLive(row), file, {
      pool: this.pool,
      tableFrom,
    });
    check();
    const summary = await merging;
    const id = `s${this.#made++}`;
    const merged = await Segment.load(file, { id, list: 'list', pool: this.pool });
    check();
    const entries = lastOfEachId(
      ids.flatMap((old) => this.model.get(old)!.entries.filter((_, row) => this.model.get(old)!.live[row])),
    );
    expect(summary.entries).toBe(entries.length);
    this.index.apply({ add: [merged], remove: ids });
    for (const old of ids) await this.#drop(old);
    this.#hold(merged, entries);
  }

  check(type: SignalTypeName, value: Uint8Array, threshold: number, limit: number): void {
    const expected = bruteForce(this.model.values(), type, value, threshold);
    const answer = this.index.lookup(type, value, { threshold, limit });
    expect(answer.total).toBe(expected.length);
    expect(answer.truncated).toBe(expected.length > limit);
    expect(answer.hits.map(({ distance }) => distance)).toEqual(
      expected.slice(0, limit).map(({ distance }) => distance),
    );
    const where = new Map(expected.map((one) => [one.where, one.distance]));
    for (const { segment, row, distance } of answer.hits) {
      expect(where.get(`${segment.id}/${row}`)).toBe(distance);
      where.delete(`${segment.id}/${row}`);
    }
  }

  async checkEntries(): Promise<void> {
    for (const { id, entries } of this.model.values()) {
      const segment = this.segments.get(id)!;
      const read: Entry[] = [];
      for await (const { row, entry } of segment.entries()) read[row] = entry;
      expect(read).toEqual(entries);
      for (const row of [0, entries.length >> 1, entries.length - 1]) {
        if (row < 0 || entries.length === 0) continue;
        expect(await segment.entry(row)).toEqual(entries[row]);
        expect(await segment.findRow(entries[row]!.id)).toBe(row);
      }
      expect(await segment.findRow('nobody')).toBeUndefined();
    }
  }

  #hold(segment: Segment, entries: Entry[]): void {
    this.segments.set(segment.id, segment);
    this.model.set(segment.id, { id: segment.id, entries, live: entries.map(() => true) });
  }

  async #drop(id: string): Promise<void> {
    await this.segments.get(id)!.close();
    this.segments.delete(id);
    this.model.delete(id);
  }
}

describe('MatchIndex', () => {
  it('answers as comparing everything does, through additions, withdrawals, removals and merges', async () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'add', 'add', 'dead', 'dead', 'alive', 'remove', 'merge'),
      count: fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 3, max: 150 })),
      tableFrom: fc.constantFrom(1, 40, 65_536),
      where: fc.double({ min: 0, max: 0.999, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<EntryShape>('random', 'clustered', 'repeating'),
        fc.integer(),
        fc.constantFrom(0, 30, 1024),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        async (shape, seed, scanUpTo, steps) => {
          const twin = new Twin(scanUpTo);
          const maker = entryMaker(seed, shape);
          const random = seeded(seed);
          const check = (): void => {
            for (const type of SIGNAL_TYPE_NAMES) {
              for (const threshold of THRESHOLDS[type]) {
                twin.check(type, maker.query(type), threshold, [0, 1, 7, 1000][Math.floor(random() * 4)]!);
              }
            }
          };
          for (const { what, count, tableFrom, where } of steps) {
            if (what === 'add')
              await twin.add(
                Array.from({ length: count }, () => maker.entry(200)),
                tableFrom,
              );
            if (what === 'dead' || what === 'alive') twin.setLive(where, what === 'alive');
            if (what === 'remove') await twin.remove();
            if (what === 'merge') await twin.merge(tableFrom, check);
            check();
          }
          await twin.checkEntries();
          const stats = twin.index.stats();
          expect(stats.segments).toBe(twin.model.size);
          expect(stats.entries - stats.dead).toBe(
            [...twin.model.values()].reduce((sum, { live }) => sum + live.filter(Boolean).length, 0),
          );
        },
      ),
      { numRuns: 60, seed: 22 },
    );
  });

  it('counts every entry of a hash that very many share', async () => {
    const pool = new MemoryPool();
    const value = randomBytes(seeded(5), 32);
    const shared = 200_000;
    const entries = function* (): Generator<Entry> {
      for (let i = 0; i < shared; i++) yield pdqEntry(`e${i}`, value);
    };
    const segment = await segmentOf(pool, 'one', entries());
    expect(segment.summary.signals.pdq).toEqual({ values: shared, active: shared, distinct: 1 });
    const index = new MatchIndex({ pool });
    index.apply({ add: [segment] });
    for (let row = 0; row < 1000; row++) index.setLive('one', row, false);
    const answer = index.lookup('pdq', value, { limit: 10 });
    expect(answer).toMatchObject({ total: shared - 1000, truncated: true });
    expect(answer.hits.map(({ row }) => row)).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009]);
  });

  it('counts every one of very many hashes that are nearly equal, and keeps the nearest', async () => {
    const pool = new MemoryPool();
    const random = seeded(6);
    const centre = randomBytes(random, 32);
    const many = 50_000;
    const entries = function* (): Generator<Entry> {
      for (let i = 0; i < many; i++) {
        const value = centre.slice();
        for (let k = 0; k < 4; k++) value[(i >> (3 * k)) & 7]! ^= 1 << ((i >> (k + 5)) & 7);
        value[30] = i;
        value[31] = i >> 8;
        yield pdqEntry(`e${i}`, value);
      }
    };
    const segment = await segmentOf(pool, 'near', entries());
    const index = new MatchIndex({ pool });
    index.apply({ add: [segment] });
    const answer = index.lookup('pdq', centre, { limit: 50 });
    expect(answer).toMatchObject({ total: many, truncated: true });
    expect(answer.hits).toHaveLength(50);
    const everything = index.lookup('pdq', centre, { limit: many });
    expect(everything.truncated).toBe(false);
    expect(everything.hits.slice(0, 50).map((hit) => hit.distance)).toEqual(answer.hits.map((hit) => hit.distance));
  });

  it('finds stills of videos and pictures in videos, each entry once and at its nearest active frame', async () => {
    const pool = new MemoryPool();
    const random = seeded(9);
    const scene = randomBytes(random, 32);
    const frame = (pdq: Uint8Array, ms: number, quality = 100): EntrySignal => {
      const value = new Uint8Array(36);
      value.set(pdq);
      new DataView(value.buffer).setUint32(32, ms, true);
      return { type: 'vpdq', value, quality, active: quality >= 50 };
    };
    const apart = (bits: number): Uint8Array => scene.map((byte, i) => (i < bits ? byte ^ 1 : byte));
    const poor = randomBytes(random, 32);
    // Twenty minutes that stand still, with one frame that is nearer, another that is poor, and much else.
    const still = Array.from({ length: 1200 }, (_, i) => frame(apart(9), i * 1000));
    const signals = [...still, frame(apart(2), 1_200_000), frame(poor, 1_201_000, 49)];
    for (let i = 0; i < 500; i++) signals.push(frame(randomBytes(random, 32), 1_202_000 + i));
    const entries: Entry[] = [
      { id: 'video', signals },
      { id: 'picture', signals: [{ type: 'pdq', value: apart(1), active: true }] },
      { id: 'clip', signals: [frame(apart(9), 0), { type: 'pdq', value: poor, active: true }] },
    ];
    for (const tableFrom of [1, 65_536]) {
      const segment = await segmentOf(pool, `s${tableFrom}`, entries, tableFrom);
      expect(segment.summary.signals).toEqual({
        pdq: { values: 2, active: 2, distinct: 2 },
        vpdq: { values: 1703, active: 1702, distinct: 502 },
      });
      const index = new MatchIndex({ pool });
      index.apply({ add: [segment] });
      const found = (answer: LookupAnswer) => answer.hits.map(({ row, distance }) => [row, distance]);
      const nearest = [
        [1, 1],
        [0, 2],
        [2, 9],
      ];
      expect(found(index.lookup('pdq', scene))).toEqual(nearest);
      expect(found(index.lookup('vpdq', frame(scene, 77).value))).toEqual(nearest);
      expect(found(index.lookup('pdq', poor, { threshold: 0 }))).toEqual([[2, 0]]);
      index.setLive(segment.id, 0, false);
      expect(found(index.lookup('pdq', scene))).toEqual([nearest[0], nearest[2]]);
      expect(await segment.entry(0)).toEqual(entries[0]);
      index.apply({ remove: [segment.id] });
      await segment.close();
    }
  });

  it('changes everything of one change at once, or nothing', async () => {
    const pool = new MemoryPool();
    const value = randomBytes(seeded(7), 32);
    const before = await segmentOf(pool, 'before', [pdqEntry('a', value)]);
    const after = await segmentOf(pool, 'after', [pdqEntry('a', value), pdqEntry('b', value)]);
    const index = new MatchIndex({ pool });
    index.apply({ add: [before] });
    index.apply({ add: [after], remove: ['before'], live: [{ segmentId: 'after', row: 0, live: false }] });
    expect(index.lookup('pdq', value).hits).toEqual([{ segment: after, row: 1, distance: 0 }]);
    await before.close();
    index.apply({ remove: ['after', 'never there'] });
    expect(index.lookup('pdq', value)).toEqual({ hits: [], total: 0, truncated: false });
  });

  it('is as it was when memory does not suffice for a change', async () => {
    const own = new MemoryPool();
    const random = seeded(8);
    const each = 12_000;
    const values = Array.from({ length: 3 * each }, () => randomBytes(random, 32));
    const parts: Segment[] = [];
    for (const i of [0, 1, 2]) {
      const entries = values.slice(i * each, (i + 1) * each).map((value, k) => pdqEntry(`e${k}`, value));
      parts.push(await segmentOf(own, `s${i}`, entries));
    }
    // Once the head's table does not fit, once the list that is scanned.
    for (const { scanUpTo, limit } of [
      { scanUpTo: 500, limit: 12 * 2 ** 20 },
      { scanUpTo: 1_000_000, limit: 9.5 * 2 ** 20 },
    ]) {
      const tight = new MemoryPool({ limit });
      const index = new MatchIndex({ pool: tight, scanUpTo });
      index.apply({ add: [parts[0]!] });
      const before = index.stats();
      const spare = tight.acquire(8 * 2 ** 20);
      const exhausted = expect.objectContaining({ code: 'memory-exhausted' });
      expect(() => index.apply({ add: parts })).toThrowError(exhausted);
      expect(() => index.apply({ add: parts.slice(1) })).toThrowError(exhausted);
      expect(index.stats()).toEqual(before);
      for (let i = 0; i < values.length; i += 97) {
        expect(index.lookup('pdq', values[i]!).total).toBe(i < each ? 1 : 0);
      }
      tight.release(spare);
      index.apply({ add: parts.slice(1) });
      for (let i = 0; i < values.length; i += 97) expect(index.lookup('pdq', values[i]!).total).toBe(1);
    }
    for (const segment of parts) await segment.close();
  });

  it('refuses values and thresholds that are not of the type', () => {
    const index = new MatchIndex({ pool: new MemoryPool() });
    const code = (code: string) => expect.objectContaining({ code });
    expect(() => index.lookup('pdq', new Uint8Array(31))).toThrowError(code('signal-invalid'));
    expect(() => index.lookup('pdq', new Uint8Array(32), { threshold: 257 })).toThrowError(code('threshold-invalid'));
    expect(() => index.lookup('photodna', new Uint8Array(144), { threshold: -1 })).toThrowError(
      code('threshold-invalid'),
    );
    expect(
      () => new MatchIndex({ pool: new MemoryPool(), photodna: { metric: 'manhattan', threshold: 40_000 } }),
    ).toThrowError(code('threshold-invalid'));
  });
});
