import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { VigieError } from '../errors.js';
import { abortableEach } from '../runtime/abortable.js';
import { type ReadMedium, readMedium } from '../scan/read-medium.js';
import { type Found, unreadable } from './walk.js';

/**
 * Reads a file into memory, or standard input for `-`.
 * @throws VigieError `file-not-readable`, `media-too-large`; the signal's reason
 */
export async function readFile({ path, file }: Found, maximumBytes: number, signal: AbortSignal): Promise<ReadMedium> {
  try {
    if (path === '-') return await readMedium(process.stdin, { maximumBytes, signal });
    const { size } = await stat(file);
    const source = createReadStream(file, { highWaterMark: 2 ** 20 });
    try {
      return await readMedium(source, { maximumBytes, declaredLength: size, signal });
    } finally {
      source.destroy();
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof VigieError ? cause : unreadable(cause);
  }
}

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
