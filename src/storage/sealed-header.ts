import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { Keyring } from './keyring.js';

/*
 * The first 64 bytes of every sealed file; they are authenticated with each chunk or frame.
 *   0  magic "VIGSEAL"       7  version 1
 *   8  kind                  9  log2 of the chunk size (0 in a log)
 *  16  master key id, 8     24  salt, 32        56  check of these under the file's key, 8        the rest is zero
 */
export const HEADER_BYTES = 64;
export const TAG_BYTES = 16;
const CHECK_AT = 56;
const MAGIC = Buffer.from('VIGSEAL\u0001', 'latin1');
const KINDS = { file: 1, log: 2 } as const;

export interface SealedHeader {
  readonly bytes: Buffer;
  /** Bytes of content in a chunk. */
  readonly chunkSize: number;
  /** The key of this file alone. */
  readonly key: KeyObject;
}

/** A header with a new salt, and the file's own key: HKDF of the active master key with purpose and salt. */
export function newHeader(
  kind: keyof typeof KINDS,
  keyring: Keyring,
  purpose: string,
  chunkSize: number,
): SealedHeader {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes[8] = KINDS[kind];
  bytes[9] = chunkSize === 0 ? 0 : Math.log2(chunkSize);
  bytes.write(keyring.activeId, 16, 'hex');
  const salt = randomBytes(32);
  salt.copy(bytes, 24);
  const key = createSecretKey(keyring.subkey(`${kind}/${purpose}`, { salt }));
  check(key, bytes).copy(bytes, CHECK_AT);
  return { bytes, chunkSize, key };
}

/** @throws VigieError `seal-damaged` when it is not such a header, `seal-key-wrong` when its key is not there */
export function readHeader(bytes: Buffer, kind: keyof typeof KINDS, keyring: Keyring, purpose: string): SealedHeader {
  const log2 = bytes[9] ?? 0;
  if (
    !bytes.subarray(0, 8).equals(MAGIC) ||
    bytes[8] !== KINDS[kind] ||
    (kind === 'file') !== (log2 >= 12 && log2 <= 24)
  ) {
    throw new VigieError('seal-damaged', { detail: 'not a sealed file of this kind' });
  }
  const keyId = bytes.toString('hex', 16, 24);
  const salt = bytes.subarray(24, 56);
  const key = createSecretKey(keyring.subkey(`${kind}/${purpose}`, { keyId, salt }));
  // Without this, a damaged salt or a wrong purpose would make all that follows look torn, and a log would be cut.
  if (!check(key, bytes).equals(bytes.subarray(CHECK_AT)))
    throw new VigieError('seal-damaged', { detail: 'its header' });
  return { bytes, chunkSize: kind === 'file' ? 2 ** log2 : 0, key };
}

function check(key: KeyObject, header: Buffer): Buffer {
  const mac = createHmac('sha256', key).update(header.subarray(0, CHECK_AT)).digest();
  return mac.subarray(0, HEADER_BYTES - CHECK_AT);
}
