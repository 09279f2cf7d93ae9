/** The eight ways of turning and mirroring a picture, named and ordered as in the PDQ reference. */
export const DIHEDRAL_NAMES = [
  'original',
  'rotate90',
  'rotate180',
  'rotate270',
  'flipX',
  'flipY',
  'flipPlus1',
  'flipMinus1',
] as const;
export type DihedralName = (typeof DIHEDRAL_NAMES)[number];

/** The hash of the negative of a picture: every bit the other way round. */
export function complement(hash: Uint8Array): Uint8Array {
  return hash.map((byte) => byte ^ 0xff);
}

/**
 * The hash of a picture that was turned or mirrored, made from the hash of the picture alone: turning moves the
 * coefficients of the transform and changes the sign of some, and a bit says on which side of their median a coefficient
 * lies, so a changed sign is a changed bit. It is off where a coefficient lies between zero and the median: by five bits on
 * average of generated pictures, none where nothing is turned.
 * @param hash 32 bytes
 * @param way index among `DIHEDRAL_NAMES`
 * @param target where its 32 bytes go
 */
export function turnedHash(hash: Uint8Array, way: number, target: Uint8Array): void {
  const { from, flips } = TURNS[way]!;
  target.fill(0);
  for (let bit = 0; bit < 256; bit++) {
    const source = from[bit]!;
    const set = ((hash[31 - (source >> 3)]! >> (source & 7)) & 1) ^ flips[bit]!;
    target[31 - (bit >> 3)]! |= set << (bit & 7);
  }
}

/** For each way, which bit each bit comes from, and whether it changes: the rules of the PDQ reference. */
const TURNS = DIHEDRAL_NAMES.map((name) => {
  const from = new Uint8Array(256);
  const flips = new Uint8Array(256);
  const transpose = name === 'rotate90' || name === 'rotate270' || name === 'flipPlus1' || name === 'flipMinus1';
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      const row = transpose ? j : i;
      const column = transpose ? i : j;
      let flip = false;
      if (name === 'rotate180' || name === 'flipMinus1') flip = ((row + column) & 1) === 1;
      else if (name === 'rotate90' || name === 'flipY') flip = (column & 1) === 0;
      else if (name === 'rotate270' || name === 'flipX') flip = (row & 1) === 0;
      from[i * 16 + j] = row * 16 + column;
      flips[i * 16 + j] = flip ? 1 : 0;
    }
  }
  return { from, flips };
});

/** The way that undoes each way. */
export function inverseWay(way: number): number {
  return way === 1 ? 3 : way === 3 ? 1 : way;
}
