import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type ApngPart, draw, toSharp, withAlpha, writeApng } from '../../bench/media-samples.js';
import { decodeApng } from './decode-apng.js';
import type { Picture } from './picture.js';
import { LIMITS } from './testing/hash-here.js';

async function framesOf(bytes: Uint8Array, limits = {}): Promise<Picture[]> {
  const frames: Picture[] = [];
  for await (const frame of decodeApng(bytes, { ...LIMITS, ...limits }).pictures) frames.push(frame);
  return frames;
}

type Colour = readonly [number, number, number, number];
const [CLEAR, RED, GREEN, HALF_BLUE]: readonly Colour[] = [
  [0, 0, 0, 0],
  [255, 0, 0, 255],
  [0, 255, 0, 255],
  [0, 0, 255, 128],
];

/** A plain rectangle as a part of an animation of 4 × 1. */
async function part(colour: Colour | undefined, left: number, width: number, more: Partial<ApngPart> = {}) {
  const data = Uint8Array.from({ length: width * 4 }, (_, i) => (colour ?? [])[i % 4] ?? 0);
  const png = await sharp(data, { raw: { width, height: 1, channels: 4 } })
    .png()
    .toBuffer();
  return { png, width, height: 1, left, top: 0, ...more };
}

async function shown(parts: readonly ApngPart[]): Promise<string[]> {
  const names = new Map([CLEAR, RED, GREEN, HALF_BLUE].map((colour, i) => [String(colour), '.RGb'[i]]));
  return (await framesOf(writeApng(4, 1, parts))).map(({ data }) =>
    [0, 4, 8, 12].map((at) => names.get(String([...data.subarray(at, at + 4)])) ?? '?').join(''),
  );
}

describe('animated PNG', () => {
  it('keeps, clears and restores what a frame has covered', async () => {
    const whole = await part(RED, 0, 4);
    const last = await part(HALF_BLUE, 3, 1);
    for (const [dispose, after] of [
      [0, 'RGGb'],
      [1, 'R..b'],
      [2, 'RRRb'],
    ] as const) {
      expect(await shown([whole, await part(GREEN, 1, 2, { dispose }), last])).toEqual(['RRRR', 'RGGR', after]);
    }
  });

  it('lays transparent pixels over what is there, or puts them in its place', async () => {
    const whole = await part(RED, 0, 4);
    expect(await shown([whole, await part(CLEAR, 1, 2, { blend: 1 })])).toEqual(['RRRR', 'RRRR']);
    expect(await shown([whole, await part(CLEAR, 1, 2, { blend: 0 })])).toEqual(['RRRR', 'R..R']);
    const [, mixed] = await framesOf(writeApng(4, 1, [whole, await part(HALF_BLUE, 0, 1, { blend: 1 })]));
    expect([...(mixed?.data.subarray(0, 8) ?? [])]).toEqual([127, 0, 128, 255, 255, 0, 0, 255]);
    const [, alone] = await framesOf(
      writeApng(4, 1, [await part(CLEAR, 0, 4), await part(HALF_BLUE, 0, 1, { blend: 1 })]),
    );
    expect([...(alone?.data.subarray(0, 4) ?? [])]).toEqual([0, 0, 255, 128]);
  });

  it('begins with the still picture when that is not part of the animation', async () => {
    const [still, first] = [draw(20, 10, 1), draw(20, 10, 2)];
    const png = async (each: typeof still) => await toSharp(each).png().toBuffer();
    const part = { png: await png(first), width: 20, height: 10, left: 0, top: 0 };
    const frames = await framesOf(writeApng(20, 10, [part], await png(still)));
    expect(frames.map(({ frame }) => frame)).toEqual([0, 1]);
    expect(frames.map(({ data }) => new Uint8Array(data))).toEqual(
      [still, first].map(({ rgb }) =>
        Uint8Array.from({ length: 800 }, (_, i) =>
          i % 4 === 3 ? 255 : (rgb[Math.floor(i / 4) * 3 + (i % 4)] as number),
        ),
      ),
    );
  });

  it('reads palettes, interlacing and depth of all frames from the one header', async () => {
    const pictures = [1, 2].map((seed) => withAlpha(draw(33, 17, seed)));
    const png = async (data: Uint8Array) =>
      await sharp(data, { raw: { width: 33, height: 17, channels: 4 } })
        .png({ progressive: true })
        .toBuffer();
    const size = { width: 33, height: 17, left: 0, top: 0 };
    const parts = await Promise.all(pictures.map(async (data) => ({ png: await png(data), ...size })));
    expect((await framesOf(writeApng(33, 17, parts))).map(({ data }) => data)).toEqual(pictures);
  });

  it('shows the same frames of a long one as when all are drawn', async () => {
    const parts: ApngPart[] = [];
    for (let i = 0; i < 60; i++) {
      const whole = i % 7 === 0;
      const [left, width] = whole ? [0, 4] : [i % 3, 2];
      const more = { dispose: (i % 3) as 0 | 1 | 2, blend: (i % 2) as 0 | 1 };
      parts.push(await part([i * 4, 255 - i, i, i % 5 === 0 ? 100 : 255], left, width, more));
    }
    const bytes = writeApng(4, 1, parts);
    const all = await framesOf(bytes);
    const some = await framesOf(bytes, { maxFrames: 9 });
    expect(all).toHaveLength(60);
    expect(some).toHaveLength(9);
    for (const frame of some) expect(frame).toEqual(all[frame.frame]);
  });

  it('gives up an animation that is too long to be drawn, after what it could draw', async () => {
    const tile = await part(GREEN, 1, 1);
    const bytes = writeApng(4, 1, [await part(RED, 0, 4), ...Array.from({ length: 9_999 }, () => tile)]);
    const decoded = decodeApng(bytes, { ...LIMITS, maxFrames: 5 });
    expect(decoded.frames).toBe(10_000);
    let frames = 0;
    const reading = (async () => {
      for await (const _ of decoded.pictures) frames++;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'media-too-many-pixels' });
    expect(frames).toBeGreaterThan(1);
  });

  it('that is cut short keeps its frames, and says so', async () => {
    const parts = await Promise.all([1, 2, 3].map(async (i) => await part([i, i, i, 255], 0, 4)));
    const bytes = writeApng(4, 1, parts);
    const decoded = decodeApng(bytes.subarray(0, bytes.length - 40), LIMITS);
    const frames: Picture[] = [];
    for await (const frame of decoded.pictures) frames.push(frame);
    expect(decoded.damaged).toBe(true);
    expect(frames.length).toBeGreaterThanOrEqual(2);
  });

  it('believes no frame that lies outside of its canvas', async () => {
    const outside = await part(GREEN, 3, 2);
    const decoded = decodeApng(writeApng(4, 1, [await part(RED, 0, 4), outside]), LIMITS);
    expect(decoded).toMatchObject({ damaged: true, frames: 1 });
  });

  it('declares no more pixels than the limit', async () => {
    const whole = await part(RED, 0, 4);
    expect(() => decodeApng(writeApng(30_000, 30_000, [whole]), LIMITS)).toThrow(
      expect.objectContaining({ code: 'media-too-many-pixels' }),
    );
  });
});
