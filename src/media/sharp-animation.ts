import sharp, { type Metadata, type SharpOptions } from 'sharp';
import type { Shown } from './frame-delays.js';
import type { DecodeLimits, Picture } from './picture.js';
import { readWhatIsThere } from './sharp-pixels.js';
import { spread } from './spread.js';

/** Pixels of all frames that are decoded in one go; longer animations are read in stretches. */
const STRETCH_PIXELS = 16_000_000;
/** Pixels that may be decoded to reach the frames of a long animation, each of which needs all before it. */
const ANIMATION_PIXELS = 3_000_000_000;

/**
 * The frames of a GIF or WebP animation. Up to `maxFrames` all of them; of longer ones as many as the bound on work
 * allows, spread evenly, since each frame needs all before it to be decoded.
 * @param times when each of its frames is shown, as far as that is told
 * @throws VigieError `media-damaged`
 */
export async function* readAnimation(
  bytes: Uint8Array,
  options: SharpOptions,
  metadata: Metadata,
  { maxFrames, times }: DecodeLimits & { readonly times: readonly Shown[] },
  onDamage: () => void,
): AsyncGenerator<Picture> {
  const { width, pages = 1 } = metadata;
  const pixels = width * (metadata.pageHeight ?? metadata.height);
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
    const { data, info, damaged } = await readWhatIsThere((failOn) =>
      sharp(bytes, { ...paged, failOn })
        .toColourspace('srgb')
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true }),
    );
    if (damaged) onDamage();
    const rows = Math.floor(info.height / count);
    const size = info.width * rows * 4;
    for (const i of spread(count, perStretch)) {
      const frame = data.subarray(i * size, (i + 1) * size);
      const shown = times[page + i];
      const when = shown === undefined ? {} : { shown };
      yield { frame: page + i, data: frame, width: info.width, height: rows, channels: 4, ...when };
    }
  }
}
