import { makeSignalType } from '../make-signal-type.js';
import { encodeBase64 } from '../text-decoding.js';

const BYTES = 144;

/** How two PhotoDNA hashes are compared; the operator's licence says which, and at which threshold. */
export type PhotoDnaMetric = 'squared-euclidean' | 'manhattan';

export function squaredEuclidean(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}

export function manhattan(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum;
}

/**
 * PhotoDNA hashes, 144 bytes, as lists carry them: stored, compared and matched here, never computed. Without a
 * threshold of the operator's only equal hashes match.
 */
export const photodna = makeSignalType({
  name: 'photodna',
  bytes: BYTES,
  exact: false,
  defaultThreshold: 0,
  distance: squaredEuclidean,
  format: encodeBase64,
  parseOther: parseDecimals,
});

/** 144 numbers from 0 to 255 with commas between. */
function parseDecimals(source: Uint8Array, start: number, end: number, target: Uint8Array, offset: number): boolean {
  let count = 0;
  let value = -1;
  for (let at = start; at <= end; at++) {
    const byte = at === end ? 0x2c : (source[at] as number);
    if (byte >= 0x30 && byte <= 0x39) {
      value = (value === -1 ? 0 : value * 10) + byte - 0x30;
      if (value > 255) return false;
    } else if (byte === 0x2c) {
      if (value === -1 || count === BYTES) return false;
      target[offset + count++] = value;
      value = -1;
    } else if (byte !== 0x20) return false;
  }
  return count === BYTES;
}
