/** What an answer over HTTP means, and reading its body within bounds. */
import { VigieError } from '../../../errors.js';
import type { ExchangeAnswer } from '../../../net/guarded-client.js';
import { retryAfterSeconds } from '../../../net/retry-after.js';

/** A body that says nothing for so long is given up, milliseconds. */
const IDLE_MS = 60_000;
/** Nobody is believed who sends us away for longer, seconds. */
const LONGEST_WAIT_S = 24 * 3_600;

/** Statuses of the 400s that ask for another attempt: too slow, too early, too many. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Says why an answer is none of use.
 * @returns the error that it stands for; undefined for a 2xx that is no page for people
 */
export function refusalOf({ status, headers }: Omit<ExchangeAnswer, 'body'>, now: number): VigieError | undefined {
  const detail = `it answered ${status}`;
  if (status >= 200 && status < 300) {
    // A portal, a sign-in or a page that says sorry: with the status of success.
    if (!/^\s*(text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '')) return undefined;
    return new VigieError('source-malformed', { detail: 'it answered with a page for people' });
  }
  if (status < 400) return new VigieError('source-malformed', { detail: `${detail}; redirects are not followed` });
  if (status < 500 && !TRY_AGAIN.has(status)) return new VigieError('source-refused', { detail });
  const told = retryAfterSeconds(headers['retry-after'], now);
  const wait = told === undefined ? {} : { retryAfter: Math.min(LONGEST_WAIT_S, Math.max(0, Math.ceil(told))) };
  return new VigieError('source-unreachable', { detail, ...wait });
}

/** What happened on the way to a source as an error of sources, without its address, which may hold a credential. */
export function unreachable(thrown: unknown): VigieError {
  if (!(thrown instanceof VigieError)) return new VigieError('source-unreachable', { cause: thrown });
  if (thrown.code !== 'fetch-failed' && thrown.code !== 'fetch-timeout') return thrown;
  const detail = thrown.code === 'fetch-timeout' ? 'it took too long' : 'no connection';
  return new VigieError('source-unreachable', { detail, cause: thrown.cause });
}

/**
 * Reads on as long as something comes, and not beyond a bound.
 * @throws (from the iteration) VigieError `source-malformed` beyond the bound, `source-unreachable` when it breaks off or hangs
 */
export async function* withinBounds(
  body: AsyncIterable<Uint8Array>,
  { maxBytes, idleMs = IDLE_MS }: { readonly maxBytes: number; readonly idleMs?: number },
): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  let bytes = 0;
  let ended = false;
  try {
    for (;;) {
      const step = await inTime(iterator.next(), idleMs);
      ended = step.done === true;
      if (step.done === true) return;
      bytes += step.value.byteLength;
      if (bytes > maxBytes)
        throw new VigieError('source-malformed', { detail: `an answer of more than ${maxBytes} bytes` });
      yield step.value;
    }
  } catch (thrown) {
    throw thrown instanceof VigieError
      ? thrown
      : new VigieError('source-unreachable', { detail: 'it broke off', cause: thrown });
  } finally {
    // Not awaited: what hangs would hang here again.
    if (!ended) iterator.return?.().catch(() => undefined);
  }
}

/** All of a body that is small. @throws VigieError as `withinBounds` */
export async function readWhole(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of withinBounds(body, { maxBytes })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new VigieError('source-unreachable', { detail: 'it went silent' })), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
