import { createHmac } from 'node:crypto';

/** Of so many bits of the digest a share is made. */
const BITS = 48;

/**
 * Whether a list is applied to a medium. The same medium is always in or out, in every process; which ones are, nobody
 * can tell who does not have the key. A greater share holds all that a smaller one held.
 * @param key 32 bytes, the same for all lists of an installation
 * @param list id of the list
 * @param medium SHA-256 of the medium
 * @param ratio share of media that are in, 0 to 1
 */
export function isSampled(key: Uint8Array, list: string, medium: Uint8Array, ratio: number): boolean {
  if (ratio >= 1) return true;
  const digest = createHmac('sha256', key).update(list).update('\0').update(medium).digest();
  return digest.readUIntBE(0, BITS / 8) < ratio * 2 ** BITS;
}
