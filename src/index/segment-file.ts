import { VigieError } from '../errors.js';
import type { ByteSource } from './byte-io.js';
import type { Entry } from './entry.js';
import { BlockCache } from './file/block-cache.js';
import { checksum } from './file/checksum.js';
import { Dictionary } from './file/dictionary.js';
import { type Dictionaries, RecordReader } from './file/entry-record.js';
import { IdIndex } from './file/id-index.js';
import { BLOCK_ROWS, type Contents, damaged, readContents, readSection, type Section } from './file/sections.js';
import { MemoryFile } from './memory-file.js';
import { Pacer } from './pause.js';
import type { SegmentSummary } from './segment-summary.js';

/** Blocks of entries and of ids that are kept, a few kilobytes each. */
const CACHED_BLOCKS = 64;
/** Those with videos in them are larger. */
const CACHED_BYTES = 2 ** 24;
/** Entries are read in pieces of about this size when they are read in turn. */
const PIECE = 2 ** 19;
/** A file up to this size is read at once and kept: a change of a few entries must take effect at once. */
const KEPT_WHOLE = 2 ** 17;

/** Records one after another, the first of them of row `row`. */
export interface RecordBatch {
  readonly row: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The entries of a segment file, read on demand. Nothing of its search tables is loaded. */
export class SegmentFile {
  readonly contents: Contents;
  readonly dictionaries: Dictionaries;
  readonly #source: ByteSource;
  readonly #entries: Section;
  /** For each block its length and its checksum. */
  readonly #blocks: Uint32Array;
  readonly #starts: Float64Array;
  /** For each block its first row; at the end the number of rows. */
  readonly #firstRows: Uint32Array;
  readonly #cache = new BlockCache(CACHED_BLOCKS, CACHED_BYTES);
  readonly #ids: IdIndex;
  #readers = 0;
  #closing: (() => void) | undefined;
  #closed = false;

  private constructor(
    source: ByteSource,
    contents: Contents,
    { blocks, firstRows, fences }: { blocks: Uint32Array; firstRows: Uint32Array | undefined; fences: Uint32Array },
  ) {
    this.contents = contents;
    this.dictionaries = { grades: new Dictionary(contents.grades), kinds: new Dictionary(contents.kinds) };
    this.#source = source;
    this.#entries = section(contents, 'entries');
    this.#blocks = blocks;
    this.#starts = new Float64Array(blocks.length / 2);
    let at = this.#entries.offset;
    for (let i = 0; i < this.#starts.length; i++) {
      this.#starts[i] = at;
      at += blocks[2 * i]!;
    }
    if (at !== this.#entries.offset + this.#entries.length) throw damaged('blocks');
    const { rowsPerBlock, summary } = contents;
    const count = blocks.length / 2;
    if (firstRows && firstRows.length !== count) throw damaged('blocks');
    this.#firstRows = Uint32Array.from({ length: count + 1 }, (_, i) =>
      i === count ? summary.entries : (firstRows?.[i] ?? i * rowsPerBlock),
    );
    const cache = new BlockCache(CACHED_BLOCKS);
    this.#ids = new IdIndex(source, section(contents, 'ids').offset, contents.summary.entries, fences, cache);
  }

  /**
   * Opens a segment file; closing the SegmentFile closes the source.
   * @throws VigieError `segment-foreign`, `segment-damaged`; what the source throws
   */
  static async open(source: ByteSource): Promise<SegmentFile> {
    const kept = await keepSmall(source);
    const contents = await readContents(kept);
    const blocks = await readSection(kept, section(contents, 'blocks'));
    const fences = await readSection(kept, section(contents, 'fences'));
    const named = contents.sections.find(({ name }) => name === BLOCK_ROWS);
    const firstRows = named && new Uint32Array((await readSection(kept, named)).buffer);
    return new SegmentFile(kept, contents, {
      blocks: new Uint32Array(blocks.buffer),
      firstRows,
      fences: new Uint32Array(fences.buffer),
    });
  }

  get source(): ByteSource {
    return this.#source;
  }

  get summary(): SegmentSummary {
    return this.contents.summary;
  }

  /** @throws VigieError `entry-not-found` for a row that is not there, `segment-damaged`, `segment-closed` */
  async entry(row: number): Promise<Entry> {
    if (!Number.isInteger(row) || row < 0 || row >= this.summary.entries) throw new VigieError('entry-not-found');
    return await this.#reading(() => this.#entry(row));
  }

