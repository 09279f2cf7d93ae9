import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * What is read within a call, as something that is read from outside, with the reader's pace. Nothing is asked for before
 * it is read, and when it is not read to its end the call is ended: no connection outlives its reader.
 * @param ask makes the call: `take` reads a body, and the signal ends it
 * @throws what `ask` throws
 */
export async function* pulled(
  ask: (take: (body: AsyncIterable<Uint8Array>) => Promise<void>, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const through = new PassThrough();
  // Met by the loop below; what comes after it is met by nobody.
  through.on('error', () => undefined);
  const ended = new AbortController();
  const asked = ask((body) => pipeline(body, through), AbortSignal.any([signal, ended.signal]));
  asked.then(
    () => through.end(),
    (error: unknown) => through.destroy(error as Error),
  );
  try {
    for await (const chunk of through) yield chunk as Uint8Array;
    await asked;
  } catch (error) {
    // A body breaks before the call has made one of our errors of it.
    await asked;
    throw error;
  } finally {
    ended.abort();
    await asked.catch(() => undefined);
  }
}
