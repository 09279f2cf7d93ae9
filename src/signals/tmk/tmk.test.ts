import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conformance, conformanceNote, readJson } from '../../../test/conformance.js';
import { PdqHasher } from '../pdq/pdq-hasher.js';
import { compareTmk, tmkLevel1, tmkLevel2 } from './compare-tmk.js';
import { TmkAccumulator } from './tmk-accumulator.js';
import { formatTmk, parseTmk } from './tmk-file.js';
import { kernelCoefficients, type TmkVideo } from './tmk-video.js';

/** A course of features: a few directions that turn into each other, at a pace of its own. */
function features(seed: number, frames: number): Float32Array[] {
  return Array.from({ length: frames }, (_, t) =>
    Float32Array.from({ length: 256 }, (_, k) => 40 * Math.sin(seed * 7.1 + k * (1 + seed) + t * 0.05 * (1 + (k % 5)))),
  );
}

function videoOf(all: readonly Float32Array[]): TmkVideo {
  const accumulator = new TmkAccumulator();
  for (const feature of all) accumulator.add(feature);
  return accumulator.finish();
}

describe('TMK', () => {
  it('gives a video score 1 with itself, and more with a part of it than with another video', () => {
    const all = features(1, 300);
    const whole = videoOf(all);
    expect(tmkLevel1(whole, whole)).toBeCloseTo(1, 6);
    expect(tmkLevel2(whole, whole)).toBeCloseTo(1, 6);
    const cut = videoOf(all.slice(60));
    expect(tmkLevel2(whole, cut)).toBeCloseTo(tmkLevel2(cut, whole), 6);
    const other = videoOf(features(2, 300));
    expect(compareTmk(whole, other)).toMatchObject({ level2: undefined, match: false });
    expect(tmkLevel2(whole, cut)).toBeGreaterThan(2 * tmkLevel2(whole, other));
  });

  it('finds the best offset that the kernel has, by the sums as they are defined', () => {
    const [a, b] = [videoOf(features(1, 40)), videoOf(features(1, 90).slice(35))];
    const { periods, coefficients, dimension } = a;
    const vector = (all: Float32Array, period: number, j: number) => {
      const at = (period * coefficients.length + j) * dimension;
      return all.subarray(at, at + dimension);
    };
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, k) => sum + value * (y[k] as number), 0);
    let best = 0;
    for (const [p, period] of periods.entries()) {
      const terms = Array.from(coefficients, (_, j) => {
        const [ac, as, bc, bs] = [a.cosines, a.sines, b.cosines, b.sines].map((all) => vector(all, p, j)) as [
          Float32Array,
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        return { j, even: dot(ac, bc) + dot(as, bs), odd: dot(as, bc) - dot(ac, bs) };
      });
      for (let offset = 0; offset < period; offset++) {
        const angle = (2 * Math.PI * offset) / period;
        const sum = terms.reduce(
          (s, { j, even, odd }) => s + Math.cos(j * angle) * even + Math.sin(j * angle) * odd,
          0,
        );
        best = Math.max(best, sum);
      }
    }
    const itself = coefficients.reduce((sum, a) => sum + 2 * a, 0) - (coefficients[0] as number);
    expect(tmkLevel2(a, b)).toBeCloseTo(best / itself, 9);
  });

  it('takes frames without any direction, and refuses a video without frames', () => {
    const black = new Float32Array(256);
    const video = videoOf([black, black]);
    expect(compareTmk(video, video)).toEqual({ level1: 0, level2: undefined, match: false });
    expect([...video.cosines, ...video.sines].every((value) => value === 0)).toBe(true);
    expect(() => new TmkAccumulator().finish()).toThrow(expect.objectContaining({ code: 'signal-invalid' }));
    expect(() => new TmkAccumulator().add(new Float32Array(255))).toThrow(
      expect.objectContaining({ code: 'signal-invalid' }),
    );
  });

  it('reads the file that it writes, and refuses one that is altered in its head, cut or longer', () => {
    const bytes = formatTmk(videoOf(features(3, 20)));
    expect(bytes.length).toBe(263_344);
    expect(Buffer.compare(formatTmk(parseTmk(bytes)), bytes)).toBe(0);
    const refuse = (altered: Uint8Array): void => {
      expect(() => parseTmk(altered)).toThrow(expect.objectContaining({ code: 'signal-invalid' }));
    };
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => refuse(bytes.subarray(0, length))),
      { numRuns: 50 },
    );
    refuse(Buffer.concat([bytes, Uint8Array.of(0)]));
    fc.assert(
      fc.property(fc.constantFrom(0, 4, 8, 16, 20, 24), fc.integer(), (at, value) => {
        const altered = bytes.slice();
        const view = new DataView(altered.buffer);
        fc.pre(view.getInt32(at, true) !== value);
        view.setInt32(at, value, true);
        refuse(altered);
      }),
    );
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const altered = bytes.slice();
      new DataView(altered.buffer).setFloat32(1000, value, true);
      refuse(altered);
    }
    const foreign = { ...parseTmk(bytes), framesPerSecond: 30 };
    expect(() => tmkLevel1(foreign, parseTmk(bytes))).toThrow(expect.objectContaining({ code: 'signal-invalid' }));
  });
});

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly level1: number;
  readonly level2: number;
}

