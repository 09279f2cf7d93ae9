import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { type Pdu, redactPdu } from './redact-pdu.js';

/** What stands before the 32 bytes of a key in DER (RFC 8410). */
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;

/** A key that signs, from the 32 bytes that it is made of. */
export function signingKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' });
}

/** What others verify with, in base64 without padding. */
export function publicKeyOf(key: KeyObject): string {
  return unpadded(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_DER.byteLength));
}

/** Base64 without the signs that fill it up. */
export function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/**
 * Signs an object (Matrix specification, appendices, "Signing JSON"): without `signatures` and `unsigned`.
 * @returns the signature in base64 without padding
 * @throws NotCanonical
 */
export function signJson(value: Pdu, key: KeyObject): string {
  return unpadded(sign(null, Buffer.from(signedPart(value)), key));
}

/** Whether a signature is that of an object by a key, both in base64. @throws NotCanonical */
export function isSigned(value: Pdu, signature: string, publicKey: string): boolean {
  const raw = Buffer.from(publicKey, 'base64');
  if (raw.byteLength !== KEY_BYTES) return false;
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_DER, raw]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(signedPart(value)), key, Buffer.from(signature, 'base64'));
}

/** The hash of all of an event, which its signature covers. @throws NotCanonical */
export function contentHash(pdu: Pdu): string {
  const { unsigned: _unsigned, signatures: _signatures, hashes: _hashes, ...rest } = pdu;
  return unpadded(sha256(canonicalJson(rest)));
}

/** The hash of what stays of an event when it is taken back. @throws NotCanonical */
export function referenceHash(pdu: Pdu, version: number): Uint8Array {
  return sha256(signedPart(redactPdu(pdu, version)));
}

/** How an event is called in a room of a version. @throws NotCanonical */
export function eventIdOf(pdu: Pdu, version: number): string {
  if (version <= 2) return String(pdu['event_id']);
  const hash = referenceHash(pdu, version);
  return `$${version === 3 ? unpadded(hash) : Buffer.from(hash).toString('base64url')}`;
}

function signedPart(value: Pdu): string {
  const { signatures: _signatures, unsigned: _unsigned, ...rest } = value;
  return canonicalJson(rest);
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
