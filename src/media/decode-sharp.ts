import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { VigieError } from '../errors.js';
import type { HashMode } from './media-signals.js';
import type { Decoded, DecodeLimits, Picture } from './picture.js';

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

/** Pixels of all frames that are decoded in one go; longer animations are read in stretches. */
const STRETCH_PIXELS = 16_000_000;
/** Pixels that may be decoded to reach the frames of a long animation, each of which needs all before it. */
const ANIMATION_PIXELS = 3_000_000_000;

/**
 * Decodes JPEG, PNG, GIF, WebP, AVIF and TIFF. Colour profiles and gamma are ignored, as the reference does; CMYK is
 * turned to RGB by R = (255 - C)(255 - K) / 255.
 * @throws VigieError `media-damaged`, `media-too-many-pixels`
 */
export async function decodeWithSharp(bytes: Uint8Array, mode: HashMode, limits: DecodeLimits): Promise<Decoded> {
  const options: SharpOptions = { failOn: 'none', ignoreIcc: true, limitInputPixels: limits.maxPixels, pages: 1 };
  const metadata = await read(() => sharp(bytes, { ...options, limitInputPixels: false }).metadata());
  const { width, height, pages = 1, orientation = 1, format } = metadata;
  const pageHeight = metadata.pageHeight ?? height;
  if (width * pageHeight > limits.maxPixels) throw new VigieError('media-too-many-pixels');
  const animated = (format === 'gif' || format === 'webp') && pages > 1;
  const turned = orientation >= 5;
  const decoded: Decoded = {
    width: turned ? pageHeight : width,
    height: turned ? width : pageHeight,
    frames: animated || format === 'tiff' ? pages : 1,
    orientation,
    damaged: false,
    pictures: animated
      ? animation(bytes, options, metadata, limits)
      : stills(bytes, options, metadata, mode, limits, () => {
          decoded.damaged = true;
        }),
  };
  return decoded;
}

/** The pages of a file whose pages stand by themselves: one, or those of a TIFF. */
async function* stills(
  bytes: Uint8Array,
  options: SharpOptions,
  metadata: Metadata,
  mode: HashMode,
  { maxFrames }: DecodeLimits,
  onDamage: () => void,
): AsyncGenerator<Picture> {
  const pages = metadata.format === 'tiff' ? Math.min(metadata.pages ?? 1, maxFrames) : 1;
  for (let page = 0; page < pages; page++) {
    const paged = pages > 1 ? { ...options, page } : options;
    const own = page === 0 ? metadata : await read(() => sharp(bytes, paged).metadata());
    const target = mode === 'fast' ? reducedSize(own) : undefined;
    // Most files are whole: they are read strictly first, and once more, taking what there is, when that fails.
    const strict = await raw(bytes, { ...paged, failOn: 'truncated' }, own, target).catch(() => undefined);
    if (strict === undefined) onDamage();
    const picture = strict ?? (await read(() => raw(bytes, paged, own, target)));
    yield { frame: page, ...picture };
  }
}

/**
 * The size to which a JPEG is reduced while it is decoded. libvips then decodes at a half, a quarter or an eighth; with
 * 320 pixels or more on the shorter side the hash stays within a few bits (docs/benchmarks.md).
 */
function reducedSize({ format, width, height }: Metadata): { width: number; height: number } | undefined {
  if (format !== 'jpeg') return undefined;
  const side = Math.min(width, height);
  const factor = side >= 4_500 ? 9 : side >= 1_600 ? 5 : side >= 960 ? 3 : 1;
  if (factor === 1) return undefined;
  return { width: Math.round(width / factor), height: Math.round(height / factor) };
}

async function raw(
  bytes: Uint8Array,
  options: SharpOptions,
  { space, width, height }: Metadata,
  target: { readonly width: number; readonly height: number } | undefined,
): Promise<Omit<Picture, 'frame'>> {
  const cmyk = space === 'cmyk';
  let image = sharp(bytes, options);
  if (cmyk) image = image.pipelineColourspace('cmyk');
  if (target !== undefined) image = image.resize({ ...target, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: true });
  image = image.toColourspace(cmyk ? 'cmyk' : space === 'b-w' || space === 'grey16' ? 'b-w' : 'srgb');
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const picture = toPicture(
    cmyk ? fromCmyk(data, info.channels) : data,
    info.width,
    info.height,
    cmyk ? 3 : info.channels,
  );
  return target === undefined ? picture : { ...picture, source: { width, height } };
}

function toPicture(data: Uint8Array, width: number, height: number, channels: number): Omit<Picture, 'frame'> {
  if (channels === 1 || channels === 3 || channels === 4) return { data, width, height, channels };
  if (channels !== 2) throw new VigieError('media-damaged', { detail: `${channels} channels` });
  // Grey with transparency.
  const out = new Uint8Array(width * height * 4);
  for (let from = 0, to = 0; from < data.length; from += 2, to += 4) {
    out.fill(data[from] as number, to, to + 3);
    out[to + 3] = data[from + 1] as number;
  }
  return { data: out, width, height, channels: 4 };
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

/**
 * The frames of an animation. Up to `maxFrames` all of them; of longer ones as many as the bound on work allows, spread
 * evenly, since each frame needs all before it to be decoded.
 */
async function* animation(
  bytes: Uint8Array,
  options: SharpOptions,
  metadata: Metadata,
  { maxFrames }: DecodeLimits,
): AsyncGenerator<Picture> {
  const { width, pages = 1 } = metadata;
  const height = metadata.pageHeight ?? metadata.height;
  const pixels = width * height;
  const stretch = Math.max(1, Math.min(pages, Math.floor(STRETCH_PIXELS / pixels)));
  const stretches = Math.ceil(pages / stretch);
  // Reading stretch k decodes all before it: the whole costs about pages · stretches / 2 frames.
  const affordable = Math.max(1, Math.floor((2 * ANIMATION_PIXELS) / (pixels * pages)));
  const chosen = spread(stretches, Math.min(stretches, affordable));
  const perStretch = Math.max(1, Math.floor(maxFrames / chosen.length));
  for (const index of chosen) {
    const page = index * stretch;
    const count = Math.min(stretch, pages - page);
    const paged = { ...options, limitInputPixels: false, page, pages: count } as const;
    const { data, info } = await read(() =>
      sharp(bytes, paged).toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true }),
    );
    const rows = Math.floor(info.height / count);
    const size = info.width * rows * 4;
    for (const i of spread(count, perStretch)) {
      const frame = data.subarray(i * size, (i + 1) * size);
      yield { frame: page + i, data: frame, width: info.width, height: rows, channels: 4 };
    }
  }
}

/** Up to `wanted` of the numbers 0 … count - 1, the first among them, evenly spread. */
function spread(count: number, wanted: number): readonly number[] {
  const taken = Math.min(count, wanted);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken));
}

/** Turns whatever sharp throws, at once or later, into the coded error. */
async function read<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof VigieError) throw cause;
    const message = cause instanceof Error ? cause.message : '';
    if (/exceeds pixel limit/.test(message)) throw new VigieError('media-too-many-pixels', { cause });
    if (/has not been built in|Unsupported codec|unsupported/i.test(message)) {
      throw new VigieError('media-format-unsupported', { cause });
    }
    throw new VigieError('media-damaged', { cause });
  }
}
