/** Reading hexadecimal and base64 from bytes of ASCII text, without allocating: lists have millions of values. */

const INVALID = 255;

const HEX = new Uint8Array(256).fill(INVALID);
for (let i = 0; i < 10; i++) HEX[0x30 + i] = i;
for (let i = 0; i < 6; i++) {
  HEX[0x41 + i] = 10 + i;
  HEX[0x61 + i] = 10 + i;
}

const BASE64 = new Uint8Array(256).fill(INVALID);
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
for (let i = 0; i < ALPHABET.length; i++) BASE64[ALPHABET.charCodeAt(i)] = i;
// The URL-safe alphabet names the same two digits otherwise.
BASE64[0x2d] = 62;
BASE64[0x5f] = 63;

/** Reads `2 × bytes` hexadecimal digits in either case. @returns false when one of them is none */
export function decodeHex(
  source: Uint8Array,
  start: number,
  target: Uint8Array,
  offset: number,
  bytes: number,
): boolean {
  let invalid = 0;
  for (let i = 0, at = start; i < bytes; i++, at += 2) {
    const high = HEX[source[at] as number] as number;
    const low = HEX[source[at + 1] as number] as number;
    invalid |= high | low;
    target[offset + i] = (high << 4) | low;
  }
  return (invalid & 0xf0) === 0;
}

/**
 * Reads base64 that decodes to exactly `bytes` bytes; padding may be there or not.
 * @returns false when the text has another length, a digit that is none, or bits left over that are not zero
 */
export function decodeBase64(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  offset: number,
  bytes: number,
): boolean {
  let stop = end;
  while (stop > start && end - stop < 2 && source[stop - 1] === 0x3d) stop--;
  if (stop - start !== base64Digits(bytes)) return false;
  if (stop !== end && (end - start) % 4 !== 0) return false;
  let pending = 0;
  let bits = 0;
  let written = 0;
  for (let at = start; at < stop; at++) {
    const digit = BASE64[source[at] as number] as number;
    if (digit === INVALID) return false;
    pending = ((pending << 6) | digit) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      target[offset + written++] = (pending >> bits) & 0xff;
    }
  }
  return written === bytes && (pending & ((1 << bits) - 1)) === 0;
}

/** Digits without padding that `bytes` bytes take. */
export function base64Digits(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

const DIGITS = '0123456789abcdef';

/** Lower-case hexadecimal. */
export function encodeHex(value: Uint8Array): string {
  let text = '';
  for (const byte of value) text += (DIGITS[byte >> 4] as string) + (DIGITS[byte & 15] as string);
  return text;
}

/** Base64 with padding. */
export function encodeBase64(value: Uint8Array): string {
  let binary = '';
  for (const byte of value) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bounds of a text without the white space around it. */
export function trimmedBounds(source: Uint8Array, start: number, end: number): readonly [number, number] {
  let from = start;
  let to = end;
  while (from < to && isSpace(source[from] as number)) from++;
  while (to > from && isSpace(source[to - 1] as number)) to--;
  return [from, to];
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
