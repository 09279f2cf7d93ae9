import { VigieError } from '../errors.js';
import { type BmpHeader, readBmpHeader } from './bmp-header.js';
import { unpackRuns } from './bmp-runs.js';
import { type Decoded, type DecodeLimits, once, type Picture } from './picture.js';

/**
 * Decodes BMP: 1 to 32 bits, palettes, masks, run lengths, from the top or from below. The fourth byte of a pixel is
 * transparency only when the file says so and uses it, as viewers have it.
 * @throws VigieError `media-damaged`, `media-too-many-pixels`, `media-format-unsupported`
 */
export function decodeBmp(bytes: Uint8Array, { maxPixels }: DecodeLimits): Decoded {
  const header = readBmpHeader(bytes);
  const { width, height } = header;
  if (width * height > maxPixels) throw new VigieError('media-too-many-pixels');
  const pixels = bytes.subarray(header.offset);
  const { picture, whole } = header.bits <= 8 ? indexed(header, pixels) : direct(header, pixels);
  return { width, height, frames: 1, orientation: 1, damaged: !whole, pictures: once(picture) };
}

interface Pixels {
  readonly picture: Picture;
  /** False when the file ends before its last row. */
  readonly whole: boolean;
}

function indexed(header: BmpHeader, bytes: Uint8Array): Pixels {
  const { width, height, bits, palette, runLengths } = header;
  const data = new Uint8Array(width * height * 3);
  const put = (row: number, x: number, index: number) => {
    const to = (rowInPicture(header, row) * width + x) * 3;
    for (let c = 0; c < 3; c++) data[to + c] = palette[index * 3 + c] as number;
  };
  const picture = { frame: 0, data, width, height, channels: 3 } as const;
  if (runLengths) {
    if (bytes.length === 0) throw new VigieError('media-damaged');
    const { indices, whole } = unpackRuns(bytes, bits as 4 | 8, width, height);
    for (let row = 0, at = 0; row < height; row++) for (let x = 0; x < width; x++) put(row, x, indices[at++] as number);
    return { picture, whole };
  }
  const rows = rowsThere(header, bytes);
  const perByte = 8 / bits;
  for (let row = 0; row < rows; row++) {
    const from = row * rowBytes(header);
    for (let x = 0; x < width; x++) {
      const byte = bytes[from + Math.floor(x / perByte)] as number;
      put(row, x, (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1));
    }
  }
  return { picture, whole: rows === height };
}

function direct(header: BmpHeader, bytes: Uint8Array): Pixels {
  const { width, height, bits, masks } = header;
  const rows = rowsThere(header, bytes);
  const transparent = masks[3] !== 0;
  const channels = transparent ? 4 : 3;
  const data = new Uint8Array(width * height * channels);
  const step = bits / 8;
  const scales = masks.map(toEightBits);
  let opacity = 0;
  for (let row = 0; row < rows; row++) {
    let from = row * rowBytes(header);
    let to = rowInPicture(header, row) * width * channels;
    for (let x = 0; x < width; x++, from += step, to += channels) {
      let pixel = 0;
      for (let i = step - 1; i >= 0; i--) pixel = (pixel << 8) | (bytes[from + i] as number);
      for (let c = 0; c < channels; c++) data[to + c] = (scales[c] as (pixel: number) => number)(pixel);
      if (transparent) opacity |= data[to + 3] as number;
    }
  }
  // A picture of which nothing would be seen is one whose writer left the fourth byte empty.
  if (transparent && opacity === 0) for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { picture: { frame: 0, data, width, height, channels }, whole: rows === height };
}

function toEightBits(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const highest = mask >>> shift;
  return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / highest);
}

/** Rows are filled up to whole words of four bytes. */
function rowBytes({ width, bits }: BmpHeader): number {
  return Math.ceil((width * bits) / 32) * 4;
}

/** How many rows the file really holds. @throws VigieError `media-damaged` when there is none */
function rowsThere(header: BmpHeader, bytes: Uint8Array): number {
  const { width, height, bits } = header;
  // The filling of the very last row may be missing.
  const needed = Math.ceil((width * bits) / 8);
  const rows = Math.min(height, Math.floor((bytes.length + rowBytes(header) - needed) / rowBytes(header)));
  if (rows === 0) throw new VigieError('media-damaged');
  return rows;
}

function rowInPicture({ topDown, height }: BmpHeader, row: number): number {
  return topDown ? row : height - 1 - row;
}
