import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { VigieError } from '../errors.js';

/** Signatures as in the Standard Webhooks specification 1.0 (standardwebhooks.com), symmetric scheme `v1`. */

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const REPLAY_WINDOW_MS = 5 * 60_000;

export interface SignedMessage {
  /** The same at every attempt: who has seen it has taken the message. */
  readonly id: string;
  /** Seconds since 1970, of this attempt. */
  readonly timestamp: number;
  readonly body: string;
}

/** A new secret: 256 random bits. */
export function createWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/**
 * The headers of a message.
 * @param secrets one, or two while one takes the place of the other: each gives a signature
 */
export function signatureHeaders(message: SignedMessage, secrets: readonly string[]): Record<string, string> {
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
    'webhook-signature': secrets.map((secret) => `v1,${mac(message, secret).toString('base64')}`).join(' '),
  };
}

export interface VerifyOptions {
  /** Names in lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As it came, byte for byte: not parsed and written again. */
  readonly body: string;
  readonly secret: string;
  /** How far the time of the message may be from now; five minutes when left out. */
  readonly windowMs?: number;
  /** Milliseconds since 1970; the clock when left out. */
  readonly now?: number;
}

/**
 * For receivers: verifies a message. Remember the ids of the window, so that a message that is sent twice is taken once.
 * @returns its id
 * @throws VigieError `signature-invalid`, always the same whatever is wrong
 */
export function verifySignature(options: VerifyOptions): string {
  const { headers, body, secret, windowMs = REPLAY_WINDOW_MS, now = Date.now() } = options;
  const id = headers['webhook-id'];
  const time = headers['webhook-timestamp'];
  const signatures = headers['webhook-signature'];
  if (typeof id !== 'string' || id === '' || typeof time !== 'string' || typeof signatures !== 'string') {
    throw new VigieError('signature-invalid');
  }
  const timestamp = /^[0-9]{1,12}$/.test(time) ? Number(time) : Number.NaN;
  const expected = mac({ id, timestamp, body }, secret);
  // Looks at each of them, and compares in a time that says nothing of where they differ.
  const valid = signatures
    .split(' ')
    .map((each) => /^v1,([A-Za-z0-9+/]+=*)$/.exec(each)?.[1])
    .filter((each) => each !== undefined && sameBytes(Buffer.from(each, 'base64'), expected));
  if (valid.length === 0 || !(Math.abs(now - timestamp * 1_000) <= windowMs)) throw new VigieError('signature-invalid');
  return id;
}

function mac({ id, timestamp, body }: SignedMessage, secret: string): Buffer {
  const key = Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64');
  return createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
