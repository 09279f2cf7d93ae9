const HEADER_BYTES = 12;
/** A file that claims to be longer than this is not filled up. */
const MAXIMUM_BYTES = 256 * 2 ** 20;

/**
 * Fills a WebP that was cut short up to the length that it declares: its decoder takes no file that is not all there,
 * but reads what there is of a picture that ends in zeros.
 * @returns undefined when nothing is missing
 */
export function fillUpWebp(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES || Buffer.from(bytes.subarray(8, 12)).toString('latin1') !== 'WEBP') return undefined;
  const declared = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4, true) + 8;
  if (declared <= bytes.length || declared > Math.min(MAXIMUM_BYTES, bytes.length * 64)) return undefined;
  const filled = new Uint8Array(declared);
  filled.set(bytes);
  return filled;
}
