import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { VigieError } from '../errors.js';
import { shownTimes } from './frame-delays.js';
import { reachesGifEnd } from './gif-end.js';
import type { HashMode } from './media-signals.js';
import type { Decoded, DecodeLimits, Picture } from './picture.js';
import { readAnimation } from './sharp-animation.js';
import { coded, readPage, readWhatIsThere, type Size } from './sharp-pixels.js';
import { fillUpWebp } from './webp-repair.js';

/**
 * Decodes JPEG, PNG, GIF, WebP, AVIF and TIFF. Colour profiles and gamma are ignored, as the reference does; CMYK is
 * turned to RGB by R = (255 - C)(255 - K) / 255.
 * @throws VigieError `media-damaged`, `media-too-many-pixels`, `media-format-unsupported`
 */
export async function decodeWithSharp(file: Uint8Array, mode: HashMode, limits: DecodeLimits): Promise<Decoded> {
  const filled = fillUpWebp(file);
  const bytes = filled ?? file;
  const options: SharpOptions = { failOn: 'none', ignoreIcc: true, limitInputPixels: limits.maxPixels, pages: 1 };
  const metadata = await coded(() => sharp(bytes, { ...options, limitInputPixels: false }).metadata());
  const { width, height, pages = 1, orientation = 1, format } = metadata;
  const pageHeight = metadata.pageHeight ?? height;
  if (width * pageHeight > limits.maxPixels) throw new VigieError('media-too-many-pixels');
  const animated = (format === 'gif' || format === 'webp') && pages > 1;
  const times = animated ? shownTimes((metadata.delay ?? []).map((milliseconds) => milliseconds / 1_000)) : [];
  const seconds = times.at(-1)?.[1];
  const turned = orientation >= 5;
  const onDamage = () => {
    decoded.damaged = true;
  };
  const decoded: Decoded = {
    width: turned ? pageHeight : width,
    height: turned ? width : pageHeight,
    frames: animated || format === 'tiff' ? pages : 1,
    orientation,
    ...(seconds === undefined ? {} : { seconds }),
    damaged: filled !== undefined || (format === 'gif' && !reachesGifEnd(bytes)),
    pictures: animated
      ? readAnimation(bytes, options, metadata, { ...limits, times }, onDamage)
      : readStills(bytes, options, metadata, mode, limits, onDamage),
  };
  return decoded;
}

/** The pages of a file whose pages stand by themselves: one, or those of a TIFF. */
async function* readStills(
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
    const own = page === 0 ? metadata : await coded(() => sharp(bytes, paged).metadata());
    const target = mode === 'fast' ? reducedSize(own) : undefined;
    const { damaged, ...picture } = await readWhatIsThere((failOn) =>
      readPage(bytes, { ...paged, failOn }, own, target),
    );
    if (damaged) onDamage();
    yield { frame: page, ...picture };
  }
}

/**
 * The size to which a JPEG is reduced while it is decoded. libvips then decodes at a half, a quarter or an eighth; with
 * 320 pixels or more on the shorter side the hash stays within a few bits (docs/benchmarks.md).
 */
export function reducedSize({
  format,
  width,
  height,
}: Pick<Metadata, 'format' | 'width' | 'height'>): Size | undefined {
  if (format !== 'jpeg') return undefined;
  const side = Math.min(width, height);
  const factor = side >= 4_500 ? 9 : side >= 1_600 ? 5 : side >= 960 ? 3 : 1;
  if (factor === 1) return undefined;
  return { width: Math.round(width / factor), height: Math.round(height / factor) };
}
