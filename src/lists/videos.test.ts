import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, EntrySignal } from '../index/entry.js';
import { MemoryFile } from '../index/memory-file.js';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { SegmentFile } from '../index/segment-file.js';
import { randomBytes, seeded } from '../index/testing/random.js';
import { MAX_VPDQ_FRAMES, type VpdqFrame, writeVpdqValue } from '../signals/vpdq/vpdq-frame.js';
import { formatVpdqFile, formatVpdqItem, formatVpdqJson } from '../signals/vpdq/vpdq-text.js';
import { type ExportFormat, exportEntries } from './export-list.js';
import type { ListFormat } from './formats/list-parser.js';
import { LINE_LIMIT } from './formats/list-parser.js';
import { rejectedInWords } from './import-report.js';
import { MemoryBlobStore } from './memory-blob-store.js';
import { type StageOptions, stageSegments } from './stage-segments.js';

const pool = new MemoryPool();

async function* cut(text: string, length: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** Stages a text and reads back what was staged. */
async function stage(text: string, options: Partial<StageOptions> = {}, length = 65_536) {
  const blobs = new MemoryBlobStore();
  const result = await stageSegments(cut(text, length), { pool, blobs, ...options });
  const entries: Entry[] = [];
  for (const { id } of result.segments) {
    const file = await SegmentFile.open(await blobs.open(id));
    for await (const { entry } of file.entries()) entries.push(entry);
  }
  return { ...result, entries };
}

function video(frames: number, seed = 1, quality = 80): VpdqFrame[] {
  const random = seeded(seed);
  return Array.from({ length: frames }, (_, i) => ({
    frame: i * 30,
    seconds: i,
    quality,
    pdq: randomBytes(random, 32),
  }));
}

const signalsOf = (frames: readonly VpdqFrame[]): EntrySignal[] =>
  frames.map((frame) => {
    const value = new Uint8Array(36);
    writeVpdqValue(frame, value);
    return { type: 'vpdq', value, quality: frame.quality, active: frame.quality >= 50 };
  });

const csvOf = (field: string): string => `id;kind;vpdq\nv;video;"${field.replaceAll('"', '""')}"\n`;
const vicsOf = (value: string): string =>
  JSON.stringify({
    '@odata.context': 'x',
    value: [{ MediaID: 'v', MimeType: 'video', AlternativeHashes: [{ HashName: 'vPDQ', HashValue: value }] }],
  });

describe('a list of videos', () => {
  it('is read from every format to the same entry, however the input is cut', async () => {
    const frames = [...video(6), ...video(1, 2, 49), { ...(video(1)[0] as VpdqFrame), seconds: 7.25 }];
    const lines = formatVpdqFile(frames);
    const json = formatVpdqJson(frames);
    const items = frames.map(formatVpdqItem);
    const objects = frames.map(({ pdq, ...rest }) => ({ ...rest, pdq: Buffer.from(pdq).toString('hex') }));
    const typed = objects.map(({ pdq, ...rest }) => ({ type: 'vpdq', value: pdq, ...rest }));
    const line = (fields: object): string => JSON.stringify({ id: 'v', kind: 'video', ...fields });
    const texts: readonly (readonly [ListFormat, string])[] = [
      ['csv', csvOf(json)],
      ['csv', csvOf(lines)],
      ['csv', csvOf(lines.replaceAll('\n', '\r\n'))],
      ['jsonl', line({ vpdq: items })],
      ['jsonl', line({ vpdq: objects })],
      ['jsonl', line({ vpdq: json })],
      ['jsonl', line({ VPDQ: lines })],
      ['jsonl', line({ signals: { vpdq: items } })],
      ['jsonl', line({ signals: typed })],
      ['jsonl', line({ signals: items.map((value) => ({ type: 'vpdq', value })) })],
      ['vics', vicsOf(json)],
      ['vics', vicsOf(lines)],
      ['vpdq', lines],
      ['vpdq', `\uFEFF${lines}`],
      ['vpdq', json],
      ['vpdq', JSON.stringify(objects, null, 1)],
    ];
    for (const [format, text] of texts) {
      for (const length of [65_536, 7]) {
        const { report, entries } = await stage(text, { name: 'v' }, length);
        expect(report.format).toBe(format);
        expect(entries, text.slice(0, 40)).toEqual([{ id: 'v', kind: 'video', signals: signalsOf(frames) }]);
        expect(report.signals).toEqual({ vpdq: { active: 7, inactive: 1, rejected: 0 } });
        expect(report.inactive).toEqual({
          'low-quality': { count: 1, lines: [format === 'csv' ? 2 : 1], frames: [7] },
        });
      }
    }
    const plain = await stage(`vpdq ${items[0]}\nvpdq ${json}\n`);
    expect(plain.report).toMatchObject({ format: 'typed', accepted: 2 });
    const lone = await stage(`${json}\n${formatVpdqJson(video(2, 3))}\n`, { format: 'lines', type: 'vpdq' });
    expect(lone.entries.map(({ signals }) => signals.length)).toEqual([8, 2]);
  });

  it('names the line and the number of each bad frame, keeps the others, and never tells a value', async () => {
    const frames = video(5);
    const items: unknown[] = frames.map(formatVpdqItem);
    const secret = Buffer.from(video(1, 9)[0]?.pdq as Uint8Array).toString('hex');
    items.splice(1, 0, `${secret},101,1`);
    items.splice(4, 0, { pdq: secret, quality: 90 }, 17, `${'0'.repeat(64)},90,1`, `${'0'.repeat(64)},0,1`);
    const { report, entries } = await stage(`\n${JSON.stringify({ id: 'v', vpdq: items })}\n`);
    expect(entries[0]?.signals.map(({ quality }) => quality)).toEqual([80, 80, 80, 0, 80, 80]);
    expect(report.rejected).toEqual({
      'malformed-signal': { count: 3, lines: [2, 2, 2], frames: [2, 5, 6] },
      'all-zero': { count: 1, lines: [2], frames: [7] },
    });
    expect(report.signals.vpdq).toEqual({ active: 5, inactive: 1, rejected: 4 });
    expect(report.inactive['low-quality']?.frames).toEqual([8]);
    expect(rejectedInWords(report)).toContain('3 malformed-signal, first on line 2, frame 2');
    const bad = await stage(`id,md5,vpdq\n`.concat(`a,${'1'.repeat(32)},not frames\n`));
    expect(bad.report.rejected).toEqual({ 'malformed-signal': { count: 1, lines: [2], frames: [1] } });
    for (const text of [`["${secret},100,0","${secret.slice(1)},100,1"]`, `0,100,${secret},0\n1,x,${secret},1\n`]) {
      const { report: told, entries: kept } = await stage(text, { name: 'v' });
      expect(kept[0]?.signals).toHaveLength(1);
      expect(told.rejected).toEqual({ 'malformed-signal': { count: 1, lines: [1], frames: [2] } });
    }
    const thrown = await stage(`["${secret.slice(1)},1,1"`, { format: 'vpdq' }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'list-all-rejected' });
    expect(String((thrown as { detail?: string }).detail)).not.toContain(secret.slice(1, 33));
  });

  it('takes two hours on one line in each format, ten hours, and no more', { timeout: 60_000 }, async () => {
    const frames = video(7200);
    const objects = frames.map(({ pdq, ...rest }) => ({ ...rest, pdq: Buffer.from(pdq).toString('hex') }));
    const items = frames.map(formatVpdqItem);
    for (const text of [
      csvOf(formatVpdqJson(frames)),
      csvOf(formatVpdqFile(frames)),
      JSON.stringify({ vpdq: objects, md5: '1'.repeat(32) }),
      vicsOf(formatVpdqFile(frames)),
      formatVpdqFile(frames),
    ]) {
      const { report } = await stage(`${text}\n`);
      expect(report).toMatchObject({ accepted: 1, signals: { vpdq: { active: 7200 } }, rejected: {} });
    }
    const long = Array.from({ length: MAX_VPDQ_FRAMES }, (_, i) => items[i % 7200]);
    const most = await stage(JSON.stringify({ vpdq: long }));
    expect(most.entries[0]?.signals).toHaveLength(MAX_VPDQ_FRAMES);
    const more = `${JSON.stringify({ vpdq: [...long, items[0]] })}\n${JSON.stringify({ vpdq: items.slice(0, 3) })}\n`;
    const { report } = await stage(more);
    expect(report.rejected).toEqual({ 'too-long': { count: 1, lines: [1] } });
    expect(report.accepted).toBe(1);
    const file = stage(formatVpdqFile(frames).repeat(Math.ceil(LINE_LIMIT / (7200 * 80))), { name: 'v' });
    await expect(file).rejects.toMatchObject({ code: 'list-all-rejected' });
  });

  it('is exported to what an import reads back to the same', async () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((pdq) => pdq.some((byte) => byte > 0));
    const frame = fc.record({
      frame: fc.nat(),
      seconds: fc.nat(4e9).map((ms) => ms / 1000),
      quality: fc.nat(100),
      pdq: hash,
    });
    const entry = fc.record({ frames: fc.array(frame, { maxLength: 8 }), still: hash });
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 5 }),
        fc.constantFrom<ExportFormat>('csv', 'jsonl'),
        async (all, format) => {
          const entries: Entry[] = all.map(({ frames, still }, i) => ({
            id: `e${i}`,
            kind: 'video',
            signals: [{ type: 'pdq', value: still, quality: 60, active: true }, ...signalsOf(frames)],
          }));
          const file = new MemoryFile();
          const source = async function* () {
            yield* entries;
          };
          expect(await exportEntries(source(), file, format)).toBe(entries.length);
          const { entries: back } = await stage(Buffer.from(file.bytes).toString());
          expect(back).toEqual(entries);
        },
      ),
      { numRuns: 40 },
    );
  });
});
