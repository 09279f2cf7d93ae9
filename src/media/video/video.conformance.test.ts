import { closeSync, openSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { conformance, conformanceNote, readJson } from '../../../test/conformance.js';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { PdqHasher } from '../../signals/pdq/pdq-hasher.js';
import { containerOf } from './containers.js';
import { FfmpegFrameSource } from './ffmpeg-frame-source.js';
import { probe } from './probe.js';
import { ffmpegNote, hashAll, programs, videoPool } from './testing/video-pools.js';

interface VideoVector {
  readonly file: string;
  readonly fps: number;
  readonly frame_mod_at_1s: number;
  readonly hashes_1s: readonly {
    readonly frame: number;
    readonly pdq: string;
    readonly quality: number;
    readonly timestamp: number;
  }[];
  readonly hashes_every_frame: readonly (readonly [number, number, string, number])[];
}

const missing = conformance === undefined || programs === undefined;
const parse = (hex: string) => Buffer.from(hex, 'hex');
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe.skipIf(missing)(`videos against the vPDQ reference${conformanceNote}${ffmpegNote}`, () => {
  const { videos } = missing ? { videos: [] } : readJson<{ videos: VideoVector[] }>('vpdq.json');
  const pool = videoPool({ processes: 2 });
  afterAll(async () => await pool.close());

  it('gives the same frames, times, hashes and qualities, a hash a second', { timeout: 500_000 }, async () => {
    const results = videos.map(async ({ file, hashes_1s, frame_mod_at_1s, fps }) => {
      const { frames, summary } = await hashAll(pool, `${conformance}/${file}`, { mode: 'faithful' });
      expect(summary, file).toMatchObject({ damaged: false, incomplete: null });
      const told = frames.map(({ frame, seconds, quality, pdq }) => ({
        frame,
        pdq: toHex(pdq.subarray(0, 32)),
        quality,
        timestamp: Number(seconds.toFixed(3)),
      }));
      expect(told.map(({ frame }) => frame % frame_mod_at_1s).every((rest) => rest === 0)).toBe(true);
      expect(told, file).toEqual(
        hashes_1s.map((each) => ({ ...each, timestamp: Number((each.frame / fps).toFixed(3)) })),
      );
    });
    await Promise.all(results);
    expect(results.length).toBeGreaterThan(0);
  });

  it('gives the same for every frame', { timeout: 300_000 }, async () => {
    for (const { file, hashes_every_frame } of videos.filter((each) => /doorknob|padded/.test(each.file))) {
      const { frames } = await hashAll(pool, `${conformance}/${file}`, { mode: 'faithful', secondsPerHash: 0 });
      const told = frames.map(({ frame, quality, pdq }) => [frame, quality, toHex(pdq.subarray(0, 32))]);
      expect(told, file).toEqual(hashes_every_frame.map(([frame, quality, pdq]) => [frame, quality, pdq]));
    }
  });

  it('in fast mode is within 6 bits of the reference for 95 of 100 frames', { timeout: 500_000 }, async () => {
    const apart: number[] = [];
    const off: number[] = [];
    const some = videos.filter(({ file }) => !/chair-(19|20|22)|logo/.test(file));
    const work = some.map(async ({ file, hashes_every_frame, fps }) => {
      const { frames } = await hashAll(pool, `${conformance}/${file}`);
      for (const { area, frame, seconds, pdq } of frames) {
        const [, quality = 0, hash = ''] = hashes_every_frame[frame] ?? [];
        if (area !== 'full' || quality < 50) continue;
        apart.push(hammingDistance(pdq.subarray(0, 32), parse(hash)));
        off.push(Math.abs(seconds - frame / fps));
      }
    });
    await Promise.all(work);
    apart.sort((a, b) => a - b);
    // biome-ignore lint/suspicious/noConsole: these figures are what the suite is for
    console.info(
      `fast of faithful: ${apart.length} frames, within 6: ${apart.filter((d) => d <= 6).length}, ` +
        `mean ${(apart.reduce((sum, d) => sum + d, 0) / apart.length).toFixed(2)}, worst ${apart.at(-1)}`,
    );
    expect(Math.max(...off)).toBeLessThan(0.02);
    expect(apart.filter((d) => d <= 6).length / apart.length).toBeGreaterThanOrEqual(0.95);
  });

  it('gives the frames of the TMK reference', { timeout: 300_000 }, async () => {
    interface Tmk {
      readonly videos: Readonly<
        Record<string, { readonly frame_count_15fps: number; readonly pure_average_feature: readonly number[] }>
      >;
    }
    const hasher = await PdqHasher.create();
    const limits = { maxPixels: 1e8, maxAllocation: 2 ** 29 };
    const { videos: known } = readJson<Tmk>('tmk.json');
    for (const [name, { frame_count_15fps, pure_average_feature }] of Object.entries(known)) {
      if (!/doorknob|pattern-(hd|longer)|chair-19/.test(name)) continue;
      const medium = openSync(`${conformance}/videos/${name}.mp4`, 'r');
      const container = containerOf({ kind: 'video', format: 'mp4' }, new Uint8Array());
      if (container === undefined || programs === undefined) throw new Error('no decoder');
      const { shown: facts } = await probe(medium, container, programs, AbortSignal.timeout(20_000));
      const source = new FfmpegFrameSource(facts, { medium, container }, programs, limits);
      const sum = new Float64Array(256);
      let count = 0;
      const sampling = { kind: 'rate', perSecond: 15 } as const;
      const size = { width: 64, height: 64 };
      for await (const { picture } of source.frames({
        sampling,
        size,
        scaler: 'bicubic',
        pixels: 'rgb',
        turned: true,
      })) {
        hasher.hash({ ...size, data: picture.data, channels: 3 }, 'faithful');
        for (const [i, value] of hasher.stages().coefficients.entries()) sum[i] = (sum[i] ?? 0) + value;
        count++;
      }
      closeSync(medium);
      expect(count, name).toBe(frame_count_15fps);
      const off = pure_average_feature.map((value, i) => Math.abs(value - (sum[i] ?? 0) / count));
      expect(Math.max(...off), name).toBeLessThan(0.5);
    }
  });
});
