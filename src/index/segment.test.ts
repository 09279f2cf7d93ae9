import { describe, expect, it } from 'vitest';
import type { ByteSink, ByteSource } from './byte-io.js';
import type { Entry } from './entry.js';
import { MatchIndex } from './match-index.js';
import { MemoryFile } from './memory-file.js';
import { mergeSegments } from './merge-segments.js';
import { MemoryPool } from './pdq/memory-pool.js';
import { Segment } from './segment.js';
import { SegmentBuilder } from './segment-builder.js';
import { SegmentFile } from './segment-file.js';
import { entryMaker } from './testing/entries.js';
import { lastOfEachId } from './testing/model.js';
import { randomBytes, seeded } from './testing/random.js';

const pool = new MemoryPool();

async function fileOf(entries: Iterable<Entry>, tableFrom = 65_536): Promise<MemoryFile> {
  const builder = new SegmentBuilder({ pool, tableFrom });
  for (const entry of entries) builder.add(entry);
  const file = new MemoryFile();
  await builder.finish(file);
  return file;
}

const made = (count: number, seed = 1): Entry[] => {
  const maker = entryMaker(seed, 'clustered');
  return Array.from({ length: count }, () => maker.entry(10 * count));
};

const load = (source: ByteSource): Promise<Segment> => Segment.load(source, { id: 'segment', list: 'list', pool });
const code = (...codes: string[]) => expect.objectContaining({ code: expect.stringMatching(`^(${codes.join('|')})$`) });

/** Reads everything that a segment has. */
async function readAll(source: ByteSource, ids: readonly string[]): Promise<void> {
  const segment = await load(source);
  try {
    for await (const { entry } of segment.entries()) void entry;
    for (const id of ids) await segment.findRow(id);
  } finally {
    await segment.close();
  }
}

/** Counts what is open, so that nothing stays behind. */
class WatchedFile extends MemoryFile {
  closed = 0;
  override async close(): Promise<void> {
    this.closed++;
  }
}

