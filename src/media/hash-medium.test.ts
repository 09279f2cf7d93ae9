import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import {
  type Drawn,
  draw,
  inFewColours,
  inSixteenGreys,
  SAMPLES,
  toSharp,
  withAlpha,
  writeApng,
} from '../../bench/media-samples.js';
import { orient, type Picture } from './picture.js';
import { hammingDistance, hashHere, hashOf, hashOfPixels } from './testing/hash-here.js';

const picture = draw(640, 480, 5);
const expected = hashOfPixels(picture.rgb, picture.width, picture.height);

/** What is written of a picture, where the format cannot hold all of it. */
const REDUCED: Readonly<Record<string, (picture: Drawn) => Drawn>> = {
  'png, palette': inFewColours,
  'png, palette of 16': inSixteenGreys,
  gif: inFewColours,
  'gif, animated': inFewColours,
};

/** Hash of the pixels that a file of this kind holds of a picture. */
async function expectedFor(name: string, bytes: Uint8Array, { rgb, width, height }: Drawn): Promise<Uint8Array> {
  if (!name.includes('CMYK')) return hashOfPixels(REDUCED[name]?.({ rgb, width, height }).rgb ?? rgb, width, height);
  // The four inks as they are in the file, mixed by the plain formula.
  const inks = await sharp(bytes).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
  const mixed = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const at = Math.floor(i / 3) * 4;
    return Math.round(((255 - (inks[at + (i % 3)] as number)) * (255 - (inks[at + 3] as number))) / 255);
  });
  return hashOfPixels(mixed, width, height);
}

describe('every format and colour mode', () => {
  it.each(Object.keys(SAMPLES))('%s', async (name) => {
    const bytes = await (SAMPLES[name] as (typeof SAMPLES)[string])(picture);
    const faithful = await hashHere(bytes);
    const format = name.split(',')[0];
    expect(faithful).toMatchObject({
      kind: 'image',
      format,
      width: 640,
      height: 480,
      damaged: false,
      incomplete: null,
    });
    const wanted = await expectedFor(name, bytes, picture);
    expect(hammingDistance(hashOf(faithful), wanted)).toBeLessThanOrEqual(6);
    const fast = await hashHere(bytes, 'fast');
    expect(hammingDistance(hashOf(fast), hashOf(faithful))).toBeLessThanOrEqual(6);
    const frames = /animated|pages|apng/.test(name) ? 3 : 1;
    expect(faithful).toMatchObject({ frames, framesHashed: frames });
    for (const [frame, seed] of frames === 3 ? [[1, 901] as const, [2, 902] as const] : []) {
      const other = draw(640, 480, seed);
      const distance = hammingDistance(hashOf(faithful, 'full', frame), await expectedFor(name, bytes, other));
      expect(distance).toBeLessThanOrEqual(6);
    }
  });

  it('is exact where nothing is lost', async () => {
    for (const name of ['png', 'png, interlaced', 'png, opaque alpha', 'webp, lossless', 'tiff', 'apng', 'bmp']) {
      const bytes = await (SAMPLES[name] as (typeof SAMPLES)[string])(picture);
      expect(hammingDistance(hashOf(await hashHere(bytes)), expected), name).toBe(0);
      expect(hammingDistance(hashOf(await hashHere(bytes, 'fast')), expected), name).toBeLessThanOrEqual(2);
    }
  });

  it.each([
    [1_920, 1_080],
    [1_080, 1_620],
    [3_000, 2_000],
  ])('decodes a large JPEG of %i × %i at a smaller scale without another hash', async (width, height) => {
    const large = draw(width, height, 11);
    const bytes = await toSharp(large).jpeg({ quality: 88 }).toBuffer();
    const fast = await hashHere(bytes, 'fast');
    expect(fast).toMatchObject({ width, height });
    expect(hammingDistance(hashOf(fast), hashOf(await hashHere(bytes)))).toBeLessThanOrEqual(6);
  });
});

