// A file of URLs or keywords as it is searched: 24 bytes of head (magic, version, length and checksum of the table), the
// table (JSON), and the sections, each at a multiple of eight. All but `records` are loaded whole, with their checksums.

import { VigieError } from '../../errors.js';
import type { ByteSink, ByteSource } from '../byte-io.js';
import { Checksum, checksum } from '../file/checksum.js';
import type { WordsContent } from './words-entry.js';

const MAGIC = 'VIGIEWRD';
const VERSION = 1;
const HEAD_BYTES = 24;
/** Reading and writing go in steps of this size, so that no step holds up an event loop. */
const STEP = 2 ** 20;
const LONGEST_TABLE = 2 ** 20;

export type FlatArray = Uint8Array | Uint16Array | Uint32Array;

const ELEMENTS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const;

export interface WordsSection {
  readonly name: string;
  /** From the beginning of the sections. */
  readonly offset: number;
  readonly length: number;
  readonly elementBytes: 1 | 2 | 4;
  readonly checksum: number;
}

export interface WordsTable {
  readonly content: WordsContent;
  readonly entries: number;
  readonly sections: readonly WordsSection[];
}

/** Writes a file, section after section. */
export async function writeWords(
  sink: ByteSink,
  about: Omit<WordsTable, 'sections'>,
  sections: readonly (readonly [name: string, array: FlatArray])[],
): Promise<void> {
  let offset = 0;
  const described = sections.map(([name, array]): WordsSection => {
    const section = { name, offset, length: array.byteLength };
    offset += padded(array.byteLength);
    return { ...section, elementBytes: array.BYTES_PER_ELEMENT as 1 | 2 | 4, checksum: checksum(bytesOf(array)) };
  });
  const table = new TextEncoder().encode(JSON.stringify({ ...about, sections: described }));
  const head = new Uint8Array(HEAD_BYTES);
  head.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(head.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, table.length, true);
  view.setUint32(16, checksum(table), true);
  await sink.write(head);
  await writePadded(sink, table);
  for (const [, array] of sections) await writePadded(sink, bytesOf(array));
}

/** What was read of a file, and where its sections begin in it. */
export interface OpenedWords {
  readonly table: WordsTable;
  readonly arrays: ReadonlyMap<string, FlatArray>;
  /** The section that stays in the file. */
  readonly records: { readonly offset: number; readonly length: number };
}

/** @throws VigieError `segment-foreign`, `segment-damaged`, what the source throws, the signal's reason */
export async function readWords(source: ByteSource, signal?: AbortSignal): Promise<OpenedWords> {
  const head = await read(source, 0, HEAD_BYTES, signal);
  const view = new DataView(head.buffer);
  if (new TextDecoder().decode(head.subarray(0, 8)) !== MAGIC || view.getUint32(8, true) !== VERSION) {
    throw new VigieError('segment-foreign');
  }
  const length = view.getUint32(12, true);
  if (length > LONGEST_TABLE) throw new VigieError('segment-damaged', { detail: 'table' });
  const bytes = await read(source, HEAD_BYTES, length, signal);
  if (checksum(bytes) !== view.getUint32(16, true)) throw new VigieError('segment-damaged', { detail: 'table' });
  // Whole, as its checksum says; and written by `writeWords` alone.
  const table = JSON.parse(new TextDecoder().decode(bytes)) as WordsTable;
  const start = HEAD_BYTES + padded(length);
  const arrays = new Map<string, FlatArray>();
  let records = { offset: start, length: 0 };
  for (const { name, offset, length: size, elementBytes, checksum: wanted } of table.sections) {
    if (name === 'records') {
      records = { offset: start + offset, length: size };
      continue;
    }
    const sum = new Checksum();
    const part = await read(source, start + offset, size, signal, sum);
    if (sum.digest() !== wanted) throw new VigieError('segment-damaged', { detail: name });
    arrays.set(name, new ELEMENTS[elementBytes](part.buffer));
  }
  return { table, arrays, records };
}

async function read(
  source: ByteSource,
  offset: number,
  length: number,
  signal?: AbortSignal,
  sum?: Checksum,
): Promise<Uint8Array<ArrayBuffer>> {
  if (offset + length > source.size) throw new VigieError('segment-damaged', { detail: 'cut short' });
  const target = new Uint8Array(length);
  for (let at = 0; at < length; at += STEP) {
    const part = target.subarray(at, Math.min(at + STEP, length));
    await source.readInto(offset + at, part.length, part);
    sum?.update(part);
    signal?.throwIfAborted();
  }
  return target;
}

async function writePadded(sink: ByteSink, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += STEP) await sink.write(bytes.subarray(at, at + STEP));
  const rest = padded(bytes.length) - bytes.length;
  if (rest > 0) await sink.write(new Uint8Array(rest));
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}

function bytesOf(array: FlatArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
