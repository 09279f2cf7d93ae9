import { createReadStream } from 'node:fs';
import { VigieError } from '../errors.js';
import { abortableEach } from '../runtime/abortable.js';
import { type Found, unreadable } from './walk.js';

/** Longest text that is read whole. */
const WHOLE = 2 ** 20;

/** All of a small text file, or of standard input for `-`. @throws VigieError `file-not-readable`, `usage` */
export async function readAll(path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of readPieces({ path, file: Buffer.from(path) }, new AbortController().signal)) {
    length += piece.length;
    if (length > WHOLE) throw new VigieError('usage', { detail: 'the file is too large to be one of settings' });
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
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