describe('orientation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i is hashed as a viewer shows it, and as it is stored', async (orientation) => {
    const bytes = await toSharp(picture).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
    const shown = await sharp(bytes, { autoOrient: true }).raw().toBuffer({ resolveWithObject: true });
    const { width, height } = shown.info;
    for (const mode of ['faithful', 'fast'] as const) {
      const signals = await hashHere(bytes, mode);
      expect(signals).toMatchObject({ width, height });
      const seen = hashOfPixels(shown.data, width, height);
      expect(hammingDistance(hashOf(signals), seen)).toBeLessThanOrEqual(mode === 'fast' ? 2 : 0);
      const areas = signals.hashes.map(({ area }) => area);
      expect(areas).toEqual(orientation === 1 ? ['full'] : ['full', 'stored']);
      if (orientation > 1) expect(hammingDistance(hashOf(signals, 'stored'), expected)).toBeLessThanOrEqual(6);
    }
  });

  it('turns pixels as the specification says', () => {
    // 1 2 3
    // 4 5 6
    const stored: Picture = { frame: 0, data: Uint8Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 2, channels: 1 };
    const turned = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => [...orient(stored, orientation).data].join(''));
    expect(turned).toEqual(['123456', '321654', '654321', '456123', '142536', '415263', '635241', '362514']);
  });
});

describe('transparency', () => {
  const rgba = withAlpha(picture);
  const flat = (background: number) =>
    Uint8Array.from({ length: 640 * 480 * 3 }, (_, i) => {
      const at = Math.floor(i / 3);
      const alpha = rgba[at * 4 + 3] as number;
      return Math.round(((rgba[at * 4 + (i % 3)] as number) * alpha + background * (255 - alpha)) / 255);
    });

  it.each(['png', 'webp'] as const)('%s is hashed on white, on black and by its colours alone', async (format) => {
    const image = sharp(rgba, { raw: { width: 640, height: 480, channels: 4 } });
    const bytes = await image.toFormat(format, { lossless: true, exact: true }).toBuffer();
    const signals = await hashHere(bytes);
    expect(hammingDistance(hashOf(signals, 'full'), hashOfPixels(flat(255), 640, 480))).toBeLessThanOrEqual(2);
    expect(hammingDistance(hashOf(signals, 'over-black'), hashOfPixels(flat(0), 640, 480))).toBeLessThanOrEqual(2);
    expect(hammingDistance(hashOf(signals, 'opaque'), expected)).toBe(0);
  });

  it('finds a grey picture with transparency', async () => {
    const grey = await toSharp(picture).greyscale().raw().toBuffer();
    const joined = Uint8Array.from({ length: grey.length * 2 }, (_, i) =>
      i % 2 === 0 ? (grey[i >> 1] as number) : (rgba[(i >> 1) * 4 + 3] as number),
    );
    const bytes = await sharp(joined, { raw: { width: 640, height: 480, channels: 2 } })
      .png()
      .toBuffer();
    const signals = await hashHere(bytes);
    expect(hammingDistance(hashOf(signals, 'opaque'), hashOfPixels(grey, 640, 480, 1))).toBeLessThanOrEqual(2);
  });
});

describe('borders', () => {
  const bordered = (colour: string, sides: { top?: number; bottom?: number; left?: number; right?: number }) =>
    toSharp(picture)
      .extend({ ...sides, background: colour })
      .jpeg({ quality: 90 })
      .toBuffer();

  it.each([
    ['letterbox', { top: 80, bottom: 80 }],
    ['pillarbox', { left: 120, right: 120 }],
    ['frame', { top: 30, bottom: 30, left: 30, right: 30 }],
    ['one side', { bottom: 200 }],
  ])('a %s is taken off', async (_name, sides) => {
    for (const colour of ['#000', '#fff', '#306090']) {
      for (const mode of ['faithful', 'fast'] as const) {
        const signals = await hashHere(await bordered(colour, sides), mode);
        expect(hammingDistance(hashOf(signals, 'trimmed'), expected), colour).toBeLessThanOrEqual(12);
        expect(hammingDistance(hashOf(signals), expected)).toBeGreaterThan(12);
      }
    }
  });

  it('are taken off in one direction alone too, where there are some in both', async () => {
    const boxed = await toSharp(picture).extend({ left: 90, right: 90, background: '#000' }).png().toBuffer();
    const own = await hashHere(boxed);
    expect(own.hashes.map(({ area }) => area)).toEqual(['full', 'trimmed']);
    const again = sharp(boxed).extend({ top: 100, bottom: 60, background: '#000' });
    const signals = await hashHere(await again.jpeg({ quality: 90 }).toBuffer());
    expect(signals.hashes.map(({ area }) => area)).toEqual(['full', 'trimmed', 'trimmed-height', 'trimmed-width']);
    expect(hammingDistance(hashOf(signals, 'trimmed-height'), hashOf(own))).toBeLessThanOrEqual(12);
    expect(hammingDistance(hashOf(signals, 'trimmed'), hashOf(own, 'trimmed'))).toBeLessThanOrEqual(12);
  });

  it('is taken off a large picture that is decoded at a smaller scale', async () => {
    const large = draw(2_400, 1_800, 21);
    const image = toSharp(large).extend({ top: 300, bottom: 300, background: '#000' });
    const signals = await hashHere(await image.jpeg({ quality: 90 }).toBuffer(), 'fast');
    expect(hammingDistance(hashOf(signals, 'trimmed'), hashOfPixels(large.rgb, 2_400, 1_800))).toBeLessThanOrEqual(12);
  });

  it('leaves pictures without borders, and even ones, alone', async () => {
    const areas = async (image: Sharp) => (await hashHere(await image.png().toBuffer())).hashes.map(({ area }) => area);
    expect(await areas(toSharp(picture))).toEqual(['full']);
    expect(await areas(sharp({ create: { width: 200, height: 200, channels: 3, background: '#777' } }))).toEqual([
      'full',
    ]);
  });
});

