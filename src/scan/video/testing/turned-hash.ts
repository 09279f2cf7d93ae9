import { DIHEDRAL_NAMES } from '../../../signals/pdq/dihedral.js';
import { turnedHash } from '../../../signals/pdq/turned-hash.js';

/** The eight hashes of a frame, one behind the other. */
export function allTurned(hash: Uint8Array): Uint8Array {
  const all = new Uint8Array(8 * 32);
  for (const [i, name] of DIHEDRAL_NAMES.entries()) all.set(turnedHash(hash, name), i * 32);
  return all;
}
