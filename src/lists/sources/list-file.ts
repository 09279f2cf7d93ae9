/** What sources have in common that give a whole list as a file, wherever it comes from. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { peek } from '../../runtime/peek.js';
import { SIGNAL_TYPE_NAMES } from '../../signals/signal-type.js';
import { detectFormat, HEAD_BYTES } from '../formats/detect.js';
import { LIST_FORMATS, type ListFormat, type ParserOptions } from '../formats/list-parser.js';
import { openInput } from '../formats/open-input.js';
import type { SourceFacts } from './source.js';
import { withinBounds } from './wire/answers.js';

const GIB = 2 ** 30;

/** How a file of a list is to be read; for people who set a source up. */
export const FILE_FIELDS = {
  format: z
    .enum(['auto', ...LIST_FORMATS])
    .default('auto')
    .describe('The format of the file; told from its beginning when left at auto.'),
  type: z.enum(SIGNAL_TYPE_NAMES).optional().describe('For plain lines of one value each: what the values are.'),
  map: z
    .record(z.string().min(1).max(200), z.string().min(1).max(64))
    .default({})
    .describe('Names of their columns or fields, each with the field of ours that it is, such as {"Hash": "md5"}.'),
  maxBytes: z
    .number()
    .int()
    .min(1_024)
    .max(1_024 * GIB)
    .default(16 * GIB)
    .describe('A longer file is refused, packed or unpacked; bytes.'),
};

/** How a file is read, as the parsers want it. */
export interface FileReading extends ParserOptions {
  readonly format: ListFormat | 'auto';
  readonly maxBytes: number;
}

/** Names a way of reading a place, so that a file that is to be read in another way counts as another file. */
export function readingId(place: string, { maxBytes: _, ...reading }: FileReading): string {
  return createHash('sha256')
    .update(JSON.stringify([place, reading.format, reading.type, reading.map, reading.only, reading.grades]))
    .digest('hex');
}

/**
 * The content of a file, whether or not it is gzip.
 * @throws (from the iteration) VigieError as `withinBounds`; `source-malformed` when it is damaged gzip
 */
export async function* unpacked(
  bytes: AsyncIterable<Uint8Array>,
  limits: { readonly maxBytes: number; readonly idleMs?: number },
): AsyncGenerator<Uint8Array> {
  try {
    yield* withinBounds((await openInput(withinBounds(bytes, limits))).all, limits);
  } catch (thrown) {
    const malformed = thrown instanceof VigieError && thrown.code === 'list-malformed';
    if (!malformed) throw thrown;
    throw new VigieError('source-malformed', { cause: thrown, ...(thrown.detail && { detail: thrown.detail }) });
  }
}

/** SHA-256 of what is read, in hexadecimal. */
export async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** Passes on what is read, and fails at the end when it is not what was read before: then nothing of it is taken in. */
export async function* asBefore(chunks: AsyncIterable<Uint8Array>, digest: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== digest) {
    throw new VigieError('source-unreachable', { detail: 'it changed while it was read', retryAfter: 10 });
  }
}

/** What the beginning of a file says of it. @throws VigieError `source-malformed` when no format can be told */
export async function factsOf(chunks: AsyncIterable<Uint8Array>, reading: FileReading): Promise<SourceFacts> {
  const { head, all } = await peek(chunks, HEAD_BYTES);
  await all[Symbol.asyncIterator]().return?.();
  if (reading.format !== 'auto') return { format: reading.format };
  try {
    return { format: detectFormat(head, reading) };
  } catch (cause) {
    throw new VigieError('source-malformed', { detail: 'the format of the list cannot be told', cause });
  }
}
