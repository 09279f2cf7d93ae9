import type { WebhookMessage } from '../effects/webhook-messages.js';
import { verifySignature } from '../effects/webhook-signature.js';
import type { Callback, OrderData } from '../platforms/webhook/callback-shape.js';
import { VigieProblem } from './problem.js';

export type { OrderData };

/** What the service sends: a ping or an order of a platform of the kind `webhook`, or a message of a webhook. */
export type ReceivedCallback = {
  /** The same at every attempt: of an order, the id of its action. */
  readonly id: string;
} & (Callback | (WebhookMessage & { readonly timestamp: string }));

export interface VerifyCallbackOptions {
  /** Milliseconds since 1970; the clock when left out. */
  readonly now?: number;
  /** How far the time of a message may be from now; five minutes when left out. */
  readonly windowMs?: number;
}

type CallbackHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Verifies what claims to come from the service, by HMAC-SHA-256 in constant time and within the window in which it may
 * be sent again (Standard Webhooks 1.0). Within it, and later, the same id means the same: do it once.
 * @param headers as they came, of Node or of `fetch`
 * @param body as it came, byte for byte
 * @param secrets one, or several while one takes the place of another
 * @throws VigieProblem `signature-invalid`, always the same whatever is wrong; `answer-odd` when it is signed and no message
 */
export function verifyCallback(
  headers: CallbackHeaders,
  body: string | Uint8Array,
  secrets: string | readonly string[],
  options: VerifyCallbackOptions = {},
): ReceivedCallback {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  const named = headers instanceof Headers ? Object.fromEntries(headers) : headers;
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    const id = idOf(() => verifySignature({ headers: named, body: text, secret, ...options }));
    if (id !== undefined) return { id, ...messageOf(text) };
  }
  throw new VigieProblem('signature-invalid', { status: 401, title: 'The signature of the message is not valid.' });
}

function idOf(verify: () => string): string | undefined {
  try {
    return verify();
  } catch {
    return undefined;
  }
}

function messageOf(text: string): Callback {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof (message as { type?: unknown } | null)?.type === 'string') return message as Callback;
  } catch {
    // Told below.
  }
  throw new VigieProblem('answer-odd', { title: 'It is signed, and no message that is known.' });
}
