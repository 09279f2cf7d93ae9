import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { InvalidArgumentError, Option } from 'commander';
import { VigieError } from '../errors.js';
import { FIELD_NAMES, LIST_FORMATS } from '../lists/formats/list-parser.js';
import { WORDS_FIELDS } from '../lists/words/words-record.js';
import { SIGNAL_TYPE_NAMES } from '../signals/signal-type.js';
import { resultOf } from './answer-lines.js';
import { interrupted } from './interrupt.js';
import { printable } from './output.js';
import { type Bar, progressBar } from './progress-bar.js';
import type { ServiceClient } from './service-client.js';
import { unreadable } from './walk.js';

/** Columns of media, and those of URLs and keywords. */
const OURS: ReadonlySet<string> = new Set([...FIELD_NAMES, ...WORDS_FIELDS]);

export const fileFormatOption = (): Option =>
  new Option('--format <name>', 'of the file').choices(['auto', ...LIST_FORMATS]).default('auto');

export const typeOption = (): Option =>
  new Option('--type <name>', 'signal type of plain values, where their length does not tell').choices([
    ...SIGNAL_TYPE_NAMES,
  ]);

export const mapOption = (): Option =>
  new Option('--map <theirs=ours>', 'a column of the file and what it is here; may be given several times').argParser(
    mapping,
  );

function mapping(text: string, before: readonly string[] = []): readonly string[] {
  const cut = text.lastIndexOf('=');
  const ours = text.slice(cut + 1).trim();
  if (cut < 1 || !OURS.has(ours)) {
    throw new InvalidArgumentError(`Give theirs=ours, where ours is one of ${[...OURS].join(', ')}.`);
  }
  return [...before, text];
}

/** A list file that is about to be sent. */
export interface FileToSend {
  /** Undefined for what has no size, such as a pipe. */
  readonly bytes: number | undefined;
  readonly open: () => Readable;
}

/** @param file a path, or - for standard input. @throws VigieError `usage`, `file-not-readable`, `file-not-found` */
export async function fileToSend(file: string): Promise<FileToSend> {
  if (file !== '-') {
    return { bytes: await sizeOf(file), open: () => createReadStream(file, { highWaterMark: 2 ** 20 }) };
  }
  if (process.stdin.isTTY === true) {
    throw new VigieError('usage', { detail: 'standard input is a terminal; give a file, or send one with a pipe' });
  }
  return { bytes: undefined, open: () => process.stdin };
}

/** @returns undefined for what has no size, such as a pipe */
export async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new VigieError('file-not-readable', { detail: `${printable(file)} is a folder` });
    await access(file, constants.R_OK);
    return found.isFile() ? found.size : undefined;
  } catch (cause) {
    throw cause instanceof VigieError ? cause : unreadable(cause, file);
  }
}

/** Sends a list file with a bar of how far it is, and gives the result that the service answers in JSON lines. */
export async function sendFile<Progress, Result>(
  service: ServiceClient,
  { method, path }: { readonly method: 'PUT' | 'POST'; readonly path: string },
  { bytes, open }: FileToSend,
  onProgress: (progress: Progress, bar: Bar) => void,
): Promise<Result> {
  const bar = progressBar(bytes);
  const source = open();
  const body = Readable.from(
    counted(source, (sent) => bar.update(sent)),
    { objectMode: false },
  );
  try {
    const response = await service.request(method, path, {
      body,
      headers: {
        'content-type': 'application/octet-stream',
        ...(bytes === undefined ? {} : { 'content-length': String(bytes) }),
      },
      signal: interrupted(),
    });
    return await resultOf<Progress, Result>(response.body, (progress) => onProgress(progress, bar));
  } finally {
    bar.stop();
    source.destroy();
  }
}

async function* counted(source: AsyncIterable<Uint8Array>, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    yield chunk;
    bytes += chunk.length;
    tell(bytes);
  }
}