  /** The row of an entry id, or nothing. */
  async findRow(id: string): Promise<number | undefined> {
    return await this.#reading(async () => {
      for (const row of await this.#ids.candidates(id)) {
        if ((await this.#reader(row)).id() === id) return row;
      }
      return undefined;
    });
  }

  /** The rows of many ids at once; those that it does not have are left out. */
  async findRows(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    if (ids.length === 0) return found;
    return await this.#reading(async () => {
      const pacer = new Pacer();
      for (const [id, rows] of await this.#ids.candidatesOf(ids)) {
        for (const row of rows) {
          if ((await this.#reader(row)).id() === id) found.set(id, row);
          if (pacer.due) await pacer.pause();
        }
      }
      return found;
    });
  }

  /** The ids of all entries in the order of their rows. */
  async *ids(signal?: AbortSignal): AsyncGenerator<string> {
    const reader = new RecordReader();
    for await (const { count, bytes } of this.batches(signal)) {
      for (let i = 0, at = 0; i < count; i++, at = reader.end) {
        reader.open(bytes, at);
        yield reader.id();
      }
    }
  }

  /** All entries in the order of their rows. */
  async *entries(signal?: AbortSignal): AsyncGenerator<{ row: number; entry: Entry }> {
    const reader = new RecordReader();
    for await (const { row, count, bytes } of this.batches(signal)) {
      for (let i = 0, at = 0; i < count; i++, at = reader.end) {
        reader.open(bytes, at);
        yield { row: row + i, entry: reader.entry(this.dictionaries) };
      }
    }
  }

  /** All records in the order of their rows, many at a time. */
  async *batches(signal?: AbortSignal): AsyncGenerator<RecordBatch> {
    const blockCount = this.#starts.length;
    for (let block = 0; block < blockCount; ) {
      signal?.throwIfAborted();
      let end = block;
      let length = 0;
      while (end < blockCount && (end === block || length + this.#blocks[2 * end]! <= PIECE)) {
        length += this.#blocks[2 * end++]!;
      }
      const bytes = await this.#reading(() => this.#readBlocks(block, end, length));
      const row = this.#firstRows[block]!;
      yield { row, count: this.#firstRows[end]! - row, bytes };
      block = end;
    }
  }

  /** Waits for the readers that are inside, then closes the source. New readers are refused at once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#readers > 0) await new Promise<void>((resolve) => (this.#closing = resolve));
    await this.#source.close();
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new VigieError('segment-closed');
    this.#readers++;
    try {
      return await read();
    } finally {
      if (--this.#readers === 0) this.#closing?.();
    }
  }

  async #entry(row: number): Promise<Entry> {
    return (await this.#reader(row)).entry(this.dictionaries);
  }

  async #reader(row: number): Promise<RecordReader> {
    const block = this.#blockOf(row);
    const bytes = await this.#cache.get(block, () => this.#readBlocks(block, block + 1, this.#blocks[2 * block]!));
    const reader = new RecordReader();
    reader.open(bytes, 0);
    for (let i = row - this.#firstRows[block]!; i > 0; i--) reader.open(bytes, reader.end);
    return reader;
  }

  #blockOf(row: number): number {
    let low = 0;
    let high = this.#firstRows.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#firstRows[middle]! <= row) low = middle;
      else high = middle;
    }
    return low;
  }

  async #readBlocks(from: number, to: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.#source.readInto(this.#starts[from]!, length, bytes);
    for (let block = from, at = 0; block < to; block++) {
      const end = at + this.#blocks[2 * block]!;
      if (checksum(bytes.subarray(at, end)) !== this.#blocks[2 * block + 1]) throw damaged('entries');
      at = end;
    }
    return bytes;
  }
}

function section(contents: Contents, name: string): Section {
  const found = contents.sections.find((candidate) => candidate.name === name);
  if (!found) throw damaged(name);
  return found;
}

async function keepSmall(source: ByteSource): Promise<ByteSource> {
  if (source.size > KEPT_WHOLE || source.size === 0) return source;
  const bytes = new Uint8Array(source.size);
  await source.readInto(0, bytes.length, bytes);
  const kept = new MemoryFile(bytes);
  kept.close = () => source.close();
  return kept;
}
