import { describe, expect, it } from 'vitest';
import { draw, writeBmp, writeBmp24 } from '../../bench/media-samples.js';
import { decodeBmp } from './decode-bmp.js';
import type { Decoded, Picture } from './picture.js';
import { LIMITS } from './testing/hash-here.js';

async function only({ pictures }: Decoded): Promise<Picture> {
  for await (const picture of pictures) return picture;
  throw new Error('no picture');
}

const pixels = async (bytes: Uint8Array) => [...(await only(decodeBmp(bytes, LIMITS))).data];
const [RED, GREEN, BLUE, WHITE] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
] as const;
/** Blue, green, red, 0 each: red, green, blue, white. */
const PALETTE = Uint8Array.of(0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0);
/** Two rows, the upper one first. */
const WANTED = [...RED, ...GREEN, ...BLUE, ...WHITE];

describe('BMP', () => {
  it('of 24 bits gives its pixels back, from below and from the top', async () => {
    const picture = draw(37, 21, 3);
    const bytes = Buffer.from(writeBmp24(picture));
    expect(await pixels(bytes)).toEqual([...picture.rgb]);
    const pixelRows = bytes.subarray(54);
    const row = 112;
    const turned = Buffer.concat(
      Array.from({ length: 21 }, (_, y) => pixelRows.subarray((20 - y) * row, (21 - y) * row)),
    );
    expect(await pixels(writeBmp({ width: 37, height: -21, bits: 24, pixels: turned }))).toEqual([...picture.rgb]);
  });

  it.each([
    [8, Uint8Array.of(2, 3, 0, 0, 0, 1, 0, 0)],
    [4, Uint8Array.of(0x23, 0, 0, 0, 0x01, 0, 0, 0)],
    [2, Uint8Array.of(0b1011_0000, 0, 0, 0, 0b0001_0000, 0, 0, 0)],
  ])('of %i bits takes its colours from its palette', async (bits, rows) => {
    expect(await pixels(writeBmp({ width: 2, height: 2, bits, pixels: rows, extra: PALETTE }))).toEqual(WANTED);
  });

  it('of 1 bit may have any two colours', async () => {
    const extra = PALETTE.subarray(0, 8);
    const rows = Uint8Array.of(0b1000_0000, 0, 0, 0, 0b0100_0000, 0, 0, 0);
    expect(await pixels(writeBmp({ width: 2, height: 2, bits: 1, pixels: rows, extra }))).toEqual([
      ...RED,
      ...GREEN,
      ...GREEN,
      ...RED,
    ]);
  });

  it('unpacks runs of 8 and of 4 bits: runs, literals, ends of rows, skips', async () => {
    const eight = Uint8Array.of(2, 3, 0, 0, 0, 3, 0, 1, 2, 0, 0, 0, 0, 2, 1, 0, 1, 1, 0, 1);
    const bitmap = { width: 3, height: 3, bits: 8, compression: 1, extra: PALETTE };
    expect(await pixels(writeBmp({ ...bitmap, pixels: eight }))).toEqual([
      ...[RED, GREEN, RED].flat(),
      ...[RED, GREEN, BLUE].flat(),
      ...[WHITE, WHITE, RED].flat(),
    ]);
    const four = Uint8Array.of(3, 0x12, 0, 0, 0, 3, 0x01, 0x20, 0, 1);
    expect(await pixels(writeBmp({ ...bitmap, height: 2, bits: 4, compression: 2, pixels: four }))).toEqual([
      ...[RED, GREEN, BLUE].flat(),
      ...[GREEN, BLUE, GREEN].flat(),
    ]);
  });

  it('of 16 bits has five a colour, or what its masks say', async () => {
    const word = (...values: number[]) => new Uint8Array(Uint16Array.from(values).buffer);
    const plain = word(0x7c00, 0x03e0);
    expect(await pixels(writeBmp({ width: 2, height: 1, bits: 16, pixels: plain }))).toEqual([...RED, ...GREEN]);
    const masks = new Uint8Array(Uint32Array.of(0xf800, 0x07e0, 0x001f).buffer);
    const masked = { width: 2, height: 1, bits: 16, compression: 3, extra: masks };
    expect(await pixels(writeBmp({ ...masked, pixels: word(0x07e0, 0x001f) }))).toEqual([...GREEN, ...BLUE]);
  });

  it('of 32 bits is opaque unless it names and uses its transparency', async () => {
    const pixel = Uint8Array.of(30, 20, 10, 0);
    expect(await pixels(writeBmp({ width: 1, height: 1, bits: 32, pixels: pixel }))).toEqual([10, 20, 30]);
    const masks = new Uint8Array(Uint32Array.of(0xff0000, 0xff00, 0xff, 0xff000000).buffer);
    const masked = { width: 2, height: 1, bits: 32, compression: 3, extra: masks, headerBytes: 108 };
    const used = Uint8Array.of(30, 20, 10, 128, 30, 20, 10, 0);
    expect(await pixels(writeBmp({ ...masked, pixels: used }))).toEqual([10, 20, 30, 128, 10, 20, 30, 0]);
    const unused = Uint8Array.of(30, 20, 10, 0, 30, 20, 10, 0);
    expect(await pixels(writeBmp({ ...masked, pixels: unused }))).toEqual([10, 20, 30, 255, 10, 20, 30, 255]);
  });

  it('reads the header of OS/2', async () => {
    const extra = Uint8Array.of(0, 0, 255, 0, 255, 0, ...new Uint8Array(254 * 3));
    const rows = Uint8Array.of(1, 0, 0, 0);
    expect(await pixels(writeBmp({ width: 2, height: 1, bits: 8, pixels: rows, extra, headerBytes: 12 }))).toEqual([
      ...GREEN,
      ...RED,
    ]);
  });

  it('that is cut short is read as far as it goes, and says so', async () => {
    const picture = draw(40, 30, 3);
    const bytes = writeBmp24(picture);
    const cut = decodeBmp(bytes.subarray(0, bytes.length - 120 * 10), LIMITS);
    expect(cut.damaged).toBe(true);
    const { data } = await only(cut);
    expect([...data.subarray(10 * 120)]).toEqual([...picture.rgb.subarray(10 * 120)]);
    expect(decodeBmp(bytes, LIMITS).damaged).toBe(false);
  });

  it.each([
    ['media-damaged', writeBmp24(draw(8, 8, 1)).subarray(0, 54)],
    ['media-damaged', writeBmp({ width: 0, height: 5, bits: 24, pixels: new Uint8Array(20) })],
    ['media-damaged', writeBmp({ width: 5, height: 5, bits: 23, pixels: new Uint8Array(200) })],
    ['media-too-many-pixels', writeBmp({ width: 30_000, height: 30_000, bits: 24, pixels: new Uint8Array(200) })],
    ['media-too-many-pixels', writeBmp({ width: 30_000, height: -30_000, bits: 8, compression: 1, pixels: PALETTE })],
    ['media-format-unsupported', writeBmp({ width: 5, height: 5, bits: 24, compression: 4, pixels: PALETTE })],
  ])('that cannot be read is refused: %s', (code, bytes) => {
    expect(() => decodeBmp(bytes, LIMITS)).toThrow(expect.objectContaining({ code }));
  });
});