interface Reference {
  readonly videos: Readonly<
    Record<string, { readonly frame_count_15fps: number; readonly pure_average_feature: readonly number[] }>
  >;
  readonly pairs_computed: readonly Pair[];
}

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

describe.skipIf(conformance === undefined)(`TMK+PDQF against the reference${conformanceNote}`, () => {
  it('has the coefficients and the form of its files, and their scores', () => {
    const { pairs_computed, videos } = readJson<Reference>('tmk.json');
    const known = new Map<string, TmkVideo>();
    for (const file of readdirSync(`${conformance}/tmk-sample`).filter((name) => name.endsWith('.tmk'))) {
      const bytes = new Uint8Array(readFileSync(`${conformance}/tmk-sample/${file}`));
      const video = parseTmk(bytes);
      const name = file.slice(0, -4);
      known.set(name, video);
      expect(Buffer.compare(formatTmk(video), bytes)).toBe(0);
      expect(video.frames).toBe(videos[name]?.frame_count_15fps);
      for (const [i, a] of kernelCoefficients().entries()) expect(a).toBeCloseTo(video.coefficients[i] as number, 7);
    }
    expect(known.size).toBeGreaterThan(0);
    let compared = 0;
    for (const { a, b, level1, level2 } of pairs_computed) {
      const [one, other] = [known.get(a), known.get(b)];
      if (one === undefined || other === undefined) continue;
      expect(Math.abs(tmkLevel1(one, other) - level1), `${a} ${b}`).toBeLessThan(1e-4);
      expect(Math.abs(tmkLevel2(one, other) - level2), `${a} ${b}`).toBeLessThan(1e-4);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(known.size);
  });

  it.skipIf(!hasFfmpeg)(
    `gives its scores for its clips${hasFfmpeg ? '' : ' (skipped: no ffmpeg)'}`,
    { timeout: 240_000 },
    async () => {
      const { pairs_computed, videos } = readJson<Reference>('tmk.json');
      const hasher = await PdqHasher.create();
      const made = new Map<string, TmkVideo>();
      for (const [name, { frame_count_15fps, pure_average_feature }] of Object.entries(videos)) {
        const file = `${conformance}/videos/${name}.mp4`;
        const filter = ['-r', '15', '-s', '64x64', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
        const raw = execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-i', file, ...filter], { maxBuffer: 2 ** 28 });
        const accumulator = new TmkAccumulator();
        for (let at = 0; at < raw.length; at += 64 * 64 * 3) {
          const data = raw.subarray(at, at + 64 * 64 * 3);
          accumulator.add(hasher.coefficients({ data, width: 64, height: 64, channels: 3 }));
        }
        const video = accumulator.finish();
        made.set(name, video);
        expect(video.frames, name).toBe(frame_count_15fps);
        const farthest = Math.max(...pure_average_feature.map((value, k) => Math.abs((video.average[k] ?? 0) - value)));
        expect(farthest, name).toBeLessThan(1e-2);
      }
      expect(pairs_computed.length).toBeGreaterThan(0);
      for (const { a, b, level1, level2 } of pairs_computed) {
        const [one, other] = [made.get(a) as TmkVideo, made.get(b) as TmkVideo];
        expect(Math.abs(tmkLevel1(one, other) - level1), `${a} ${b}`).toBeLessThan(1e-4);
        expect(Math.abs(tmkLevel2(one, other) - level2), `${a} ${b}`).toBeLessThan(1e-4);
      }
    },
  );
});
