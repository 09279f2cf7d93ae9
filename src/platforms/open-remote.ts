import type { PlatformHouse } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import type { ExchangeAnswer } from '../net/guarded-client.js';
import { pulled } from '../net/pulled.js';

/** Time limit for the whole of a file, milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 120_000;

export interface RemoteFile {
  /** What the platform says that it has, bytes; one that ends before was cut short. */
  readonly size?: number | undefined;
  /** Longest that is read, bytes. */
  readonly most?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** What an answer other than 200 means. */
  readonly refusal: (answer: ExchangeAnswer) => VigieError | Promise<VigieError>;
}

/**
 * A file of a platform, opened when it is read and closed when its reader stops.
 * @throws VigieError while it is read: what `refusal` says, those of `GuardedClient.exchange`, `media-too-large`, and
 *   `fetch-failed` for one that was cut short
 */
export async function* openRemote(
  client: PlatformHouse['client'],
  url: string,
  { size, most, headers = {}, refusal }: RemoteFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = pulled(
    (take, stop) =>
      client.exchange(url, { timeoutMs: DOWNLOAD_TIMEOUT_MS, signal: stop, headers }, async (answer) => {
        if (answer.status !== 200) throw await refusal(answer);
        await take(answer.body);
      }),
    signal,
  );
  let bytes = 0;
  for await (const chunk of file) {
    bytes += chunk.byteLength;
    if (most !== undefined && bytes > most) {
      throw new VigieError('media-too-large', { detail: `more than ${Math.floor(most / 1e6)} MB` });
    }
    yield chunk;
  }
  if (size !== undefined && bytes < size) throw new VigieError('fetch-failed', { detail: 'the file was cut short' });
}
