import { VigieError } from '../errors.js';

/** How a BMP's pixels lie in it. */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Rows lie from the top down; most files begin with the lowest row. */
  readonly topDown: boolean;
  /** Bits a pixel. */
  readonly bits: 1 | 2 | 4 | 8 | 16 | 24 | 32;
  readonly runLengths: boolean;
  /** Red, green, blue and alpha within a pixel of 16 or 32 bits; 0 where there is none. */
  readonly masks: readonly [number, number, number, number];
  /** Red, green, blue, colour after colour; for up to 8 bits. */
  readonly palette: Uint8Array;
  /** Where the pixels begin. */
  readonly offset: number;
}

/** Lengths of the headers: OS/2 1 and 2 (12, 16, 64), Windows 3 to 5 (40 to 124). */
export const BMP_HEADER_BYTES: readonly number[] = [12, 16, 40, 52, 56, 64, 108, 124];

const FILE_HEADER = 14;
const BITS: readonly number[] = [1, 2, 4, 8, 16, 24, 32];
const [BI_RGB, BI_RLE8, BI_RLE4, BI_BITFIELDS, BI_ALPHABITFIELDS] = [0, 1, 2, 3, 6];

/**
 * Reads the header of a BMP (Microsoft, "Bitmap Storage"; OS/2 1 and 2 headers as Windows reads them).
 * @throws VigieError `media-damaged`, `media-format-unsupported` for pixels packed as JPEG, PNG, fax or 24-bit runs
 */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length >= FILE_HEADER + 4 ? view.getUint32(FILE_HEADER, true) : 0;
  if (!BMP_HEADER_BYTES.includes(length) || bytes.length < FILE_HEADER + length) throw new VigieError('media-damaged');
  const old = length === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = old ? view.getInt16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = length >= 40 ? view.getUint32(30, true) : BI_RGB;
  if (width <= 0 || signedHeight === 0 || !BITS.includes(bits)) throw new VigieError('media-damaged');
  const runLengths = (compression === BI_RLE8 && bits === 8) || (compression === BI_RLE4 && bits === 4);
  // In OS/2's own header the same numbers mean fax and runs of 24 bits.
  const masked = length !== 64 && (compression === BI_BITFIELDS || compression === BI_ALPHABITFIELDS);
  if (!runLengths && compression !== BI_RGB && !(masked && (bits === 16 || bits === 32))) {
    throw new VigieError('media-format-unsupported', { detail: `BMP compression ${compression}` });
  }
  const maskCount = !masked || length > 40 ? 0 : compression === BI_ALPHABITFIELDS ? 4 : 3;
  const afterHeader = FILE_HEADER + length + maskCount * 4;
  const mask = (i: number, there: boolean) =>
    there && FILE_HEADER + 44 + i * 4 <= bytes.length ? view.getUint32(FILE_HEADER + 40 + i * 4, true) : 0;
  const used = length >= 40 ? view.getUint32(46, true) : 0;
  return {
    width,
    height: Math.abs(signedHeight),
    topDown: signedHeight < 0,
    bits: bits as BmpHeader['bits'],
    runLengths,
    masks: masked
      ? [mask(0, true), mask(1, true), mask(2, true), mask(3, maskCount === 4 || length >= 56)]
      : bits === 16
        ? [0x7c00, 0x03e0, 0x001f, 0]
        : [0xff0000, 0xff00, 0xff, 0],
    palette: bits > 8 ? new Uint8Array() : readPalette(bytes, afterHeader, bits, used, old ? 3 : 4),
    offset: view.getUint32(10, true),
  };
}

/** Colours that the file does not hold stay black. */
function readPalette(bytes: Uint8Array, start: number, bits: number, used: number, entry: number): Uint8Array {
  const colours = used === 0 || used > 2 ** bits ? 2 ** bits : used;
  const palette = new Uint8Array(2 ** bits * 3);
  for (let i = 0; i < colours && start + i * entry + 3 <= bytes.length; i++) {
    const at = start + i * entry;
    palette.set([bytes[at + 2] as number, bytes[at + 1] as number, bytes[at] as number], i * 3);
  }
  return palette;
}
