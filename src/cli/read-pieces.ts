import { createReadStream } from 'node:fs';
import { VigieError } from '../errors.js';
import { abortableEach } from '../runtime/abortable.js';
import { type Found, unreadable } from './walk.js';

/**
 * A file as it is read, or standard input for `-`.
 * @throws (from the iteration) VigieError `file-not-readable`; the signal's reason
 */
export async function* readPieces({ path, file }: Found, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const source = path === '-' ? process.stdin : createReadStream(file, { highWaterMark: 2 ** 20 });
  try {
    yield* abortableEach(source, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof VigieError ? cause : unreadable(cause);
  } finally {
    if (path !== '-') source.destroy();
  }
}
