/** The contract of the commands for videos: hash, scan, compare; without a service, and through one. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ffmpegNote, programs } from '../src/media/video/testing/video-pools.js';
import { parseTmk } from '../src/signals/tmk/tmk-file.js';
import { formatVpdqItem, parseVpdq } from '../src/signals/vpdq/vpdq-text.js';
import { jsonLines, type Running, start, vigie } from './command.js';
import { descendants } from './descendants.js';
import { newDataDir, type RunningService, startService } from './service.js';

// Every command is a process of its own; on a busy machine that adds up.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let root: string;
const inRoot = (name: string): string => join(root, name);

function ffmpeg(...words: readonly string[]): void {
  execFileSync(programs?.ffmpeg ?? '', ['-v', 'error', '-y', ...words], { cwd: root });
}
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1'];

interface HashLine {
  readonly path: string;
  readonly kind?: string;
  readonly sha256?: string;
  readonly video?: Readonly<Record<string, unknown>>;
  readonly vpdq?: readonly string[];
  readonly damaged?: true;
  readonly error?: { readonly code: string };
}

interface ScanLine {
  readonly verdict: string;
  readonly reason: string | null;
  readonly matches: readonly {
    readonly extent: string;
    readonly across: string;
    readonly video?: {
      readonly queryPercent: number;
      readonly knownPercent: number;
      readonly longestRunSeconds: number;
      readonly ranges: readonly { readonly query: [number, number]; readonly known: [number, number] }[];
    };
  }[];
}

/** Waits until a process decodes. @returns all that it has started */
async function decoding(pid: number | undefined) {
  return await vi.waitFor(
    () => {
      const all = descendants(pid ?? 0);
      expect(all.map(({ name }) => name)).toContain('ffmpeg');
      return all;
    },
    { timeout: 60_000, interval: 50 },
  );
}

