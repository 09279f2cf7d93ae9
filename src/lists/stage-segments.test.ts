import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { SegmentFile } from '../index/segment-file.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import { REPORTED_LINES } from './import-report.js';
import { MemoryBlobStore } from './memory-blob-store.js';
import { type StageCheckpoint, type StageOptions, type StageProgress, stageSegments } from './stage-segments.js';
import { signalText } from './testing/read-records.js';

const pool = new MemoryPool();
const md5 = (seed: number) => signalText('md5', seed);
const pdq = (seed: number) => signalText('pdq', seed);

async function* cut(text: string | Buffer, length = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** Stages a text and reads back what was staged. */
async function stage(text: string | Buffer, options: Partial<StageOptions> = {}, length?: number) {
  const blobs = new MemoryBlobStore();
  const result = await stageSegments(cut(text, length), { pool, blobs, ...options });
  const entries: { id: string; signals: string[] }[] = [];
  for (const { id } of result.segments) {
    const file = await SegmentFile.open(await blobs.open(id));
    for await (const { entry } of file.entries()) {
      const signals = entry.signals.map(
        ({ type, value, active }) => `${active ? '' : '!'}${type}:${Buffer.from(value).toString('hex')}`,
      );
      entries.push({ id: entry.id, signals });
    }
  }
  return { ...result, entries };
}

describe('staging', () => {
  it('applies the rules and counts by reason and line', async () => {
    const rows = [
      'id,md5,sha1,pdq,quality,grade',
      `a,${md5(1)},,${pdq(1)},49,A`,
      `b,d41d8cd98f00b204e9800998ecf8427e,${signalText('sha1', 2)},,,A`,
      `c,D41D8CD98F00B204E9800998ECF8427E,,,,A`,
      `d,,,${'0'.repeat(64)},,`,
      `e,nonsense,,${pdq(5)},50,B`,
      `f,nonsense,,,,`,
      `a,${md5(1)},,${pdq(1)},49,A`,
      `g,,,,,`,
      `,${md5(9)},,,,`,
      `,${md5(9).toUpperCase()},,,,`,
      `${'h'.repeat(600)},${md5(11)},,,,`,
      `"i`,
      `j,${md5(13)},,,much,`,
    ];
    const { report, entries } = await stage(rows.join('\r\n'));
    const derived = `x${createHash('sha256')
      .update(`md5:${md5(9)}`)
      .digest('hex')
      .slice(0, 24)}`;
    const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
    expect(entries.sort(byId)).toEqual(
      [
        { id: 'a', signals: [`md5:${md5(1)}`, `!pdq:${pdq(1)}`] },
        { id: 'b', signals: [`sha1:${signalText('sha1', 2)}`] },
        { id: 'e', signals: [`pdq:${pdq(5)}`] },
        { id: derived, signals: [`md5:${md5(9)}`] },
        { id: 'j', signals: [`md5:${md5(13)}`] },
      ].sort(byId),
    );
    expect(report).toEqual({
      format: 'csv',
      records: 13,
      accepted: 5,
      rejectedRecords: 6,
      duplicates: 2,
      rejected: {
        'empty-file': { count: 2, lines: [3, 4] },
        'no-usable-signal': { count: 3, lines: [4, 5, 7] },
        'all-zero': { count: 1, lines: [5] },
        'malformed-signal': { count: 2, lines: [6, 7] },
        'no-signal': { count: 1, lines: [9] },
        'id-too-long': { count: 1, lines: [12] },
        'malformed-record': { count: 1, lines: [13] },
      },
      inactive: { 'low-quality': { count: 1, lines: [2] } },
      duplicate: { 'duplicate-id': { count: 1, lines: [8] }, 'duplicate-signals': { count: 1, lines: [11] } },
      remarks: { 'field-unreadable': { count: 1, lines: [14] } },
      signals: {
        md5: { active: 3, inactive: 0, rejected: 4 },
        sha1: { active: 1, inactive: 0, rejected: 0 },
        pdq: { active: 1, inactive: 1, rejected: 1 },
      },
      grades: { A: 2, B: 1, '': 2 },
      ignoredColumns: [],
    });
    expect(JSON.stringify(report)).not.toContain(md5(1));
  });

  it('keeps other signals under an id that is taken, each once, under an id of their own', async () => {
    const rows = ['id,md5', `7,${md5(1)}`, `7,${md5(2)}`, `7,${md5(1)}`, `7,${md5(2)}`, `,${md5(2)}`, `8,${md5(2)}`];
    const { report, entries } = await stage(rows.join('\n'));
    const derived = `x${createHash('sha256')
      .update(`md5:${md5(2)}`)
      .digest('hex')
      .slice(0, 24)}`;
    expect(entries.sort((one, other) => (one.id < other.id ? -1 : 1))).toEqual([
      { id: '7', signals: [`md5:${md5(1)}`] },
      { id: '8', signals: [`md5:${md5(2)}`] },
      { id: derived, signals: [`md5:${md5(2)}`] },
    ]);
    expect(report).toMatchObject({
      ...{ records: 6, accepted: 3, duplicates: 3, rejectedRecords: 0 },
      duplicate: { 'duplicate-id': { count: 2, lines: [4, 5] }, 'duplicate-signals': { count: 1, lines: [6] } },
      remarks: { 'id-taken': { count: 1, lines: [3] } },
    });
  });

  it('finds one bad line among very many, packed, over several segments', async () => {
    const count = 600_000;
    const zeros = '0'.repeat(32);
    const lines = ['id,md5'];
    for (let i = 1; i <= count; i++) lines.push(`${i},${i === 423_456 ? 'bad' : (zeros + i).slice(-32)}`);
    const packed = gzipSync(lines.join('\n'), { level: 1 });
    const told: StageProgress[] = [];
    const { report, segments } = await stageSegments(cut(packed), {
      pool,
      blobs: new MemoryBlobStore(),
      entriesPerSegment: 250_000,
      totalBytes: packed.length,
      onProgress: (progress) => told.push(progress),
    });
    expect(report).toMatchObject({ records: count, accepted: count - 1, rejectedRecords: 1 });
    expect(report.rejected['malformed-signal']).toEqual({ count: 1, lines: [423_457] });
    expect(segments.map(({ entries }) => entries)).toEqual([250_000, 250_000, 99_999]);
    expect(told.at(-1)).toMatchObject({ bytesRead: packed.length, totalBytes: packed.length, segments: 3 });
  });

  it('names no more than the first lines of a reason', async () => {
    const lines = ['md5', ...Array.from({ length: 1000 }, () => 'bad'), md5(1)];
    const { report } = await stage(lines.join('\n'));
    expect(report.rejected['malformed-signal']?.count).toBe(1000);
    expect(report.rejected['malformed-signal']?.lines).toHaveLength(REPORTED_LINES);
  });

  it('refuses a list of which nothing or too little can be used, and leaves no value in the error', async () => {
    await expect(stage('md5\nbad\n')).rejects.toMatchObject({
      code: 'list-all-rejected',
      detail: '1 of 1 records: 1 malformed-signal, first on line 2; 1 no-usable-signal, first on line 2',
    });
    await expect(stage('md5\n')).rejects.toMatchObject({ code: 'list-all-rejected' });
    const half = `md5\nbad\n${md5(1)}\n`;
    await expect(stage(half, { maxRejected: 0.4 })).rejects.toMatchObject({ code: 'list-too-many-rejected' });
    await expect(stage(half, { maxRejected: 0.5 })).resolves.toMatchObject({ report: { accepted: 1 } });
  });

  const list = ['id,md5', ...Array.from({ length: 5000 }, (_, i) => `${i % 4000},${md5(i % 4000)}`)].join('\n');

  it('goes on where it was stopped, to the same result', async () => {
    const whole = await stage(list, { entriesPerSegment: 1000 });
    for (const stopAfter of [1, 3]) {
      let checkpoint: StageCheckpoint | undefined;
      const staged: ManifestSegment[] = [];
      const stopped = stage(
        list,
        {
          entriesPerSegment: 1000,
          onSegment: async (segment, at) => {
            staged.push(segment);
            checkpoint = at;
            if (staged.length === stopAfter) throw new Error('the power went');
          },
        },
        10_000,
      );
      await expect(stopped).rejects.toThrow('the power went');
      const rest = await stage(list, { entriesPerSegment: 1000, resume: checkpoint }, 7_777);
      expect(rest.report).toEqual(whole.report);
      expect(rest.segments).toHaveLength(4 - stopAfter);
      expect(rest.entries).toEqual(whole.entries.slice(stopAfter * 1000));
    }
  });

  it('tells when the input is not the one it began with', async () => {
    let checkpoint: StageCheckpoint | undefined;
    await stage(list, {
      entriesPerSegment: 2000,
      onSegment: async (_, at) => {
        checkpoint ??= at;
      },
    });
    const resume = { entriesPerSegment: 2000, resume: checkpoint };
    await expect(stage(list.replace(md5(5), md5(99_999)), resume)).rejects.toMatchObject({
      code: 'import-source-changed',
    });
    await expect(stage(list.slice(0, 50_000), resume)).rejects.toMatchObject({ code: 'import-source-changed' });
  });

  it('stops when it is told to, also while the source says nothing', async () => {
    const controller = new AbortController();
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(list);
      controller.abort(new Error('enough'));
      await new Promise(() => undefined);
    }
    const run = stageSegments(slow(), { pool, blobs: new MemoryBlobStore(), signal: controller.signal });
    await expect(run).rejects.toThrow('enough');
  });

  it('leaves no blob behind when writing fails', async () => {
    let aborted = 0;
    const blobs = {
      create: async () => ({
        write: async () => {
          throw new Error('no space');
        },
        commit: async () => ({ id: 'x', bytes: 0 }),
        abort: async () => {
          aborted++;
        },
      }),
    };
    await expect(stage(list, { blobs })).rejects.toThrow('no space');
    expect(aborted).toBe(1);
  });
});
