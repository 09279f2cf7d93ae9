import type { DihedralName } from './dihedral.js';

type Rule = { readonly transposed: boolean; readonly negated: (i: number, j: number) => boolean };

/** What turning and mirroring does to the coefficients of a picture, for rows i and columns j from 0. */
const RULES: Readonly<Record<DihedralName, Rule>> = {
  original: { transposed: false, negated: () => false },
  rotate90: { transposed: true, negated: (_, j) => j % 2 === 0 },
  rotate180: { transposed: false, negated: (i, j) => (i + j) % 2 === 1 },
  rotate270: { transposed: true, negated: (i) => i % 2 === 0 },
  flipX: { transposed: false, negated: (i) => i % 2 === 0 },
  flipY: { transposed: false, negated: (_, j) => j % 2 === 0 },
  flipPlus1: { transposed: true, negated: () => false },
  flipMinus1: { transposed: true, negated: (i, j) => (i + j) % 2 === 1 },
};

/**
 * The hash of a turned picture, made of the hash of the picture alone: as if the median of its coefficients stayed where
 * it is, so a few bits beside the one that its pixels give.
 * @param hash 32 bytes, as the hexadecimal form reads
 */
export function turnedHash(hash: Uint8Array, name: DihedralName): Uint8Array {
  const { transposed, negated } = RULES[name];
  const turned = new Uint8Array(32);
  for (let k = 0; k < 256; k++) {
    const [i, j] = [k >> 4, k & 15];
    const from = transposed ? 16 * j + i : k;
    const bit = ((hash[31 - (from >> 3)] ?? 0) >> (from & 7)) & 1;
    const at = 31 - (k >> 3);
    if (bit !== (negated(i, j) ? 1 : 0)) turned[at] = (turned[at] ?? 0) | (1 << (k & 7));
  }
  return turned;
}
