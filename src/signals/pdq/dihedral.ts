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
