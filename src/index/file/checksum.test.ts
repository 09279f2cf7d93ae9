import { describe, expect, it } from 'vitest';
import { randomBytes, seeded } from '../testing/random.js';
import { Checksum, checksum } from './checksum.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('checksum', () => {
  it('is XXH32', () => {
    expect(checksum(text(''))).toBe(0x02cc5d05);
    expect(checksum(text('a'))).toBe(0x550d7456);
    expect(checksum(text('abc'))).toBe(0x32d153ff);
    expect(checksum(text('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f);
  });

  it('is the same in pieces, and for bytes that are not aligned', () => {
    const bytes = randomBytes(seeded(1), 1000);
    const pieces = new Checksum().update(bytes.subarray(0, 160)).update(bytes.subarray(160)).digest();
    expect(pieces).toBe(checksum(bytes));
    const shifted = new Uint8Array(1003).subarray(3);
    shifted.set(bytes);
    expect(checksum(shifted)).toBe(checksum(bytes));
  });
});