describe('animations', () => {
  const small = (seed: number): Drawn => draw(64, 48, seed);
  const animate = async (count: number, frame: (i: number) => Drawn) =>
    sharp(await Promise.all(Array.from({ length: count }, (_, i) => toSharp(frame(i)).png().toBuffer())), {
      join: { animated: true },
    });

  it('hashes frames that are equal once, and says how many were looked at', async () => {
    const image = await animate(6, (i) => small(i < 3 ? 1 : 2));
    const signals = await hashHere(await image.webp({ lossless: true }).toBuffer());
    expect(signals.incomplete).toBeNull();
    expect(new Set(signals.hashes.map(({ pdq }) => Buffer.from(pdq).toString('hex'))).size).toBe(2);
  });

  it('says when each frame is shown, as browsers show it', async () => {
    const image = await animate(4, (i) => small(i + 1));
    for (const format of ['gif', 'webp'] as const) {
      const bytes = await image.toFormat(format, { delay: [400, 0, 10, 250] }).toBuffer();
      const { hashes, seconds } = await hashHere(bytes);
      const shown = hashes.filter(({ area }) => area === 'full').map((each) => each.shown?.map((at) => at.toFixed(2)));
      expect({ format, shown }).toEqual({
        format,
        shown: [
          ['0.00', '0.40'],
          ['0.40', '0.50'],
          ['0.50', '0.60'],
          ['0.60', '0.85'],
        ],
      });
      expect(seconds).toBeCloseTo(0.85);
    }
    // Frames that repeat the one before belong to it; of what does not move nothing is said.
    const png = await toSharp(small(1)).png().toBuffer();
    const part = { png, width: 64, height: 48, left: 0, top: 0 };
    const same = await hashHere(writeApng(64, 48, [part, part, part]));
    expect(same).toMatchObject({
      frames: 3,
      seconds: expect.closeTo(0.3),
      hashes: [{ shown: [0, expect.closeTo(0.3)] }],
    });
    expect((await hashHere(png)).hashes[0]).not.toHaveProperty('shown');
  });

  it('takes evenly spread frames of one that is longer than the limit', async () => {
    const image = await animate(40, (i) => small(i + 1));
    const signals = await hashHere(await image.webp({ lossless: true }).toBuffer(), 'fast', { maxFrames: 10 });
    expect(signals).toMatchObject({ frames: 40, framesHashed: 10, incomplete: null });
    expect(signals.hashes.map(({ frame }) => frame)).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36]);
  });

  it('keeps the frames before the place where a file is cut short, and says that it is', async () => {
    for (const format of ['gif', 'webp'] as const) {
      const image = await animate(8, (i) => small(i + 1));
      const bytes = await image.toFormat(format).toBuffer();
      const signals = await hashHere(bytes.subarray(0, Math.floor(bytes.length * 0.7))).catch((error) => error);
      expect({ format, code: signals.code ?? signals.incomplete }).toEqual({ format, code: 'media-damaged' });
    }
  });
});
