import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draw, SAMPLES, toSharp, writeBmp } from '../../bench/media-samples.js';
import { photographLikeJpeg } from '../../bench/pictures.js';
import { writePng } from './png-chunks.js';
import { MediaPool } from './pool.js';
import { hammingDistance, hashOf, hashOfPixels } from './testing/hash-here.js';

let pool: MediaPool;
beforeAll(() => {
  const limits = { maxPixels: 5e7, maxFrames: 300, timeoutMs: 40_000, memoryBytes: 1.5 * 2 ** 30, queueLimit: 64 };
  pool = new MediaPool({ processes: 1, ...limits });
});
afterAll(async () => {
  // Nothing here may have cost a process.
  expect(pool.restarts).toBe(0);
  await pool.close();
});

const hash = async (bytes: Uint8Array) => await pool.hash(bytes, { mode: 'fast' });
const code = async (bytes: Uint8Array) =>
  await hash(bytes).then(
    () => 'no error',
    (error) => error.code,
  );

/** A PNG of one grey that claims any size, and holds `rows` of it. */
function claiming(width: number, height: number, rows: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const data = deflateSync(Buffer.alloc(rows * (width + 1)), { level: 9 });
  return writePng([
    { name: 'IHDR', data: header },
    { name: 'IDAT', data },
  ]);
}

describe('bad media, in real decoder processes', () => {
  const picture = draw(320, 240, 5);
  const whole = hashOfPixels(picture.rgb, 320, 240);
  const GIVEN_UP = ['avif', 'tiff', 'tiff, 16 bits', 'tiff, CMYK', 'png, interlaced'];

  it.each(Object.keys(SAMPLES))('cut short: %s is hashed as far as it goes, and says so', async (name) => {
    const bytes = await (SAMPLES[name] as (typeof SAMPLES)[string])(picture);
    const cut = bytes.subarray(0, Math.floor(bytes.length * 0.97));
    // What is behind the pixels in these is needed to find them.
    if (GIVEN_UP.includes(name)) {
      expect(await code(cut)).toBe('media-damaged');
      return;
    }
    const signals = await hash(cut);
    expect(signals).toMatchObject({ damaged: true, incomplete: 'media-damaged' });
    if (name === 'jpeg' || name === 'png' || name === 'webp' || name === 'bmp') {
      expect(hammingDistance(hashOf(signals), whole)).toBeLessThanOrEqual(31);
    }
  });

  it('a text called a picture holds none', async () => {
    expect(await hash(Buffer.from('not a picture'))).toMatchObject({ kind: 'other', format: 'unknown', hashes: [] });
  });

  it('a picture with anything behind it is the picture', async () => {
    const jpeg = await toSharp(picture).jpeg({ quality: 95 }).toBuffer();
    const signals = await hash(Buffer.concat([jpeg, Buffer.from('PK\x03\x04<script>'), Buffer.alloc(5_000, 7)]));
    expect(signals).toMatchObject({ kind: 'image', format: 'jpeg', incomplete: null });
    expect(hammingDistance(hashOf(signals), whole)).toBeLessThanOrEqual(6);
  });

  it.each([
    ['media-empty', Buffer.alloc(0)],
    ['media-damaged', Buffer.from('\xff\xd8\xffnot a picture', 'latin1')],
    ['media-damaged', Buffer.from('GIF89a', 'latin1')],
    ['media-damaged', Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1')],
    ['media-format-unsupported', Buffer.from('<svg width="40" height="40"><rect width="9" height="9"/></svg>')],
    ['media-format-unsupported', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1')],
    ['media-format-unsupported', Buffer.from('\xff\x0a\0\0\0\0', 'latin1')],
    ['media-damaged', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1')],
    ['media-damaged', Buffer.from('\0\0\0\x18ftypavif\0\0\0\0mif1avif', 'latin1')],
  ])('%s', async (expected, bytes) => {
    expect(await code(bytes)).toBe(expected);
  });

  it.each([
    [1, 1, 'media-too-small'],
    [4, 40_000, 'media-too-small'],
    [5, 40_000, 'no error'],
    [30_000, 30_000, 'media-too-many-pixels'],
    [0xffff_ffff, 0xffff_ffff, 'media-damaged'],
  ])('%i × %i: %s', async (width, height, expected) => {
    const rows = width < 100 ? height : 1;
    expect(await code(claiming(width, height, width > 1e6 ? 0 : rows))).toBe(expected);
  });

  it('a bomb within the limit of pixels is decoded, one beyond it is refused before it is', async () => {
    expect(await hash(claiming(7_000, 7_000, 7_000))).toMatchObject({ width: 7_000, height: 7_000 });
    expect(await code(claiming(20_000, 20_000, 20_000))).toBe('media-too-many-pixels');
    const bmp = writeBmp({ width: 30_000, height: 30_000, bits: 8, compression: 1, pixels: new Uint8Array(64) });
    expect(await code(bmp)).toBe('media-too-many-pixels');
  });

  it('an animation of 10,000 frames is looked at by a bounded number of them', { timeout: 120_000 }, async () => {
    const frames = Buffer.alloc(10_000 * 24 * 24 * 3);
    for (let i = 0; i < frames.length; i++) frames[i] = (i * 31 + Math.floor(i / 1_728) * 17) & 255;
    const strip = sharp(frames, { raw: { width: 24, height: 240_000, channels: 3, pageHeight: 24 } });
    const signals = await hash(await strip.gif({ effort: 1, dither: 0, colours: 8 }).toBuffer());
    expect(signals.frames).toBeGreaterThan(5_000);
    expect(signals.framesHashed).toBeLessThanOrEqual(300);
    expect(signals.framesHashed).toBeGreaterThan(100);
    expect(signals.hashes.at(-1)?.frame).toBeGreaterThan(signals.frames * 0.9);
  });

  it('goes on with good ones', async () => {
    const jpeg = await photographLikeJpeg(640, 480, 3);
    const all = await Promise.all(Array.from({ length: 8 }, () => hash(jpeg)));
    expect(new Set(all.map((signals) => Buffer.from(hashOf(signals)).toString('hex'))).size).toBe(1);
  });
});
