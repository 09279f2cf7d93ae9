import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { VigieError } from '../errors.js';
import { readPieces } from './read-pieces.js';

/**
 * A multipart form of one JSON field and one file, as the service reads it: the file is read while it is sent.
 * @param path of the file; `-` is standard input
 * @throws VigieError `file-not-readable`, also while it is read
 */
export async function mediumForm(
  field: string,
  json: unknown,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly body: Readable; readonly headers: Readonly<Record<string, string>> }> {
  if (path !== '-' && !(await stat(path).catch(() => undefined))?.isFile()) {
    throw new VigieError('file-not-readable', { detail: basename(path) });
  }
  const boundary = `vigie-${randomBytes(16).toString('hex')}`;
  const body = Readable.from(pieces(boundary, field, json, readPieces({ path, file: path }, signal)));
  return { body, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}

async function* pieces(boundary: string, field: string, json: unknown, file: AsyncIterable<Uint8Array>) {
  const head = (about: string, type: string) =>
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${about}\r\ncontent-type: ${type}\r\n\r\n`);
  yield head(`name="${field}"`, 'application/json');
  yield Buffer.from(JSON.stringify(json));
  yield Buffer.from('\r\n');
  // What it is called is nobody's business.
  yield head('name="media"; filename="medium"', 'application/octet-stream');
  yield* file;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}
