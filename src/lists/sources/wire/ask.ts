import { VigieError } from '../../../errors.js';
import type { ExchangeAnswer, ExchangeRequest } from '../../../net/guarded-client.js';
import { retryAfterSeconds } from '../../../net/retry-after.js';
import type { SourceHouse } from '../source.js';

/** Most bytes of one answer: a page of a thousand entries takes one or two million. */
const ANSWER_BYTES = 64 << 20;

/** Time limit for one question and the whole of its answer, milliseconds: pages are slow to come at some exchanges. */
const ASK_TIMEOUT_MS = 120_000;

/** Nobody is believed who sends us away for longer. */
const LONGEST_WAIT_SECONDS = 24 * 3_600;

/** An answer that is worth reading. */
export interface Answer {
  /** Ends with `source-malformed` when it is too long or cut short. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The source's clock, milliseconds since 1970, as it states it; ours when it does not. */
  readonly sourceNow: number;
}

export interface Question<T> extends Omit<ExchangeRequest, 'signal'> {
  readonly read: (answer: Answer) => Promise<T>;
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

/** Statuses of the 400s that ask for another attempt: too slow, too early, too many. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Asks a source one thing. Redirects are not followed, and nothing of the address, which may hold a credential, gets
 * into an error.
 * @throws VigieError `source-refused`, `source-unreachable` (with `retryAfter` when it was told), `source-malformed`,
 * `url-invalid`, `url-forbidden`; the signal's reason
 */
export async function ask<T>(
  { client, now }: SourceHouse,
  url: string,
  { read, instead, ...request }: Question<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await client.exchange(url, { timeoutMs: ASK_TIMEOUT_MS, ...request, signal }, async (answer) => {
      const { status, headers } = answer;
      const other = isSuccess(status) ? undefined : await instead?.(status, () => beginning(answer));
      if (other !== undefined) return other.value;
      judge(status, headers['retry-after'], now());
      if (/^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(headers['content-type'] ?? '')) {
        throw new VigieError('source-malformed', { detail: 'a page for people' });
      }
      const coding = headers['content-encoding'] ?? 'identity';
      if (coding !== 'identity')
        throw new VigieError('source-malformed', { detail: 'a coding that was not asked for' });
      const date = Date.parse(headers['date'] ?? '');
      return await read({ body: bounded(answer), sourceNow: Number.isNaN(date) ? now() : date });
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VigieError && (error.code === 'fetch-failed' || error.code === 'fetch-timeout')) {
      const detail = error.code === 'fetch-timeout' ? 'it took too long' : 'no connection';
      throw new VigieError('source-unreachable', { detail, cause: error.cause });
    }
    throw error;
  }
}

function judge(status: number, retryAfter: string | undefined, now: number): void {
  if (isSuccess(status)) return;
  const detail = `status ${status}`;
  if (status < 400) throw new VigieError('source-malformed', { detail: `${detail}; redirects are not followed` });
  if (status < 500 && !TRY_AGAIN.has(status)) throw new VigieError('source-refused', { detail });
  const told = retryAfterSeconds(retryAfter, now);
  const seconds = told === undefined ? {} : { retryAfter: Math.min(told, LONGEST_WAIT_SECONDS) };
  throw new VigieError('source-unreachable', { detail, ...seconds });
}

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

async function* bounded({ body }: ExchangeAnswer): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > ANSWER_BYTES) break;
      yield chunk;
    }
  } catch (cause) {
    if (isTimeLimit(cause)) throw cause;
    throw new VigieError('source-malformed', { detail: 'the answer was cut short', cause });
  }
  if (bytes > ANSWER_BYTES) throw new VigieError('source-malformed', { detail: 'an answer without end' });
}

function isTimeLimit(error: unknown): boolean {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return name === 'TimeoutError' || name === 'AbortError' || code === 'UND_ERR_BODY_TIMEOUT';
}

/** Reads an answer to its end and drops it: a server that is not heard out may take back what it did. */
export async function ignore({ body }: Answer): Promise<void> {
  for await (const _ of body);
}
