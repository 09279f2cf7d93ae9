import { VigieError } from '../../../errors.js';
import type { ExchangeAnswer, ExchangeRequest } from '../../../net/guarded-client.js';
import type { SourceHouse } from '../source.js';
import { refusalOf, unreachable, withinBounds } from './answers.js';

/** Most bytes of one answer: a page of a thousand entries takes one or two million. */
const ANSWER_BYTES = 64 << 20;

/** Time limit for one question and the whole of its answer, milliseconds: pages are slow to come at some exchanges. */
const ASK_TIMEOUT_MS = 120_000;

/** An answer that is worth reading. */
export interface Answer {
  /** Ends with `source-malformed` when it is too long, with `source-unreachable` when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  /** By names in lower case. */
  readonly headers: ExchangeAnswer['headers'];
  /** The source's clock, milliseconds since 1970, as it states it; ours when it does not. */
  readonly sourceNow: number;
}

export interface Question<T> extends Omit<ExchangeRequest, 'signal'> {
  readonly read: (answer: Answer) => Promise<T>;
  /** Most bytes of the answer, 64 MiB when left out. */
  readonly maxBytes?: number;
  /** Lets the answer come as gzip, and leaves it so: `read` has to unpack it. */
  readonly gzip?: boolean;
  /**
   * Looks at an answer that is no success before it becomes an error.
   * @param text reads the beginning of what it says
   * @returns what it stands for, or undefined when it is what its status says; may throw one of our errors
   */
  readonly instead?: (status: number, text: () => Promise<string>) => Promise<{ readonly value: T } | undefined>;
}

/** The question was wrong, as an outdated position is; who asks is not. */
export function isQuestionRefused(status: number): boolean {
  return [400, 404, 410, 422].includes(status);
}

/** Of an answer that is no success so much is read. */
const REFUSAL_BYTES = 64 << 10;

/**
 * Asks a source one thing. Redirects are not followed, and nothing of the address, which may hold a credential, gets
 * into an error.
 * @throws VigieError `source-refused`, `source-unreachable` (with `retryAfter` when it was told), `source-malformed`,
 * `url-invalid`, `url-forbidden`; the signal's reason
 */
export async function ask<T>(
  { client, now }: SourceHouse,
  url: string,
  { read, instead, maxBytes = ANSWER_BYTES, gzip = false, ...request }: Question<T>,
  signal: AbortSignal,
): Promise<T> {
  const headers = { ...(gzip && { 'accept-encoding': 'gzip' }), ...request.headers };
  try {
    return await client.exchange(url, { timeoutMs: ASK_TIMEOUT_MS, ...request, headers, signal }, async (answer) => {
      const { status, headers: answered } = answer;
      const other = isSuccess(status) ? undefined : await instead?.(status, () => beginning(answer));
      if (other !== undefined) return other.value;
      const refusal = refusalOf(answer, now());
      if (refusal !== undefined) throw refusal;
      if (!(gzip ? GZIP : PLAIN).test(answered['content-encoding'] ?? 'identity')) {
        throw new VigieError('source-malformed', { detail: 'a coding that was not asked for' });
      }
      const date = Date.parse(answered['date'] ?? '');
      const body = withinBounds(answer.body, { maxBytes });
      return await read({ body, headers: answered, sourceNow: Number.isNaN(date) ? now() : date });
    });
  } catch (thrown) {
    signal.throwIfAborted();
    throw unreachable(thrown);
  }
}

const PLAIN = /^\s*identity\s*$/i;
const GZIP = /^\s*(?:identity|gzip|x-gzip)\s*$/i;

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

async function beginning({ body }: ExchangeAnswer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= REFUSAL_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

/** Reads an answer to its end and drops it: a server that is not heard out may take back what it did. */
export async function ignore({ body }: Answer): Promise<void> {
  for await (const _ of body);
}
