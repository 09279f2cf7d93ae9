import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PlatformHouse } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import type { ExchangeAnswer } from '../net/guarded-client.js';

/** Time limit for the whole of a file, milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

export interface RemoteFile {
  /** What the platform says that it has, bytes; one that ends before was cut short. */
  readonly size?: number | undefined;
  /** Longest that is read, bytes. */
  readonly most?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** What an answer other than 200 means. */
  readonly refusal: (answer: ExchangeAnswer) => Promise<VigieError>;
}

/**
 * Opens a file of a platform. The body goes on to be read after the client has given it: what reads it ends the exchange,
 * or the exchange it.
 * @throws VigieError what `refusal` says, those of `GuardedClient.exchange`; while it is read `media-too-large` and
 *   `fetch-failed` too
 */
export function openRemote(
  client: PlatformHouse['client'],
  url: string,
  file: RemoteFile,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const through = new PassThrough();
  // Met by whoever reads; there may be nobody any more.
  through.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const { headers = {} } = file;
    const sent = { timeoutMs: DOWNLOAD_TIMEOUT_MS, signal, headers };
    const whole = client.exchange(url, sent, async (answer) => {
      if (answer.status !== 200) throw await file.refusal(answer);
      resolve(through);
      await pipeline(() => bounded(answer.body, file, signal), through);
    });
    whole.catch((error: unknown) => {
      reject(error);
      through.destroy(error as Error);
    });
  });
}

async function* bounded(
  body: AsyncIterable<Uint8Array>,
  { size, most }: RemoteFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (most !== undefined && bytes > most) {
        throw new VigieError('media-too-large', { detail: `more than ${most >> 20} MB` });
      }
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VigieError) throw error;
    const late = (error as { readonly name?: unknown }).name === 'TimeoutError';
    throw new VigieError(late ? 'fetch-timeout' : 'fetch-failed', { cause: error });
  }
  if (size !== undefined && bytes < size) throw new VigieError('fetch-failed', { detail: 'the file was cut short' });
}