describe.skipIf(programs === undefined)(`videos on the command line${ffmpegNote}`, () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-cli-video-'));
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=192x144:r=10:d=12,rotate=t/3', ...H264, '-g', '20', 'known.mp4');
    ffmpeg('-f', 'lavfi', '-i', 'mandelbrot=s=192x144:r=10', '-t', '4', ...H264, 'other.mp4');
    // Another size, another quality, another format.
    ffmpeg('-ss', '3', '-i', 'known.mp4', '-t', '7', '-vf', 'scale=160:-2', ...H264, '-crf', '32', 'cut.mkv');
    ffmpeg('-ss', '9', '-i', 'known.mp4', '-t', '2', ...H264, '-crf', '30', 'short.mp4');
    ffmpeg('-ss', '7', '-i', 'known.mp4', '-frames:v', '1', 'still.png');
    ffmpeg('-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac', 'sound.mp4');
    ffmpeg('-i', 'known.mp4', '-c', 'copy', '-movflags', '+faststart', 'whole.mp4');
    const whole = await readFile(inRoot('whole.mp4'));
    await writeFile(inRoot('truncated.mp4'), whole.subarray(0, whole.length / 2));
    await writeFile(inRoot('text.mp4'), 'ffconcat version 1.0\nfile known.mp4\n');
    await writeFile(inRoot('empty.mp4'), '');
    const list = await vigie(['hash', '--format', 'jsonl', inRoot('known.mp4')]);
    await writeFile(inRoot('list.jsonl'), list.stdout);
  });

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('hashes them as far as they go, and writes the files of other programs', async () => {
    const names = ['known.mp4', 'truncated.mp4', 'sound.mp4', 'text.mp4', 'empty.mp4'];
    const out = ['--vpdq', inRoot('hashes'), '--tmk', inRoot('hashes')];
    const outcome = await vigie(['hash', '--format', 'jsonl', ...out, ...names.map(inRoot)]);
    expect(outcome.code).toBe(1);
    const [known, truncated, sound, text, empty] = jsonLines<HashLine>(outcome);
    expect(known).toMatchObject({
      kind: 'video',
      video: { codec: 'h264', width: 192, height: 144, rotation: 0, seconds: 12, frames: 120 },
    });
    expect(known).not.toHaveProperty('error');
    expect(known?.vpdq?.map((each) => each.replace(/^[0-9a-f]{64},\d+,/, ''))).toEqual(
      Array.from({ length: 12 }, (_, second) => String(second)),
    );
    expect(truncated).toMatchObject({ damaged: true, error: { code: 'media-damaged' } });
    expect(truncated?.vpdq?.length).toBeGreaterThan(3);
    // The last one may show what the decoder made up.
    const certain = truncated?.vpdq?.slice(0, -1) ?? [];
    expect(certain).toEqual(known?.vpdq?.slice(0, certain.length));
    expect(sound).toMatchObject({ kind: 'video', error: { code: 'media-no-video' } });
    expect(sound?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect([text?.kind, text?.vpdq, empty?.error?.code]).toEqual(['other', undefined, 'media-empty']);

    const frames = parseVpdq(await readFile(inRoot('hashes/known.txt'), 'utf8'));
    expect(frames.map(formatVpdqItem)).toEqual(known?.vpdq);
    expect(frames.map(({ frame }) => frame)).toEqual(frames.map((_, i) => 10 * i));
    expect(parseTmk(await readFile(inRoot('hashes/known.tmk'))).frames).toBe(15 * 12);
    expect(
      ['truncated.txt', 'sound.txt', 'sound.tmk', 'text.txt'].map((name) => existsSync(inRoot(`hashes/${name}`))),
    ).toEqual([true, false, false, false]);
  });

  it('hashes as many frames as are asked for', async () => {
    const hash = async (every: string) =>
      jsonLines<HashLine>(await vigie(['hash', '--format', 'jsonl', '--every', every, inRoot('short.mp4')]))[0]?.vpdq;
    const [all, half] = await Promise.all([hash('0'), hash('0.5')]);
    expect([all?.length, half?.length]).toEqual([20, 4]);
    expect(all).toEqual(expect.arrayContaining([...(half ?? [])]));
  });

  it('finds a re-encoded cut by the list that was made of the whole, and says what it is of', async () => {
    const csv = await vigie(['hash', '--format', 'csv', inRoot('known.mp4')]);
    await writeFile(inRoot('list.csv'), csv.stdout);
    const scan = async (list: string, format: string, ...names: readonly string[]) =>
      await vigie(['scan', '--list', inRoot(list), '--format', format, ...names.map(inRoot)]);
    const names = ['cut.mkv', 'still.png', 'truncated.mp4', 'other.mp4', 'sound.mp4', 'text.mp4', 'empty.mp4'];
    const [outcome, table] = await Promise.all([
      scan('list.jsonl', 'jsonl', ...names),
      scan('list.csv', 'table', 'short.mp4'),
    ]);
    expect(outcome.code).toBe(20);
    const lines = jsonLines<ScanLine>(outcome);
    expect(lines.map(({ verdict, reason }) => reason ?? verdict)).toEqual([
      ...['match', 'match', 'match', 'nothing-known', 'kind-not-covered', 'kind-not-covered', 'media-empty'],
    ]);
    const [cut, still] = lines.map(({ matches }) => matches[0]);
    expect(cut).toMatchObject({ extent: 'full', across: 'same-kind' });
    expect(cut?.video?.queryPercent).toBeGreaterThan(80);
    expect(cut?.video?.longestRunSeconds).toBeGreaterThanOrEqual(5);
    const [range] = cut?.video?.ranges ?? [];
    expect((range?.known[0] ?? 0) - (range?.query[0] ?? 0)).toBeCloseTo(3, 0);
    expect(still).toMatchObject({
      extent: 'partial',
      across: 'frame-of-video',
      video: { ranges: [{ known: [7, 7] }] },
    });
    expect(table.code).toBe(10);
    expect(table.stdout).toMatch(/^match .* partly list\/\S+ \d+ % of it, 0:00–0:01 /m);
  });

  it('compares videos, stills and files of hashes', async () => {
    const compare = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await vigie(['compare', '--format', 'json', ...args]);
      return { code, stderr, ...(stdout === '' ? {} : JSON.parse(stdout)) };
    };
    await vigie(['hash', '--vpdq', inRoot('own'), '--tmk', inRoot('own'), inRoot('known.mp4')]);
    const [cut, none, still, tmk, wrong] = await Promise.all([
      compare(inRoot('cut.mkv'), inRoot('own/known.txt')),
      compare(inRoot('known.mp4'), inRoot('other.mp4')),
      compare(inRoot('still.png'), inRoot('known.mp4')),
      compare(inRoot('cut.mkv'), inRoot('own/known.tmk')),
      compare(inRoot('still.png'), inRoot('own/known.tmk')),
    ]);
    expect(cut).toMatchObject({ code: 0, signal: 'vpdq', match: true, rule: 'vigie', extent: 'full' });
    expect(cut.reference.cpp.frames).toEqual([7, 12]);
    const [first, second] = cut.reference.pytx.percents;
    expect([cut.reference.pytx.match, first >= 80, second < 80]).toEqual([true, true, true]);
    expect(none).toMatchObject({ code: 1, match: false, video: null, reference: { cpp: { percents: [0, 0] } } });
    expect(still).toMatchObject({ code: 0, signal: 'pdq', match: true, seconds: 7 });
    expect(tmk).toMatchObject({ code: 0, signal: 'tmk', match: true, thresholds: [0.7, 0.7] });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('[usage]') });
  });

  describe('a long one', () => {
    let service: RunningService;
    const data = () => ['--data', service.data];

    beforeAll(async () => {
      ffmpeg('-stream_loop', '500', '-i', 'other.mp4', '-c', 'copy', '-movflags', '+faststart', 'long.mp4');
      service = await startService({ data: await newDataDir() });
    });

    afterAll(async () => {
      await service?.[Symbol.asyncDispose]();
    });

    it.each(['hash', 'scan'])('is left at Ctrl-C by vigie %s, and no decoder stays behind', async (command) => {
      const list = command === 'scan' ? ['--list', inRoot('list.jsonl')] : [];
      const { child, done }: Running = start([command, ...list, inRoot('long.mp4')]);
      const started = await decoding(child.pid);
      child.kill('SIGINT');
      expect(await done).toMatchObject({ code: 130, stdout: '', stderr: '' });
      await vi.waitFor(() => expect(started.filter(({ pid }) => existsSync(`/proc/${pid}`))).toEqual([]), 10_000);
    });

    it('is scanned by the service, which tells the stretch, and ends when its client goes away', async () => {
      const imported = await vigie(['list', 'import', inRoot('list.jsonl'), '--name', 'clips', ...data()]);
      expect(imported.stderr).toContain('clips is at version 1 with 1 entries.');
      const outcome = await vigie(['scan', '--format', 'jsonl', inRoot('cut.mkv'), ...data()]);
      expect(outcome.code).toBe(10);
      const [line] = jsonLines<ScanLine>(outcome);
      expect(line?.matches[0]).toMatchObject({ extent: 'full', across: 'same-kind' });
      expect(line?.matches[0]?.video?.ranges[0]?.known[1]).toBeGreaterThan(7);

      const { child, done } = start(['scan', inRoot('long.mp4'), ...data()]);
      await decoding(service.process.pid);
      child.kill('SIGINT');
      expect((await done).code).toBe(130);
      const names = () => descendants(service.process.pid ?? 0).map(({ name }) => name);
      await vi.waitFor(() => expect(names()).not.toContain('ffmpeg'), 10_000);
      expect((await vigie(['scan', inRoot('short.mp4'), ...data()])).code).toBe(10);
    });
  });
});
