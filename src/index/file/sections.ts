// A segment file: 16 bytes of head (magic, version), sections, the table of contents (JSON), 32 bytes of foot, which say
// where the table is and seal it with a checksum. Each section that is loaded as a whole has its checksum in the table;
// entries and the id index are read block by block and have one a block. Version 2 says in `block-rows` which row each
// block of entries begins with; it is written for segments with frames of videos, which version 1 does not know. Version 3
// is the same with members, opinions or derived signals in its entries. A segment has the least version that will do.

import { VigieError } from '../../errors.js';
import type { ByteSink, ByteSource } from '../byte-io.js';
import type { ResidentLayout } from '../resident-layout.js';
import type { SegmentSummary } from '../segment-summary.js';
import { Checksum, checksum } from './checksum.js';

export type SegmentVersion = 1 | 2 | 3;
/** The section that version 1 does not have. */
export const BLOCK_ROWS = 'block-rows';
const HEAD_BYTES = 16;
const FOOT_BYTES = 32;
const HEAD_MAGIC = 'VIGIESEG';
const FOOT_MAGIC = 'VIGIEEND';
/** Reading and checking go in steps of this size, so that no step holds up an event loop. */
export const STEP = 2 ** 21;

export interface Section {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

/** A section whose place in memory is fixed. */
export interface ResidentSection extends Section {
  /** Where in the segment's memory it belongs. */
  readonly at: number;
}

export interface Contents {
  readonly summary: SegmentSummary;
  readonly grades: readonly string[];
  readonly kinds: readonly string[];
  /** In version 3, and only there. */
  readonly members?: readonly string[];
  /** Rows in a block of entries, and keys in a block of the id index. */
  readonly rowsPerBlock: number;
  readonly idsPerBlock: number;
  readonly sections: readonly Section[];
  readonly resident: readonly ResidentSection[];
  readonly layout: ResidentLayout;
}

/** Writes head, sections and foot through a sink. */
export class SectionWriter {
  readonly #sink: ByteSink;
  #offset = 0;
  #name = '';
  #start = 0;
  #sum = new Checksum();

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  async head(version: SegmentVersion): Promise<void> {
    const head = new Uint8Array(HEAD_BYTES);
    writeAscii(head, 0, HEAD_MAGIC);
    new DataView(head.buffer).setUint32(8, version, true);
    await this.#write(head);
  }

  open(name: string): void {
    this.#name = name;
    this.#start = this.#offset;
    this.#sum = new Checksum();
  }

  /** Adds to the open section. All but its last piece have to be a multiple of 16 bytes long. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += STEP) {
      const piece = bytes.subarray(at, at + STEP);
      this.#sum.update(piece);
      await this.#write(piece);
    }
  }

  close(): Section {
    return {
      name: this.#name,
      offset: this.#start,
      length: this.#offset - this.#start,
      checksum: this.#sum.digest(),
    };
  }

  /** Adds bytes whose checksums are kept elsewhere. */
  async addUnchecked(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
  }

  /** @returns the size of the whole file */
  async foot(contents: Contents): Promise<number> {
    const table = new TextEncoder().encode(JSON.stringify(contents));
    const foot = new Uint8Array(FOOT_BYTES);
    const view = new DataView(foot.buffer);
    view.setFloat64(0, this.#offset, true);
    view.setUint32(8, table.length, true);
    view.setUint32(12, checksum(table), true);
    writeAscii(foot, 24, FOOT_MAGIC);
    await this.#write(table);
    await this.#write(foot);
    return this.#offset;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#sink.write(bytes);
    this.#offset += bytes.length;
  }
}

/**
 * Reads the table of contents.
 * @throws VigieError `segment-foreign` for what is no segment of this version, `segment-damaged` for what was one
 */
export async function readContents(source: ByteSource): Promise<Contents> {
  const head = await read(source, 0, Math.min(HEAD_BYTES, source.size));
  if (ascii(head, 0, HEAD_MAGIC.length) !== HEAD_MAGIC) {
    // A file that is a beginning of the head was cut short; anything else was never one of ours.
    if (head.length < HEAD_BYTES && HEAD_MAGIC.startsWith(ascii(head, 0, head.length))) throw damaged('head');
    throw new VigieError('segment-foreign');
  }
  if (head.length < HEAD_BYTES) throw damaged('head');
  const version = new DataView(head.buffer).getUint32(8, true);
  if (version < 1 || version > 3) throw new VigieError('segment-foreign', { detail: `version ${version}` });
  if (new DataView(head.buffer).getUint32(12) !== 0) throw damaged('head');
  if (source.size < HEAD_BYTES + FOOT_BYTES) throw damaged('foot');
  const foot = await read(source, source.size - FOOT_BYTES, FOOT_BYTES);
  if (ascii(foot, 24, FOOT_MAGIC.length) !== FOOT_MAGIC) throw damaged('foot');
  const view = new DataView(foot.buffer);
  const offset = view.getFloat64(0, true);
  const length = view.getUint32(8, true);
  if (view.getFloat64(16) !== 0) throw damaged('foot');
  if (offset + length !== source.size - FOOT_BYTES || !Number.isSafeInteger(offset)) throw damaged('foot');
  const table = await read(source, offset, length);
  if (checksum(table) !== view.getUint32(12, true)) throw damaged('contents');
  const contents = JSON.parse(new TextDecoder().decode(table)) as Contents;
  if (contents.sections.some(({ name }) => name === BLOCK_ROWS) === (version === 1)) throw damaged('head');
  if ((contents.members !== undefined) !== (version === 3)) throw damaged('head');
  return contents;
}

/** Reads a whole section into fresh memory and checks it. */
export async function readSection(source: ByteSource, section: Section): Promise<Uint8Array> {
  const bytes = await read(source, section.offset, section.length);
  if (checksum(bytes) !== section.checksum) throw damaged(section.name);
  return bytes;
}

/** Reads a section to its place in `target`, checking as it goes. */
export async function readSectionInto(
  source: ByteSource,
  section: ResidentSection,
  target: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const sum = new Checksum();
  for (let at = 0; at < section.length; at += STEP) {
    signal?.throwIfAborted();
    const length = Math.min(STEP, section.length - at);
    const piece = target.subarray(section.at + at, section.at + at + length);
    await source.readInto(section.offset + at, length, piece);
    sum.update(piece);
  }
  if (sum.digest() !== section.checksum) throw damaged(section.name);
}

export const damaged = (part: string): VigieError => new VigieError('segment-damaged', { detail: part });

async function read(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  if (length > 0) await source.readInto(offset, length, bytes);
  return bytes;
}

function ascii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
}
