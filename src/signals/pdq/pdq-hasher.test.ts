import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { photographLike } from '../../../bench/pictures.js';
import { encodeHex } from '../text-decoding.js';
import { complement, DIHEDRAL_NAMES, type DihedralName } from './dihedral.js';
import { hammingDistance } from './hamming-distance.js';
import { PdqHasher, type PdqResult, type Pixels } from './pdq-hasher.js';

const { fround } = Math;
let hasher: PdqHasher;
beforeAll(async () => {
  hasher = await PdqHasher.create();
});

const hashOf = ({ hashes }: PdqResult, name: DihedralName = 'original'): Uint8Array => {
  const i = DIHEDRAL_NAMES.indexOf(name);
  return hashes.subarray(i * 32, i * 32 + 32);
};

const picture = (width: number, height: number, seed: number): Pixels => ({
  data: photographLike(width, height, seed),
  width,
  height,
  channels: 3,
});

/** The reference's box filter along one line, written as plainly as it can be. */
function boxLine(line: Float32Array, window: number): Float32Array {
  const out = new Float32Array(line.length);
  const half = Math.floor((window + 2) / 2);
  let [sum, count, left, right, at] = [0, 0, 0, 0, 0];
  const add = () => {
    sum = fround(sum + (line[right++] ?? 0));
  };
  const write = () => {
    out[at++] = fround(sum / count);
  };
  for (let i = 0; i < half - 1; i++) {
    add();
    count++;
  }
  for (let i = 0; i < window - half + 1; i++) {
    add();
    count++;
    write();
  }
  for (let i = 0; i < line.length - window; i++) {
    add();
    sum = fround(sum - (line[left++] ?? 0));
    write();
  }
  for (let i = 0; i < half - 1; i++) {
    sum = fround(sum - (line[left++] ?? 0));
    count--;
    write();
  }
  return out;
}

/** The 64 × 64 luma block, step by step on the whole plane. */
function plainBlock({ data, width, height, channels }: Pixels): Float32Array {
  const [r, g, b] = [fround(0.299), fround(0.587), fround(0.114)];
  let plane = Float32Array.from({ length: width * height }, (_, i) => {
    if (channels === 1) return data[i] ?? 0;
    const [red = 0, green = 0, blue = 0] = data.subarray(i * 3, i * 3 + 3);
    return fround(fround(fround(r * red) + fround(g * green)) + fround(b * blue));
  });
  for (let pass = 0; pass < 2; pass++) {
    const rows = new Float32Array(plane.length);
    for (let y = 0; y < height; y++) {
      rows.set(boxLine(plane.subarray(y * width, (y + 1) * width), Math.ceil(width / 128)), y * width);
    }
    const columns = new Float32Array(plane.length);
    for (let x = 0; x < width; x++) {
      const column = Float32Array.from({ length: height }, (_, y) => rows[y * width + x] ?? 0);
      for (const [y, value] of boxLine(column, Math.ceil(height / 128)).entries()) columns[y * width + x] = value;
    }
    plane = columns;
  }
  return Float32Array.from({ length: 4096 }, (_, k) => {
    const y = Math.floor((((k >> 6) + 0.5) * height) / 64);
    const x = Math.floor((((k & 63) + 0.5) * width) / 64);
    return plane[y * width + x] ?? 0;
  });
}

