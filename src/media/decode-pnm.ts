import { VigieError } from '../errors.js';
import { type Decoded, type DecodeLimits, once, type Picture } from './picture.js';

/** Numbers between spaces, and remarks after `#`. A bitmap has no largest value. */
const SPACE = '(?:\\s|#[^\\n]*\\n)+';
const BITMAP_HEADER = new RegExp(`^P4${SPACE}(\\d{1,7})${SPACE}(\\d{1,7})\\s`);
const HEADER = new RegExp(`^P[56]${SPACE}(\\d{1,7})${SPACE}(\\d{1,7})${SPACE}(\\d{1,5})\\s`);
const HEADER_BYTES = 1_024;

/**
 * Decodes portable pixmaps (PBM, PGM and PPM in their binary forms, up to 16 bits a sample; netpbm.sourceforge.net/doc).
 * @throws VigieError `media-damaged`, `media-too-many-pixels`, `media-format-unsupported`
 */
export function decodePnm(bytes: Uint8Array, { maxPixels }: DecodeLimits): Decoded {
  const text = Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString('latin1');
  if (!/^P[456]/.test(text)) throw new VigieError('media-format-unsupported', { detail: 'PNM as text' });
  const bitmap = text[1] === '4';
  const header = (bitmap ? BITMAP_HEADER : HEADER).exec(text);
  if (header === null) throw new VigieError('media-damaged');
  const [start, columns, lines, largest = '1'] = header;
  const [width, height, maximum] = [Number(columns), Number(lines), Number(largest)];
  if (width * height > maxPixels) throw new VigieError('media-too-many-pixels');
  if (width * height === 0 || maximum === 0 || maximum > 65_535) throw new VigieError('media-damaged');
  const channels = text[1] === '6' ? 3 : 1;
  const samples = bytes.subarray(start.length);
  const rowBytes = bitmap ? Math.ceil(width / 8) : width * channels * (maximum > 255 ? 2 : 1);
  const rows = Math.min(height, Math.floor(samples.length / rowBytes));
  if (rows === 0) throw new VigieError('media-damaged');
  const data = new Uint8Array(width * height * channels);
  for (let i = 0, end = rows * width * channels; i < end; i++) {
    if (bitmap) {
      const [row, x] = [Math.floor(i / width), i % width];
      data[i] = ((samples[row * rowBytes + (x >> 3)] as number) >> (7 - (x & 7))) & 1 ? 0 : 255;
    } else {
      const value = maximum > 255 ? ((samples[i * 2] as number) << 8) | (samples[i * 2 + 1] as number) : samples[i];
      data[i] = Math.min(255, Math.round(((value as number) * 255) / maximum));
    }
  }
  const picture: Picture = { frame: 0, data, width, height, channels };
  return { width, height, frames: 1, orientation: 1, damaged: rows < height, pictures: once(picture) };
}
