import { afterAll, describe, expect, it } from 'vitest';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { MINIMUM_QUALITY } from '../media-signals.js';
import { clipOf, makeClip, picturesOf, turned, WRITERS } from './testing/clips.js';
import { ffmpegNote, type Hashed, hashAll, programs, videoPool } from './testing/video-pools.js';

const plain = (pdq: Uint8Array) => pdq.subarray(0, 32);

/** How many frames of one have a near frame in the other. */
function found(some: Hashed, others: Hashed): number {
  const good = some.frames.filter(({ area, quality }) => area === 'full' && quality >= MINIMUM_QUALITY);
  const near = good.filter(({ pdq }) => others.frames.some((o) => hammingDistance(plain(pdq), plain(o.pdq)) <= 31));
  expect(good.length).toBeGreaterThan(5);
  return near.length / good.length;
}

describe.skipIf(programs === undefined)(`formats of video${ffmpegNote}`, () => {
  const pool = videoPool();
  afterAll(async () => {
    // Nothing here may have cost a process.
    expect(pool.restarts).toBe(0);
    await pool.close();
  });
  let first: Hashed | undefined;

  it.each(Object.keys(WRITERS))('%s', { timeout: 120_000 }, async (name) => {
    const hashed = await hashAll(pool, clipOf(name));
    const format = name.split(',')[0]?.replace('webm', 'matroska');
    expect(hashed.summary).toMatchObject({ format, width: 160, height: 120, damaged: false, incomplete: null });
    expect(hashed.summary.seconds).toBeGreaterThan(2.6);
    expect(hashed.summary.seconds).toBeLessThan(3.6);
    first ??= hashed;
    // The same pictures, whatever they are wrapped in.
    expect(found(first, hashed)).toBeGreaterThan(0.9);
    expect(found(hashed, first)).toBeGreaterThan(0.9);
    const times = hashed.frames.filter(({ area }) => area === 'full').map(({ seconds }) => seconds);
    expect(times[0]).toBeLessThan(0.3);
    for (let i = 1; i < times.length; i++) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeLessThanOrEqual(1.1);
  });

  it.each([0, 90, 180, 270])('turned by %i degrees: as shown, and as stored', async (degrees) => {
    const words = [...picturesOf({ size: '160x96' }), '-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
    const upright = await hashAll(pool, makeClip(words, 'mp4'));
    const told = turned(makeClip(words, 'mp4'), degrees);
    const hashed = await hashAll(pool, told);
    const [width, height] = degrees % 180 === 0 ? [160, 96] : [96, 160];
    expect(hashed.summary).toMatchObject({ rotation: degrees, width, height });
    // What is really turned, by the decoder's own hand.
    const turns = { 0: 'null', 90: 'transpose=clock', 180: 'hflip,vflip', 270: 'transpose=cclock' }[degrees] ?? 'null';
    const really = await hashAll(
      pool,
      makeClip([...picturesOf({ size: '160x96' }), '-vf', turns, ...words.slice(6)], 'mp4'),
    );
    expect(found(really, hashed)).toBeGreaterThan(0.9);
    const stored = hashed.frames
      .filter(({ area }) => area === 'stored')
      .map((each) => ({ ...each, area: 'full' as const }));
    expect(stored.length > 0).toBe(degrees !== 0);
    if (degrees !== 0) expect(found({ ...hashed, frames: stored }, upright)).toBeGreaterThan(0.9);
  });

  it('trims borders', async () => {
    const clip = (filter: string) =>
      makeClip([...picturesOf(), '-vf', filter, '-c:v', 'libx264', '-pix_fmt', 'yuv420p'], 'mp4');
    const bare = await hashAll(pool, clip('null'));
    const boxed = await hashAll(pool, clip('pad=160:200:0:40'));
    const trimmed = boxed.frames.filter(({ area }) => area === 'trimmed');
    expect(trimmed.length).toBeGreaterThan(5);
    expect(found(bare, { ...boxed, frames: trimmed })).toBeGreaterThan(0.8);
  });

  it('faithful frames are those of the stored picture, at their numbers', async () => {
    const clip = clipOf('mp4, H.264', { seconds: 4, fps: 25 });
    const { frames, summary } = await hashAll(pool, clip, { mode: 'faithful' });
    expect(frames.map(({ frame, seconds }) => [frame, seconds])).toEqual([
      [0, 0],
      [25, 1],
      [50, 2],
      [75, 3],
    ]);
    expect(summary).toMatchObject({ frames: 100, framesHashed: 4, incomplete: null });
    const every = await hashAll(pool, clip, { mode: 'faithful', secondsPerHash: 0 });
    expect(every.frames).toHaveLength(100);
    expect(every.frames[25]?.pdq).toEqual(frames[1]?.pdq);
  });
});
