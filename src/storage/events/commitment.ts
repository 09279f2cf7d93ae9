import { hash } from 'node:crypto';

/** Bytes of salt: without it, a payload of few possible values could be guessed from its commitment after it was erased. */
export const SALT_BYTES = 16;

/** In place of a commitment, for an event that has no payload. */
export const NO_PAYLOAD: Uint8Array = new Uint8Array(32);

/** A salted commitment to a payload. @param content canonical JSON. @returns 32 bytes */
export function commit(salt: Uint8Array, content: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha256', Buffer.concat([salt, content]), 'buffer'));
}

export function isNoPayload(commitment: Uint8Array): boolean {
  return commitment.every((byte) => byte === 0);
}
