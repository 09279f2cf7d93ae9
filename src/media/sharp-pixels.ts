import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { VigieError } from '../errors.js';
import type { Picture } from './picture.js';

// Each process decodes one picture at a time; what libvips keeps for later would only be memory.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadNsgif',
    'VipsForeignLoadHeif',
    'VipsForeignLoadTiff',
  ],
});

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What libvips and its libraries say of a sound file that they were not built to read. */
const UNSUPPORTED = /has not been built in|unsupported (codec|feature|color|colour|compression|jpeg|bits|data precision)/i;

/** Pixels, and whether the file did not hold all of them. */
export type Read<T> = T & { readonly damaged: boolean };

/**
 * Reads strictly, and when that fails once more, taking what there is: most files are whole.
 * @throws VigieError `media-damaged`, `media-too-many-pixels`, `media-format-unsupported`
 */
export async function readWhatIsThere<T>(read: (failOn: 'error' | 'none') => Promise<T>): Promise<Read<T>> {
  const strict = await read('error').catch(() => undefined);
  if (strict !== undefined) return { ...strict, damaged: false };
  return { ...(await coded(() => read('none'))), damaged: true };
}

/** Decodes one page to 8 bits a channel, reduced to `target` when there is one. */
export async function readPage(
  bytes: Uint8Array,
  options: SharpOptions,
  { space, width, height }: Metadata,
  target: Size | undefined,
): Promise<Omit<Picture, 'frame'>> {
  const cmyk = space === 'cmyk';
  const deep = space === 'rgb16' || space === 'grey16';
  let image = sharp(bytes, options);
  if (cmyk) image = image.pipelineColourspace('cmyk');
  if (target !== undefined) image = image.resize({ ...target, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: true });
  image = image.toColourspace(cmyk || deep || space === 'b-w' ? space : 'srgb');
  const depth = deep ? 'ushort' : 'uchar';
  const { data: samples, info } = await image.raw({ depth }).toBuffer({ resolveWithObject: true });
  const data = deep ? rounded(samples) : samples;
  const size = { width: info.width, height: info.height };
  const picture = cmyk
    ? ({ data: fromCmyk(data, info.channels), ...size, channels: 3 } as const)
    : toPicture(data, size, info.channels);
  return target === undefined ? picture : { ...picture, source: { width, height } };
}

/**
 * Decodes a PNG whose size is known to RGBA.
 * @throws VigieError `media-damaged` also when it has another size
 */
export async function decodeRgba(png: Uint8Array, { width, height }: Size): Promise<Read<{ data: Uint8Array }>> {
  return await readWhatIsThere(async (failOn) => {
    const image = sharp(png, { failOn, ignoreIcc: true, limitInputPixels: width * height });
    const { data, info } = await image
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height) throw new VigieError('media-damaged');
    return { data };
  });
}

/** Turns whatever sharp throws, at once or later, into the coded error. */
export async function coded<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof VigieError) throw cause;
    const message = cause instanceof Error ? cause.message : '';
    if (/exceeds pixel limit/.test(message)) throw new VigieError('media-too-many-pixels', { cause });
    if (/out of memory|allocation failed/i.test(message)) throw new VigieError('decoder-memory', { cause });
    // Said of a file whose beginning is that of a format which is read here.
    if (/contains unsupported image format/i.test(message)) throw new VigieError('media-damaged', { cause });
    if (UNSUPPORTED.test(message)) {
      throw new VigieError('media-format-unsupported', { cause });
    }
    throw new VigieError('media-damaged', { cause });
  }
}

function toPicture(data: Uint8Array, size: Size, channels: number): Omit<Picture, 'frame'> {
  if (channels === 1 || channels === 3 || channels === 4) return { data, ...size, channels };
  const pixels = size.width * size.height;
  if (channels === 2) {
    // Grey with transparency.
    const out = new Uint8Array(pixels * 4);
    for (let from = 0, to = 0; from < data.length; from += 2, to += 4) {
      out.fill(data[from] as number, to, to + 3);
      out[to + 3] = data[from + 1] as number;
    }
    return { data: out, ...size, channels: 4 };
  }
  // TIFF may carry further samples behind the colours.
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) out.set(data.subarray(i * channels, i * channels + 3), i * 3);
  return { data: out, ...size, channels: 3 };
}

/** 16 bits a sample to 8, to the nearest, as the reference has it; libvips cuts the lower half off. */
function rounded(samples: Buffer): Uint8Array {
  const deep = new Uint16Array(samples.buffer, samples.byteOffset, samples.length / 2);
  const out = new Uint8Array(deep.length);
  for (let i = 0; i < out.length; i++) out[i] = ((deep[i] as number) * 255 + 32_767) / 65_535;
  return out;
}

function fromCmyk(data: Uint8Array, channels: number): Uint8Array {
  const pixels = Math.floor(data.length / channels);
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) {
    const key = 255 - (data[i * channels + 3] as number);
    for (let c = 0; c < 3; c++) out[i * 3 + c] = Math.round(((255 - (data[i * channels + c] as number)) * key) / 255);
  }
  return out;
}