describe('PDQ, faithful', () => {
  it('makes the luma block of the plain algorithm, bit for bit, at any size', () => {
    const side = fc.oneof(fc.integer({ min: 5, max: 70 }), fc.integer({ min: 120, max: 400 }));
    fc.assert(
      fc.property(
        side,
        side,
        fc.constantFrom(1 as const, 3 as const),
        fc.nat(1_000),
        (width, height, channels, seed) => {
          if (width === 64 && height === 64) return;
          const data = photographLike(width, height, seed).subarray(0, width * height * channels);
          const pixels: Pixels = { data, width, height, channels };
          hasher.hash(pixels, 'faithful');
          expect(hasher.stages().block).toEqual(plainBlock(pixels));
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('takes bits above the lower median of the coefficients, lowest frequency last in the text', () => {
    const result = hasher.hash(picture(333, 222, 5), 'faithful');
    const { coefficients } = hasher.stages();
    const median = [...coefficients].sort((a, b) => a - b)[127] ?? 0;
    let value = 0n;
    for (const [k, coefficient] of coefficients.entries()) if (coefficient > median) value |= 1n << BigInt(k);
    expect(encodeHex(hashOf(result))).toBe(value.toString(16).padStart(64, '0'));
  });

  it('gives known hashes for drawn pictures', () => {
    const drawn = [picture(512, 512, 7), picture(800, 600, 8), picture(97, 211, 9)];
    expect(drawn.map((each) => encodeHex(hashOf(hasher.hash(each, 'faithful'))))).toEqual([
      '52f3b07c8396878ce79ec60cbcf23c4338633c05ae87cf850707070b7f84beb6',
      '56b8d5ad94ac8ccf69dcea58ac5828ceccccc43dd5a894b79d3c739321362a70',
      '9c17fc69e38fc070051634e9c92de5d2145bf38106bb3b0558db9f1e59a4aa3b',
    ]);
  });

  it('hashes a part of a picture through its stride as if it were cut out', () => {
    const whole = picture(300, 240, 3);
    const [left, top, width, height] = [31, 17, 200, 180];
    const stride = whole.width * 3;
    const part: Pixels = { data: whole.data.subarray(top * stride + left * 3), width, height, channels: 3, stride };
    const cut = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) cut.set(part.data.subarray(y * stride, y * stride + width * 3), y * width * 3);
    for (const mode of ['faithful', 'fast'] as const) {
      expect(hasher.hash(part, mode)).toEqual(hasher.hash({ data: cut, width, height, channels: 3 }, mode));
    }
  });

  it('refuses what is less than five pixels wide or high', () => {
    const tiny: Pixels = { data: new Uint8Array(4 * 90), width: 4, height: 90, channels: 1 };
    for (const mode of ['faithful', 'fast'] as const) {
      expect(() => hasher.hash(tiny, mode)).toThrow(expect.objectContaining({ code: 'media-too-small' }));
    }
  });

  it('gives an even picture quality 0', () => {
    const even: Pixels = { data: new Uint8Array(200 * 100).fill(90), width: 200, height: 100, channels: 1 };
    expect(hasher.hash(even, 'faithful').quality).toBe(0);
  });
});

describe('PDQ, dihedral and negative', () => {
  const turn = (
    { data, width, height }: Pixels,
    from: (x: number, y: number, w: number, h: number) => [number, number],
    swap: boolean,
  ): Pixels => {
    const [w, h] = swap ? [height, width] : [width, height];
    const out = new Uint8Array(data.length);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const [sx, sy] = from(x, y, width, height);
        out.set(data.subarray((sy * width + sx) * 3, (sy * width + sx) * 3 + 3), (y * w + x) * 3);
      }
    }
    return { data: out, width: w, height: h, channels: 3 };
  };

  it.each<[DihedralName, (x: number, y: number, w: number, h: number) => [number, number], boolean]>([
    ['rotate90', (x, y, w) => [w - 1 - y, x], true],
    ['rotate180', (x, y, w, h) => [w - 1 - x, h - 1 - y], false],
    ['rotate270', (x, y, _w, h) => [y, h - 1 - x], true],
    ['flipX', (x, y, _w, h) => [x, h - 1 - y], false],
    ['flipY', (x, y, w) => [w - 1 - x, y], false],
    ['flipPlus1', (x, y) => [y, x], true],
    ['flipMinus1', (x, y, w, h) => [w - 1 - y, h - 1 - x], true],
  ])('%s predicts the hash of the picture really turned so', (name, from, swap) => {
    // An odd window is symmetric, so that the prediction is near exact.
    const original = picture(640, 384, 21);
    const predicted = hashOf(hasher.hash(original, 'faithful'), name);
    const real = hashOf(hasher.hash(turn(original, from, swap), 'faithful'));
    expect(hammingDistance(predicted, real)).toBeLessThanOrEqual(20);
  });

  it('the negative has the complement hash', () => {
    const original = picture(400, 300, 22);
    const negative = { ...original, data: original.data.map((value) => 255 - value) };
    const hash = hashOf(hasher.hash(original, 'faithful'));
    expect(hammingDistance(complement(hash), hashOf(hasher.hash(negative, 'faithful')))).toBeLessThanOrEqual(4);
  });
});

describe('PDQ, fast', () => {
  /** Means of square cells, as a decoder that scales by a power of two gives them. */
  const shrink = ({ data, width, height }: Pixels, factor: number): Pixels => {
    const [w, h] = [Math.ceil(width / factor), Math.ceil(height / factor)];
    const out = new Uint8Array(w * h * 3);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let c = 0; c < 3; c++) {
          let [sum, count] = [0, 0];
          for (let sy = y * factor; sy < Math.min(height, (y + 1) * factor); sy++) {
            for (let sx = x * factor; sx < Math.min(width, (x + 1) * factor); sx++) {
              sum += data[(sy * width + sx) * 3 + c] ?? 0;
              count++;
            }
          }
          out[(y * w + x) * 3 + c] = Math.round(sum / count);
        }
      }
    }
    return { data: out, width: w, height: h, channels: 3, source: { width, height, factorX: factor, factorY: factor } };
  };

  it('is the faithful hash within rounding on whole pixels', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 70, max: 500 }),
        fc.integer({ min: 70, max: 500 }),
        fc.nat(1_000),
        (width, height, seed) => {
          const pixels = picture(width, height, seed);
          const [fast, faithful] = [hasher.hash(pixels, 'fast'), hasher.hash(pixels, 'faithful')];
          expect(hammingDistance(hashOf(fast), hashOf(faithful))).toBeLessThanOrEqual(2);
          expect(Math.abs(fast.quality - faithful.quality)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });

  it.each([2, 4, 8])('stays within 6 bits of faithful when the picture was scaled down by %i', (factor) => {
    for (let seed = 0; seed < 6; seed++) {
      const pixels = picture(1_300 + seed * 131, 1_100 + seed * 73, seed);
      const faithful = hashOf(hasher.hash(pixels, 'faithful'));
      expect(hammingDistance(hashOf(hasher.hash(shrink(pixels, factor), 'fast')), faithful)).toBeLessThanOrEqual(6);
    }
  });
});
