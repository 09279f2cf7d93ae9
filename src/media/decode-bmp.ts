import { decode } from 'fast-bmp';
import { VigieError } from '../errors.js';
import type { Decoded, DecodeLimits } from './picture.js';

/** Decodes the kinds of BMP that the library knows. @throws VigieError `media-damaged`, `media-too-many-pixels`, `media-format-unsupported` */
export function decodeBmp(bytes: Uint8Array, limits: DecodeLimits): Decoded {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 26) throw new VigieError('media-damaged');
  if (Math.abs(view.getInt32(18, true)) * Math.abs(view.getInt32(22, true)) > limits.maxPixels) {
    throw new VigieError('media-too-many-pixels');
  }
  let image: ReturnType<typeof decode>;
  try {
    image = decode(bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : '';
    const unsupported = /support|only/i.test(message);
    throw new VigieError(unsupported ? 'media-format-unsupported' : 'media-damaged', { cause });
  }
  const { width, height, channels, data } = image;
  const picture =
    channels === 1 || channels === 3 || channels === 4
      ? { frame: 0, data: data as Uint8Array, width, height, channels }
      : undefined;
  if (picture === undefined || picture.data.length !== width * height * picture.channels) {
    throw new VigieError('media-format-unsupported', { detail: `${channels} channels` });
  }
  return { width, height, frames: 1, orientation: 1, damaged: false, pictures: once(picture as never) };
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
