import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../config.js';
import { type EphemeralLists, loadListFile } from '../../lists/ephemeral.js';
import { MediaPool } from '../../media/pool.js';
import { makeClip } from '../../media/video/testing/clips.js';
import { ffmpegNote, programs, videoPool, vpdqOf } from '../../media/video/testing/video-pools.js';
import type { VideoPool } from '../../media/video/video-pool.js';
import { Scanner } from '../scanner.js';
import { slides } from './testing/slides.js';

const KNOWN = [1, 2, 3, 4, 5, 6, 7, 8];
const UNKNOWN = [31, 32, 33, 34, 35];
const WRITERS = {
  gif: ['gif', '-vf', 'fps=5'],
  webp: ['webp', '-vf', 'fps=5', '-c:v', 'libwebp_anim', '-quality', '80', '-loop', '0'],
  apng: ['png', '-vf', 'fps=2,scale=200:-2', '-f', 'apng', '-plays', '0'],
} as const;
/** The few colours of a GIF change a picture more that has little contrast. */
const clipOf = (seeds: readonly number[]) => slides(seeds, { words: ['-vf', 'eq=contrast=3'] });
const FORMATS = ['gif', 'webp', 'apng'] as const;

/** Real decoders, a list with a clip in it, and animations that ffmpeg made of clips. */
describe.skipIf(programs === undefined)(`Animated pictures of known videos${ffmpegNote}`, { timeout: 60_000 }, () => {
  let folder: string;
  let lists: EphemeralLists;
  let pool: MediaPool;
  let videos: VideoPool;
  let scanner: Scanner;

  /** An animation of a clip. */
  const animated = (format: keyof typeof WRITERS, seeds: readonly number[]) => {
    const [ending, ...words] = WRITERS[format];
    return makeClip(['-i', 'pipe:0', ...words], ending, clipOf(seeds));
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-scan-animation-'));
    pool = new MediaPool({ ...DEFAULTS.decoders, processes: 1 });
    videos = videoPool();
    const entries = [
      { id: 'clip', grade: 'A', vpdq: await vpdqOf(videos, clipOf(KNOWN)) },
      { id: 'short', vpdq: await vpdqOf(videos, clipOf([71, 72, 73])) },
    ];
    await writeFile(join(folder, 'known.jsonl'), entries.map((entry) => JSON.stringify(entry)).join('\n'));
    lists = await loadListFile(join(folder, 'known.jsonl'));
    scanner = new Scanner({ lists, pool, videos, maximumBytes: 2 ** 24, cacheBytes: 2 ** 22 });
  });
  afterAll(async () => {
    await Promise.all([pool.close(), videos.close()]);
    await lists.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(FORMATS)('%s of a known video is found in full, with where they agree', async (format) => {
    const bytes = animated(format, KNOWN.slice(1));
    // The second time from what is known of its signals.
    for (const _ of [1, 2]) {
      const verdict = await scanner.scan(bytes);
      expect(verdict).toMatchObject({ verdict: 'match', kind: 'image', format, total: 1, truncated: false });
      expect(verdict.seconds).toBeCloseTo(7, 0);
      const [match] = verdict.matches;
      expect(match).toMatchObject({ entry: 'clip', signal: 'vpdq', extent: 'full', across: 'same-kind', grade: 'A' });
      expect(match?.video?.knownPercent).toBeGreaterThan(50);
      expect(match?.video?.offsetSeconds).toBeCloseTo(1, 0);
    }
  });

  it('finds three pictures of one that stay for a second each, and in a longer animation', async () => {
    expect(await scanner.scan(animated('gif', [3, 4, 5]))).toMatchObject({ matches: [{ extent: 'full' }] });
    const embedded = await scanner.scan(animated('gif', [...UNKNOWN, ...KNOWN.slice(0, 7), ...UNKNOWN]));
    expect(embedded).toMatchObject({ verdict: 'match', matches: [{ entry: 'clip', extent: 'full' }] });
  });

  it.each(FORMATS)('%s of another video is not found', async (format) => {
    expect(await scanner.scan(animated(format, UNKNOWN))).toMatchObject({
      verdict: 'no-match',
      reason: 'nothing-known',
      matches: [],
    });
  });

  it('leaves one of two frames, however long they stay, and a small share of another one to people', async () => {
    for (const seeds of [
      [3, 6],
      [3, 3, 3, 3, 3, 6, 6, 6, 6, 6],
      [...UNKNOWN, ...UNKNOWN, ...UNKNOWN, 3, 6, ...UNKNOWN],
    ]) {
      const verdict = await scanner.scan(animated('gif', seeds));
      expect(verdict).toMatchObject({ verdict: 'match', total: 1, matches: [{ entry: 'clip', extent: 'partial' }] });
    }
  });
});
