import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { VigieError } from '../errors.js';
import { LINE_LIMIT } from '../lists/formats/list-parser.js';
import { withoutEnding } from '../lists/import-source.js';
import { printable } from './output.js';
import { unreadable } from './walk.js';

/**
 * vPDQ files as JSON lines: an entry a file, with the file's text as its frames and its name, without the ending, as id.
 * @throws VigieError `file-not-readable` with the file's name, also for one that is too large
 */
export function videoLines(files: readonly string[]): Readable {
  return Readable.from(linesOf(files), { objectMode: false });
}

async function* linesOf(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    const vpdq = (await textOf(file)).trim();
    yield Buffer.from(`${JSON.stringify({ id: withoutEnding(file), kind: 'video', vpdq })}\n`);
  }
}

async function textOf(file: string): Promise<string> {
  try {
    // Line ends and quotes take two bytes in JSON: what is larger would be refused in any case.
    if ((await stat(file)).size > LINE_LIMIT) throw tooLarge(file);
    const bytes = await readFile(file);
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString();
    return gunzipSync(bytes, { maxOutputLength: LINE_LIMIT }).toString();
  } catch (cause) {
    if (cause instanceof VigieError) throw cause;
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(file);
    throw unreadable(cause, file);
  }
}

function tooLarge(file: string): VigieError {
  return new VigieError('file-not-readable', { detail: `${printable(file)} is too large for the frames of one video` });
}
