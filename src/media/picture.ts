import type { SourcePicture } from '../signals/pdq/pdq-hasher.js';
import type { Shown } from './frame-delays.js';

/** One decoded frame: row-major, 8 bits, grey, RGB or RGBA (not premultiplied). */
export interface Picture {
  readonly frame: number;
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  /** The picture that it was scaled down from, if it was. */
  readonly source?: SourcePicture;
  /** Of a frame of an animation: when it is shown. */
  readonly shown?: Shown;
}

/** What a decoder knows of a file, and its frames one after the other. */
export interface Decoded {
  /** Size in which a viewer shows it. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Length of an animation. */
  readonly seconds?: number;
  /** EXIF orientation, 1 to 8; 1 is as stored. The pictures are as stored. */
  readonly orientation: number;
  /** True when only a part of the file could be decoded; may become true while the pictures are read. */
  damaged: boolean;
  readonly pictures: AsyncIterable<Picture>;
}

export interface DecodeLimits {
  readonly maxPixels: number;
  readonly maxFrames: number;
}

/** The frames of a file that has one. */
export async function* once(picture: Picture): AsyncGenerator<Picture> {
  yield picture;
}

/**
 * Turns a stored picture as its EXIF orientation tells, as a viewer does.
 * @param orientation 1 to 8 (EXIF 2.3, tag 0x0112)
 */
export function orient(picture: Picture, orientation: number): Picture {
  if (orientation < 2 || orientation > 8) return picture;
  const { data, width, height, channels, source } = picture;
  const swap = orientation >= 5;
  const [w, h] = swap ? [height, width] : [width, height];
  const out = new Uint8Array(data.length);
  // Steps in the source for one step right and one step down in the result, and where its first pixel comes from.
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  const stepX = (mirrorX ? -1 : 1) * channels;
  const stepY = (mirrorY ? -1 : 1) * width * channels;
  const origin = ((mirrorY ? height - 1 : 0) * width + (mirrorX ? width - 1 : 0)) * channels;
  const [right, down] = swap ? [stepY, stepX] : [stepX, stepY];
  let to = 0;
  for (let y = 0; y < h; y++) {
    let from = origin + y * down;
    for (let x = 0; x < w; x++) {
      for (let c = 0; c < channels; c++) out[to++] = data[from + c] as number;
      from += right;
    }
  }
  if (source === undefined) return { ...picture, data: out, width: w, height: h };
  const turned = swap ? turnSource(source) : source;
  return { ...picture, data: out, width: w, height: h, source: turned };
}

function turnSource({ width, height, factorX, factorY }: SourcePicture): SourcePicture {
  return {
    width: height,
    height: width,
    ...(factorY === undefined ? {} : { factorX: factorY }),
    ...(factorX === undefined ? {} : { factorY: factorX }),
  };
}

/**
 * Lays a transparent picture over a plain background.
 * @param background 0 to 255, the same in every channel
 */
export function over(picture: Picture, background: number): Picture {
  const { data, width, height } = picture;
  const out = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3] as number;
    const rest = background * (255 - alpha) + 127;
    out[to] = ((data[from] as number) * alpha + rest) / 255;
    out[to + 1] = ((data[from + 1] as number) * alpha + rest) / 255;
    out[to + 2] = ((data[from + 2] as number) * alpha + rest) / 255;
  }
  return { ...picture, data: out, channels: 3 };
}

/** The colour planes without the transparency, as the PDQ reference reads them. */
export function withoutAlpha(picture: Picture): Picture {
  const { data, width, height } = picture;
  const out = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    out[to] = data[from] as number;
    out[to + 1] = data[from + 1] as number;
    out[to + 2] = data[from + 2] as number;
  }
  return { ...picture, data: out, channels: 3 };
}

export function isOpaque({ data, channels }: Picture): boolean {
  if (channels !== 4) return true;
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false;
  return true;
}