describe('a segment file', () => {
  it('is the same for the same entries, whatever lay in memory before', async () => {
    const first = await fileOf(made(300), 1);
    await fileOf(made(500, 2), 1);
    const second = await fileOf(made(300), 1);
    expect(Buffer.from(second.bytes).equals(first.bytes)).toBe(true);
  });

  it('says what it holds', async () => {
    const value = new Uint8Array(16).fill(3);
    const file = await fileOf([
      { id: 'a', grade: 'A', signals: [{ type: 'md5', value, active: true }] },
      { id: 'b', grade: 'A', signals: [{ type: 'md5', value, active: true }] },
      { id: 'c', grade: 'B', signals: [{ type: 'md5', value: new Uint8Array(16).fill(4), active: false }] },
      { id: 'a', grade: 'C', signals: [] },
    ]);
    const segment = await load(file);
    expect(segment.summary).toMatchObject({
      entries: 3,
      superseded: 1,
      signals: { md5: { values: 2, active: 1, distinct: 1 } },
      grades: { A: 1, B: 1, C: 1 },
    });
    expect(JSON.parse(JSON.stringify(segment.summary))).toEqual(segment.summary);
    expect(await segment.findRow('a')).toBe(2);
    await segment.close();
  });

  it('is refused when any byte of it changed', async () => {
    const entries = lastOfEachId(made(90));
    const ids = entries.map(({ id }) => id);
    const good = (await fileOf(entries, 40)).bytes;
    const contents = new TextDecoder('latin1').decode(good).lastIndexOf('{"summary"');
    const positions = new Set<number>();
    for (let i = 0; i < 16; i++) positions.add(i);
    for (let i = 16; i < contents; i += 61) positions.add(i);
    for (let i = contents; i < good.length - 32; i += 13) positions.add(i);
    for (let i = good.length - 32; i < good.length; i++) positions.add(i);
    const { contents: table } = await SegmentFile.open(new MemoryFile(good));
    for (const { offset, length } of [...table.sections, ...table.resident]) {
      if (length > 0) for (const at of [offset, offset + (length >> 1), offset + length - 1]) positions.add(at);
    }
    for (const position of positions) {
      const bad = good.slice();
      bad[position]! ^= 1 << (position & 7);
      await expect(readAll(new MemoryFile(bad), ids), `byte ${position}`).rejects.toThrowError(
        code('segment-damaged', 'segment-foreign'),
      );
    }
    await readAll(new MemoryFile(good), ids);
  });

  it('is refused when it was cut short, and a foreign file is told from it', async () => {
    const good = (await fileOf(made(50))).bytes;
    for (let length = 0; length < good.length; length += length < 64 ? 1 : 97) {
      await expect(load(new MemoryFile(good.slice(0, length)))).rejects.toThrowError(code('segment-damaged'));
    }
    for (const text of ['PK\u0003\u0004 a zip file of some length', 'id,md5\n', 'x', 'VIGIESEGx']) {
      const foreign = new MemoryFile(new TextEncoder().encode(text.padEnd(100)));
      await expect(load(foreign)).rejects.toThrowError(code('segment-foreign'));
    }
    const later = good.slice();
    later[8] = 4;
    await expect(load(new MemoryFile(later))).rejects.toThrowError(code('segment-foreign'));
  });

  it('keeps members, opinions and derived signals, in a file of the third version, and through merges', async () => {
    const maker = entryMaker(41, 'clustered', { opinions: true });
    const entries = Array.from({ length: 600 }, () => maker.entry(500));
    const kept = lastOfEachId(entries);
    expect(kept.some(({ opinions = [] }) => opinions.length > 100)).toBe(true);
    const file = await fileOf(entries);
    expect(file.bytes[8]).toBe(3);
    for (const other of [1, 2]) {
      const altered = file.bytes.slice();
      altered[8] = other;
      await expect(load(new MemoryFile(altered))).rejects.toThrowError(code('segment-damaged'));
    }
    const segment = await load(file);
    for (const entry of kept) expect(await segment.entry((await segment.findRow(entry.id))!)).toEqual(entry);
    for await (const { row, entry } of segment.entries()) expect(entry, `row ${row}`).toEqual(kept[row]);

    // Codes of members differ from segment to segment.
    const before = Array.from({ length: 300 }, () => maker.entry(500));
    const first = await SegmentFile.open(await fileOf(before));
    const plain = await SegmentFile.open(await fileOf(made(50, 9).map((entry) => ({ ...entry, id: `p${entry.id}` }))));
    const merged = new MemoryFile();
    await mergeSegments([first, plain, segment.file], () => true, merged, { pool });
    const all = await load(merged);
    for (const entry of lastOfEachId([...before, ...entries])) {
      expect(await all.entry((await all.findRow(entry.id))!)).toEqual(entry);
    }
    await segment.close();
    await all.close();
  });

  it('is of the first version without videos, and with videos of the second, whose blocks stay small', async () => {
    const random = seeded(31);
    const video = (i: number, frames: number): Entry => ({
      id: `v${i}`,
      signals: Array.from({ length: frames }, () => ({
        type: 'vpdq' as const,
        value: randomBytes(random, 36),
        quality: 80,
        active: true,
      })),
    });
    const stills = lastOfEachId(made(200)).map(({ signals, ...rest }) => ({
      ...rest,
      signals: signals.filter(({ type }) => type !== 'vpdq'),
    }));
    const plain = await fileOf(stills);
    expect(plain.bytes[8]).toBe(1);
    const entries = [...stills.slice(0, 100), ...Array.from({ length: 12 }, (_, i) => video(i, 600 + i))];
    entries.push(...stills.slice(100), video(99, 36_000));
    const file = await fileOf(entries, 1);
    expect(file.bytes[8]).toBe(2);
    // Neither passes for the other.
    for (const { bytes } of [plain, file]) {
      const altered = bytes.slice();
      for (const other of [1, 2, 3]) {
        if (other === bytes[8]) continue;
        altered[8] = other;
        await expect(load(new MemoryFile(altered))).rejects.toThrowError(code('segment-damaged'));
      }
    }
    const reads: number[] = [];
    const watched = new MemoryFile(file.bytes);
    const readInto = watched.readInto.bind(watched);
    watched.readInto = (offset, length, target) => {
      reads.push(length);
      return readInto(offset, length, target);
    };
    const segment = await load(watched);
    reads.length = 0;
    for (const row of [0, 64, 99, 100, 101, 105, 111, 112, entries.length - 2]) {
      expect(await segment.entry(row)).toEqual(entries[row]);
      expect(await segment.findRow(entries[row]!.id)).toBe(row);
    }
    expect(Math.max(...reads)).toBeLessThanOrEqual(2 ** 16);
    const plainly = ({ id, signals }: Entry) =>
      `${id} ${signals.map(({ value }) => Buffer.from(value).toString('hex'))}`;
    let row = 0;
    for await (const each of segment.entries()) {
      expect(each.row).toBe(row);
      expect(plainly(each.entry) === plainly(entries[row++]!)).toBe(true);
    }
    expect(row).toBe(entries.length);
    await segment.close();
  });

  it('leaves neither memory nor file behind when loading fails', async () => {
    const good = (await fileOf(made(50))).bytes;
    const { contents } = await SegmentFile.open(new MemoryFile(good));
    const bad = good.slice();
    bad[contents.resident[0]!.offset]! ^= 1;
    const own = new MemoryPool();
    let held = 0;
    const counting = {
      acquire: (bytes: number) => {
        held++;
        return own.acquire(bytes);
      },
      release: (memory: WebAssembly.Memory) => {
        held--;
        own.release(memory);
      },
    } as MemoryPool;
    const file = new WatchedFile(bad);
    await expect(Segment.load(file, { id: 's', list: 'l', pool: counting })).rejects.toThrowError(
      code('segment-damaged'),
    );
    expect([held, file.closed]).toEqual([0, 1]);
    const whole = new WatchedFile(good);
    const segment = await Segment.load(whole, { id: 's', list: 'l', pool: counting });
    await Promise.all([segment.close(), segment.close()]);
    expect([held, whole.closed]).toEqual([0, 1]);
  });
});

