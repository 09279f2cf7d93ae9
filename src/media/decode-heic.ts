import { createRequire } from 'node:module';
import { VigieError } from '../errors.js';
import type { Decoded, DecodeLimits, Picture } from './picture.js';

interface HeifImage {
  get_width(): number;
  get_height(): number;
  is_primary(): boolean;
  display(target: { data: Uint8ClampedArray; width: number; height: number }, done: (result: unknown) => void): void;
  free(): void;
}

interface HeifLibrary {
  readonly HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] };
}

let library: HeifLibrary | undefined;

/** libheif as WebAssembly, loaded when the first HEIC comes: it is large. */
function load(): HeifLibrary {
  library ??= createRequire(import.meta.url)('libheif-js/wasm-bundle') as HeifLibrary;
  return library;
}

/**
 * Decodes HEIC with libheif (LGPL, a library of its own). Rotation and mirroring that the container asks for are done.
 * @throws VigieError `media-damaged`, `media-too-many-pixels`
 */
export async function decodeHeic(bytes: Uint8Array, limits: DecodeLimits): Promise<Decoded> {
  let images: HeifImage[];
  try {
    images = new (load().HeifDecoder)().decode(bytes);
  } catch (cause) {
    throw new VigieError('media-damaged', { cause });
  }
  const [first] = images;
  if (first === undefined) throw new VigieError('media-damaged');
  images.sort((a, b) => Number(b.is_primary()) - Number(a.is_primary()));
  const sizes = images.map((image) => image.get_width() * image.get_height());
  if (sizes.some((pixels) => pixels > limits.maxPixels)) {
    for (const image of images) image.free();
    throw new VigieError('media-too-many-pixels');
  }
  const [primary = first] = images;
  return {
    width: primary.get_width(),
    height: primary.get_height(),
    frames: images.length,
    orientation: 1,
    damaged: false,
    pictures: pictures(images.slice(0, limits.maxFrames)),
  };
}

async function* pictures(images: readonly HeifImage[]): AsyncGenerator<Picture> {
  try {
    for (const [frame, image] of images.entries()) {
      const [width, height] = [image.get_width(), image.get_height()];
      const target = { data: new Uint8ClampedArray(width * height * 4), width, height };
      const result = await new Promise((resolve) => image.display(target, resolve));
      if (result === null || result === undefined) throw new VigieError('media-damaged');
      yield { frame, data: new Uint8Array(target.data.buffer), width, height, channels: 4 };
    }
  } finally {
    for (const image of images) image.free();
  }
}
