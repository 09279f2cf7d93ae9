import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { Keyring } from './keyring.js';

/** What a small sealed value is bound to: opening it with another purpose or another context fails. */
export interface SealContext {
  readonly purpose: string;
  /** Where the value belongs, such as the id of its row; authenticated, not kept. */
  readonly aad: string;
}

// version 1 | key id 8 | nonce 12 | ciphertext | tag 16
const VERSION = 1;
const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const HEAD_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES;
const TAG_BYTES = 16;

/** Seals a small value with AES-256-GCM under a key of its purpose. At most some 2^32 values a purpose and key. */
export function seal(keyring: Keyring, plain: Uint8Array, { purpose, aad }: SealContext): Uint8Array {
  const head = Buffer.concat([Buffer.of(VERSION), Buffer.from(keyring.activeId, 'hex'), randomBytes(NONCE_BYTES)]);
  const cipher = createCipheriv('aes-256-gcm', keyring.subkey(`seal/${purpose}`), head.subarray(1 + KEY_ID_BYTES));
  cipher.setAAD(Buffer.concat([head, Buffer.from(aad)]));
  return new Uint8Array(Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

/** @throws VigieError `seal-key-wrong` when the key that sealed it is not there, `seal-damaged` when it was changed */
export function unseal(keyring: Keyring, sealed: Uint8Array, { purpose, aad }: SealContext): Uint8Array {
  const keyId = sealedWith(sealed);
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const head = bytes.subarray(0, HEAD_BYTES);
  const key = keyring.subkey(`seal/${purpose}`, { keyId });
  const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(1 + KEY_ID_BYTES));
  decipher.setAAD(Buffer.concat([head, Buffer.from(aad)]));
  decipher.setAuthTag(bytes.subarray(bytes.byteLength - TAG_BYTES));
  const plain = decipher.update(bytes.subarray(HEAD_BYTES, bytes.byteLength - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    throw new VigieError('seal-damaged');
  }
  return new Uint8Array(plain);
}

/** Id of the master key that a small value was sealed under. */
export function sealedWith(sealed: Uint8Array): string {
  if (sealed.byteLength < HEAD_BYTES + TAG_BYTES || sealed[0] !== VERSION) throw new VigieError('seal-damaged');
  return Buffer.from(sealed.subarray(1, 1 + KEY_ID_BYTES)).toString('hex');
}
