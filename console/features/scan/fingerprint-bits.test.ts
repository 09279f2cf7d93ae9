import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitsOf, differing, SIDE, squares } from './fingerprint-bits.js';

const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(''));

/** The bits that a path paints, by walking its rectangles. */
function painted(path: string): boolean[] {
  const bits = new Array<boolean>(SIDE * SIDE).fill(false);
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    for (let i = 0; i < Number(width); i++) bits[Number(y) * SIDE + Number(x) + i] = true;
  }
  return bits;
}

test('reads hexadecimal, and nothing else', () => {
  expect(
    bitsOf(`8${'0'.repeat(62)}1`)
      ?.map(Number)
      .join(''),
  ).toBe(`1${'0'.repeat(254)}1`);
  expect(bitsOf('abc')).toBeUndefined();
  expect(bitsOf('g'.repeat(64))).toBeUndefined();
});

test('paints exactly the bits that are set', () => {
  fc.assert(
    fc.property(hash, (hex) => {
      const bits = bitsOf(hex) ?? [];
      expect(bits).toHaveLength(256);
      expect(painted(squares(bits))).toEqual(bits);
    }),
  );
});

test('two hashes differ where their exclusive or has bits', () => {
  fc.assert(
    fc.property(hash, hash, (a, b) => {
      const or = (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16).padStart(64, '0');
      expect(differing(bitsOf(a) ?? [], bitsOf(b) ?? [])).toEqual(bitsOf(or));
    }),
  );
});