describe('Segment', () => {
  it('waits for its readers before it closes, and refuses new ones', async () => {
    const bytes = (await fileOf(made(3000))).bytes;
    const waiting: (() => void)[] = [];
    let slow = false;
    let closed = false;
    const source: ByteSource = {
      size: bytes.length,
      async readInto(offset, length, target) {
        if (slow) await new Promise<void>((resolve) => waiting.push(resolve));
        target.set(bytes.subarray(offset, offset + length));
      },
      async close() {
        closed = true;
      },
    };
    const segment = await load(source);
    slow = true;
    const reading = segment.entry(7);
    const closing = segment.close();
    await expect(segment.entry(8)).rejects.toThrowError(code('segment-closed'));
    expect(closed).toBe(false);
    for (const go of waiting) go();
    expect((await reading).id).toBeTruthy();
    await closing;
    expect(closed).toBe(true);
  });

  it('says that a row is not there', async () => {
    const segment = await load(await fileOf(made(5)));
    for (const row of [-1, 5, 0.5, Number.NaN]) {
      await expect(segment.entry(row)).rejects.toThrowError(code('entry-not-found'));
    }
    await segment.close();
  });
});

describe('SegmentBuilder', () => {
  it('is full at its limit and refuses what no segment can hold', async () => {
    const builder = new SegmentBuilder({ pool, maxEntries: 2 });
    expect(() => builder.add({ id: 'x', signals: [{ type: 'md5', value: new Uint8Array(15), active: true }] })).toThrow(
      code('signal-invalid') as never,
    );
    expect(() => builder.add({ id: 'x', comment: 'c'.repeat(2 ** 20), signals: [] })).toThrow(
      code('entry-too-large') as never,
    );
    expect(builder.add({ id: 'a', signals: [] })).toBe('added');
    expect(builder.add({ id: 'b', signals: [] })).toBe('added');
    expect(builder.add({ id: 'c', signals: [] })).toBe('full');
    expect((await builder.finish(new MemoryFile())).entries).toBe(2);
  });

  it('keeps nothing of what the caller passed', async () => {
    const value = new Uint8Array(32).fill(1);
    const builder = new SegmentBuilder({ pool });
    builder.add({ id: 'a', signals: [{ type: 'pdq', value, active: true }] });
    value.fill(2);
    builder.add({ id: 'b', signals: [{ type: 'pdq', value, active: true }] });
    const file = new MemoryFile();
    await builder.finish(file);
    const segment = await load(file);
    expect((await segment.entry(0)).signals[0]?.value).toEqual(new Uint8Array(32).fill(1));
    await segment.close();
  });

  it('stops when it is told to, and passes on what the sink throws', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const builder = new SegmentBuilder({ pool });
    for (const entry of made(50)) builder.add(entry);
    await expect(builder.finish(new MemoryFile(), stop.signal)).rejects.toThrow('enough');
    const full: ByteSink = {
      async write() {
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      },
    };
    const other = new SegmentBuilder({ pool });
    other.add({ id: 'a', signals: [] });
    await expect(other.finish(full)).rejects.toThrow('no space');
  });
});

describe('mergeSegments', () => {
  it('lets the latest kept version of an entry win, also from files whose tables were never loaded', async () => {
    const entry = (id: string, comment: string, grade: string): Entry => ({ id, comment, grade, signals: [] });
    const older = await SegmentFile.open(await fileOf([entry('a', 'old', 'A'), entry('b', 'old', 'B')]));
    const newer = await SegmentFile.open(
      await fileOf([entry('b', 'new', 'C'), entry('a', 'new', 'A'), entry('c', 'new', 'B')]),
    );
    const file = new MemoryFile();
    // The newer version of a is not kept: the older one stands.
    const summary = await mergeSegments([older, newer], (segment, row) => !(segment === newer && row === 1), file, {
      pool,
    });
    expect(summary).toMatchObject({ entries: 3, superseded: 1, grades: { A: 1, C: 1, B: 1 } });
    const merged = await load(file);
    const read: Entry[] = [];
    for await (const { entry: one } of merged.entries()) read.push(one);
    expect(read).toEqual([entry('a', 'old', 'A'), entry('b', 'new', 'C'), entry('c', 'new', 'B')]);
    await expect(
      mergeSegments([older, newer], () => true, new MemoryFile(), { pool, maxEntries: 3 }),
    ).rejects.toThrowError(code('segment-full'));
    const index = new MatchIndex({ pool });
    index.apply({ add: [merged] });
    expect(index.stats()).toMatchObject({ segments: 1, entries: 3, dead: 0 });
  });
});
