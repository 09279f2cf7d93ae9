/**
 * How pages of the feed are signed: Ed25519 (RFC 8032) over a line that says what is signed, and the SHA-256 of the bytes
 * of the page as they are before they are packed. What a page holds beside its entries (who asked, after which
 * checkpoint, with which nonce, and where it goes on) makes that none can be swapped, left out or told a second time.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

/** The header that carries signatures: `ed25519 <key id>=<base64>`, several with commas. */
export const SIGNATURE_HEADER = 'vigie-signature';

const DOMAIN = 'vigie-feed/1\n';
const PUBLIC_PREFIX = 'vigie-ed25519-';
// The fixed beginnings of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410).
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** Both halves of a key. */
export interface SigningKey {
  /** First 16 hexadecimal digits of the SHA-256 of the public half. */
  readonly id: string;
  readonly privateKey: KeyObject;
  /** The public half as people hand it on, such as `vigie-ed25519-…`. */
  readonly publicText: string;
}

/** @param secret 32 bytes */
export function signingKey(secret: Uint8Array): SigningKey {
  const der = Buffer.concat([PRIVATE_HEAD, secret]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length);
  return { id: idOf(raw), privateKey, publicText: PUBLIC_PREFIX + raw.toString('base64url') };
}

/** The value of the header, signed by each key. */
export function signPage(page: Uint8Array, keys: readonly SigningKey[]): string {
  const message = messageOf(page);
  return keys
    .map(({ id, privateKey }) => `ed25519 ${id}=${sign(null, message, privateKey).toString('base64')}`)
    .join(', ');
}

/** A public half that is trusted. */
export interface TrustedKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** @returns undefined when it is not the public half of a key */
export function trustedKey(publicText: string): TrustedKey | undefined {
  const digits = publicText.trim().startsWith(PUBLIC_PREFIX) ? publicText.trim().slice(PUBLIC_PREFIX.length) : '';
  const raw = Buffer.from(digits, 'base64url');
  if (raw.length !== 32 || raw.toString('base64url') !== digits) return undefined;
  return {
    id: idOf(raw),
    key: createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, raw]), format: 'der', type: 'spki' }),
  };
}

/** Whether one of the trusted keys has signed exactly these bytes. */
export function isSignedBy(page: Uint8Array, header: string | undefined, trusted: readonly TrustedKey[]): boolean {
  const message = messageOf(page);
  for (const part of (header ?? '').slice(0, 4_096).split(',')) {
    const [, id, text = ''] = /^\s*ed25519 ([0-9a-f]{16})=([A-Za-z0-9+/]{86}==)\s*$/.exec(part) ?? [];
    const signature = Buffer.from(text, 'base64');
    if (trusted.some((each) => each.id === id && verify(null, message, each.key, signature))) return true;
  }
  return false;
}

function messageOf(page: Uint8Array): Buffer {
  return Buffer.from(DOMAIN + createHash('sha256').update(page).digest('hex'));
}

function idOf(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex').slice(0, 16);
}
