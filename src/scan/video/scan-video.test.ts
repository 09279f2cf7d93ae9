import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../config.js';
import { type EphemeralLists, loadListFile } from '../../lists/ephemeral.js';
import { MediaPool } from '../../media/pool.js';
import { makeClip, soundOf } from '../../media/video/testing/clips.js';
import { ffmpegNote, hashAll, inPieces, programs, videoPool, vpdqOf } from '../../media/video/testing/video-pools.js';
import type { VideoPool, VideoPoolLike } from '../../media/video/video-pool.js';
import { VPDQ_BYTES, writeVpdqValue } from '../../signals/vpdq/vpdq-frame.js';
import { Keyring } from '../../storage/keyring.js';
import { Scanner, type ScannerOptions } from '../scanner.js';
import { SeenLog } from '../seen-log.js';
import { ModelLists } from './testing/model-lists.js';
import { slides } from './testing/slides.js';

const KNOWN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
/** Two seconds of one picture, then another picture in each frame: what a camera that is swung about gives. */
const RESTLESS = [...Array.from({ length: 20 }, () => 70), ...Array.from({ length: 80 }, (_, i) => 101 + i)];
const UNKNOWN = [31, 32, 33, 34, 35, 36, 37, 38];

/** Real decoders of pictures and videos, a list from a file, and clips of drawn pictures. */
describe.skipIf(programs === undefined)(`Scanning videos${ffmpegNote}`, () => {
  let folder: string;
  let lists: EphemeralLists;
  let pool: MediaPool;
  let videos: VideoPool;
  let known: Buffer;
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const scannerWith = (options: Partial<ScannerOptions> = {}): Scanner =>
    new Scanner({
      lists,
      pool,
      videos,
      maximumBytes: 2 ** 20,
      maximumVideoBytes: 8 * 2 ** 20,
      cacheBytes: 2 ** 22,
      ...options,
    });
  /** The same pool, counting the videos that it was given. */
  const counting = () => {
    const counted = { videos: 0 };
    const like: VideoPoolLike = {
      hash: (source, options) => {
        counted.videos++;
        return videos.hash(source, options);
      },
    };
    return { counted, like };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-scan-video-'));
    pool = new MediaPool({ ...DEFAULTS.decoders, processes: 1 });
    videos = videoPool();
    known = slides(KNOWN);
    const vpdq = await vpdqOf(videos, known);
    expect(vpdq).toHaveLength(KNOWN.length);
    const restless = await vpdqOf(videos, slides(RESTLESS, { perSecond: 10 }));
    const entries = [
      { id: 'restless', vpdq: restless },
      { id: 'clip', grade: 'A', vpdq },
      { id: 'bytes', sha256: sha256(slides([41, 42, 43])) },
      { id: 'text', sha256: sha256(Buffer.from('0000ftypmp42 no video at all')) },
    ];
    await writeFile(join(folder, 'known.jsonl'), entries.map((entry) => JSON.stringify(entry)).join('\n'));
    lists = await loadListFile(join(folder, 'known.jsonl'));
  });
  afterAll(async () => {
    await Promise.all([pool.close(), videos.close()]);
    await lists.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds a stretch of a known video that was cut out, made smaller and coded anew', async () => {
    const cut = slides(KNOWN.slice(3, 11), {
      words: ['-vf', 'scale=240:-2', '-c:v', 'mpeg4', '-q:v', '2', '-r', '8'],
      ending: 'avi',
    });
    const verdict = await scannerWith().scan(inPieces(cut, 8_192));
    expect(verdict).toMatchObject({ verdict: 'match', reason: null, kind: 'video', total: 1, truncated: false });
    const [match] = verdict.matches;
    expect(match).toMatchObject({ entry: 'clip', signal: 'vpdq', extent: 'full', across: 'same-kind', grade: 'A' });
    expect(match?.video?.longestRunSeconds).toBeGreaterThanOrEqual(4);
    expect(match?.video?.offsetSeconds).toBeCloseTo(3, 0);
  });

  it('looks closely where sampling stepped over what is known', async () => {
    // A frame less at the beginning: samples each fifth of a second fall between the frames that are listed.
    const shifted = slides(RESTLESS.slice(1), { perSecond: 10, words: ['-crf', '26'] });
    const { counted, like } = counting();
    const unasked: VideoPoolLike = {
      hash: (source, { closer: _closer, ...options }) => like.hash(source, options),
    };
    const sampled = await scannerWith({ videos: unasked }).scan(shifted);
    expect(sampled).toMatchObject({ verdict: 'match', matches: [{ entry: 'restless', extent: 'partial' }] });
    const closely = await scannerWith({ videos: like }).scan(shifted);
    expect(closely).toMatchObject({ verdict: 'match', matches: [{ entry: 'restless', extent: 'full' }] });
    expect(counted.videos).toBe(2);
  });

  it('tells a match before the rest has come', async () => {
    const begun = KNOWN.length - 2;
    const bytes = slides(KNOWN);
    let left = 0;
    const stalling = async function* () {
      for await (const piece of inPieces(bytes.subarray(0, Math.floor((bytes.length * begun) / KNOWN.length)), 4_096)) {
        yield piece;
      }
      try {
        await new Promise<never>((_resolve, reject) => {
          setTimeout(() => reject(new Error('the scan waited for more')), 50_000).unref();
        });
      } finally {
        left++;
      }
    };
    const verdict = await scannerWith().scan(stalling());
    expect(verdict).toMatchObject({ verdict: 'match', matches: [{ entry: 'clip', extent: 'full' }] });
    expect(verdict.ms).toMatchObject({
      probe: expect.any(Number),
      decode: expect.any(Number),
      hash: expect.any(Number),
    });
    expect(left).toBe(0);
  });

  it('looks at all of an unknown one, once, and knows it again by its bytes and by its file id', async () => {
    const { counted, like } = counting();
    const scanner = scannerWith({ videos: like });
    const bytes = slides(UNKNOWN);
    const first = await scanner.scan(bytes, { fileId: 'one' });
    expect(first).toMatchObject({ verdict: 'no-match', reason: 'nothing-known', kind: 'video', damaged: false });
    expect(first.seconds).toBeCloseTo(UNKNOWN.length, 0);
    expect(await scanner.scan(inPieces(bytes), { fileId: 'two' })).toMatchObject({ reason: 'nothing-known' });
    for (const fileId of ['one', 'two']) {
      const again = await scanner.scan(new Uint8Array(), { fileId });
      expect(again).toMatchObject({ verdict: 'no-match', reason: 'nothing-known', kind: 'video' });
      expect(again.framesHashed).toBe(first.framesHashed);
    }
    expect(counted.videos).toBeLessThanOrEqual(2);
    expect(scanner.cache.size).toBe(1);
  });

  it('matches what it knows from the cache against the lists as they are now', async () => {
    const scanner = scannerWith();
    const part = slides([51, 52, ...KNOWN.slice(0, 2), 53, 54], { words: ['-crf', '30'] });
    const [first, again] = [await scanner.scan(part), await scanner.scan(part)];
    expect(first).toMatchObject({ verdict: 'match', matches: [{ entry: 'clip', extent: 'partial' }] });
    expect(again.matches).toEqual(first.matches);
  });

  it('looks closely at what it knows from the cache when lists came since for which that tells more', async () => {
    const model = new ModelLists({ living: [] });
    const { counted, like } = counting();
    const scanner = scannerWith({ lists: model, videos: like });
    const shifted = slides(RESTLESS.slice(1), { perSecond: 10, words: ['-crf', '26'] });
    expect(await scanner.scan(shifted, { fileId: 'shifted' })).toMatchObject({ verdict: 'no-match' });
    const { frames } = await hashAll(videos, slides(RESTLESS, { perSecond: 10 }), { mode: 'faithful' });
    const signals = frames.map(({ pdq, quality, seconds }) => {
      const value = new Uint8Array(VPDQ_BYTES);
      writeVpdqValue({ pdq: pdq.subarray(0, 32), seconds }, value);
      return { type: 'vpdq', value, quality, active: quality >= 50 } as const;
    });
    model.replace('living', [{ id: 'restless', kind: 'video', signals }]);
    // Without the bytes the signals are all there is.
    const told = await scanner.scan(new Uint8Array(), { fileId: 'shifted' });
    expect(told).toMatchObject({ verdict: 'match', matches: [{ entry: 'restless', extent: 'partial' }] });
    expect(counted.videos).toBe(1);
    const closely = await scanner.scan(shifted, { fileId: 'shifted' });
    expect(closely).toMatchObject({ verdict: 'match', matches: [{ entry: 'restless', extent: 'full' }] });
    expect(counted.videos).toBe(2);
  });

  it('does not look closely again at what it knows when that was done', async () => {
    const { counted, like } = counting();
    const scanner = scannerWith({ videos: like });
    const part = slides([51, 52, ...KNOWN.slice(0, 2), 53, 54], { words: ['-crf', '30'] });
    const [first, again] = [await scanner.scan(part, { fileId: 'a' }), await scanner.scan(part, { fileId: 'a' })];
    expect(again.matches).toEqual(first.matches);
    expect(first).toMatchObject({ matches: [{ extent: 'partial' }] });
    expect(counted.videos).toBe(1);
  });

  it('finds one with borders of its own, between new ones and mirrored', async () => {
    const boxed = slides(KNOWN, { words: ['-vf', 'pad=iw*1.4:ih:(ow-iw)/2:0'] });
    const entry = { id: 'boxed', vpdq: await vpdqOf(videos, boxed) };
    await writeFile(join(folder, 'boxed.jsonl'), JSON.stringify(entry));
    const own = await loadListFile(join(folder, 'boxed.jsonl'));
    const words = ['-vf', 'pad=iw*1.4:ih:(ow-iw)/2:0,pad=iw:ih*1.4:0:(oh-ih)/2,hflip'];
    const verdict = await scannerWith({ lists: own }).scan(slides(KNOWN, { words }));
    expect(verdict).toMatchObject({
      verdict: 'match',
      matches: [{ entry: 'boxed', extent: 'full', view: 'trimmed-height+flipY' }],
    });
    await own.close();
  });

  it('finds by its bytes what no decoder would have to look at, and what none can', async () => {
    expect(await scannerWith().scan(slides([41, 42, 43]))).toMatchObject({
      verdict: 'match',
      matches: [{ entry: 'bytes', signal: 'sha256', extent: 'full', across: 'same-kind' }],
    });
    const text = Buffer.from('0000ftypmp42 no video at all');
    expect(await scannerWith().scan(text)).toMatchObject({ verdict: 'match', matches: [{ entry: 'text' }] });
    const other = Buffer.from('0000ftypmp42 no video at all!');
    expect(await scannerWith().scan(other)).toMatchObject({ verdict: 'could-not-tell', kind: 'video', damaged: true });
  });

  it('says that there is no decoder, and still knows what it knows by its bytes', async () => {
    const bytes = slides([41, 42, 43]);
    const { videos: _none, ...without } = { lists, pool, videos, maximumBytes: 2 ** 20, cacheBytes: 2 ** 20 };
    const scanner = new Scanner(without);
    expect(await scanner.scan(inPieces(bytes))).toMatchObject({ verdict: 'match', matches: [{ entry: 'bytes' }] });
    const verdict = await scanner.scan(slides([42, 43]));
    expect(verdict).toMatchObject({ verdict: 'could-not-tell', reason: 'video-decoder-missing', kind: 'video' });
  });

  it('looks at a damaged one as far as it goes', async () => {
    const bytes = slides(UNKNOWN, { ending: 'ts' });
    const verdict = await scannerWith().scan(bytes.subarray(0, Math.floor(bytes.length / 2)));
    expect(verdict.framesHashed).toBeGreaterThan(1);
    expect(['no-match', 'could-not-tell']).toContain(verdict.verdict);
    const whole = slides(KNOWN);
    const known = await scannerWith().scan(whole.subarray(0, Math.floor(whole.length * 0.8)));
    expect(known).toMatchObject({ verdict: 'match', matches: [{ entry: 'clip', extent: 'full' }] });
  });

  it('has nothing to look at in sound alone, and tries its exact hashes', async () => {
    const sound = makeClip([...soundOf(1), '-c:a', 'aac'], 'mp4');
    expect(await scannerWith().scan(sound)).toMatchObject({ verdict: 'no-match', reason: 'kind-not-covered' });
  });

  it.each([
    [
      'a free box before the box that names the format',
      (mp4: Buffer) => Buffer.concat([Buffer.from('\0\0\0\x08free', 'latin1'), mp4]),
    ],
    [
      'the brand of a sound file',
      (mp4: Buffer) => Buffer.concat([mp4.subarray(0, 8), Buffer.from('M4A '), mp4.subarray(12)]),
    ],
  ])('looks at a video that begins with %s', async (_, disguise) => {
    // In fragments, whose places are told from their own beginning.
    const words = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof'];
    const mp4 = slides(KNOWN.slice(2, 10), { ending: 'mp4', words });
    expect(await scannerWith().scan(disguise(mp4))).toMatchObject({ verdict: 'match', matches: [{ entry: 'clip' }] });
  });

  /** Tracks of the same pictures, the first of them as negatives. */
  const tracks = (seeds: readonly number[], count: number, words: readonly string[] = []) =>
    slides(seeds, {
      words: [...Array.from({ length: count }, () => ['-map', '0:v']).flat(), '-filter:v:0', 'negate', ...words],
    });

  it('looks at each of several tracks, and never says of those it did not look at that nothing is known', async () => {
    expect(await scannerWith().scan(tracks(UNKNOWN, 2))).toMatchObject({ verdict: 'no-match', kind: 'video' });
    expect(await scannerWith().scan(tracks(KNOWN, 2))).toMatchObject({
      verdict: 'match',
      matches: [{ entry: 'clip', extent: 'full' }],
    });
    expect(await scannerWith().scan(tracks(UNKNOWN, 6))).toMatchObject({ verdict: 'could-not-tell', kind: 'video' });
  });

  it('looks at a cover beside moving pictures as at a still', async () => {
    const cover = (seeds: readonly number[]) => {
      const words = [
        '-c:v:1',
        'mjpeg',
        '-pix_fmt:v:1',
        'yuvj420p',
        '-frames:v:1',
        '1',
        '-disposition:v:1',
        'attached_pic',
      ];
      const all = [...Array.from({ length: 2 }, () => ['-map', '0:v']).flat(), '-filter:v:0', 'negate', ...words];
      return slides(seeds, { ending: 'mp4', words: all });
    };
    expect(await scannerWith().scan(cover(UNKNOWN))).toMatchObject({ verdict: 'no-match', kind: 'video' });
    expect(await scannerWith().scan(cover(KNOWN))).toMatchObject({
      verdict: 'match',
      matches: [{ entry: 'clip', extent: 'partial' }],
    });
  });

  it('refuses what is too long, whether it says so or not', async () => {
    const scanner = scannerWith({ maximumVideoBytes: 20_000 });
    const bytes = slides(UNKNOWN);
    await expect(scanner.scan(inPieces(bytes))).rejects.toMatchObject({ code: 'media-too-large' });
    const declared = { declaredLength: bytes.length };
    await expect(scanner.scan(inPieces(bytes), declared)).rejects.toMatchObject({ code: 'media-too-large' });
  });

  it('lets go at once when nobody waits any more', async () => {
    const controller = new AbortController();
    const gone = new Error('gone');
    const endless = async function* () {
      for await (const piece of inPieces(slides(UNKNOWN), 2_048)) yield piece;
      controller.abort(gone);
      await new Promise(() => undefined);
    };
    await expect(scannerWith().scan(endless(), { signal: controller.signal })).rejects.toBe(gone);
    // The one decoder is free again.
    expect(await scannerWith().scan(slides([61, 62]))).toMatchObject({ verdict: 'no-match' });
  });

  it('keeps a frame a second for later entries', async () => {
    const seen = new SeenLog(join(folder, 'seen'), new Keyring([new Uint8Array(32).fill(1)], 'file'));
    await scannerWith({ seen }).scan(slides(UNKNOWN));
    const records = [];
    for await (const record of seen.records()) records.push(record);
    await seen.close();
    const full = records.flatMap(({ hashes }) => hashes).filter(({ area }) => area === 'full');
    expect(full.length).toBeGreaterThanOrEqual(UNKNOWN.length - 1);
    expect(full.length).toBeLessThanOrEqual(UNKNOWN.length + 1);
  });
});
