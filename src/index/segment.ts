import type { ByteSource } from './byte-io.js';
import type { Entry } from './entry.js';
import { readSectionInto } from './file/sections.js';
import type { MemoryPool } from './pdq/memory-pool.js';
import { Resident } from './resident.js';
import { SegmentFile } from './segment-file.js';
import type { SegmentSummary } from './segment-summary.js';

export interface SegmentOptions {
  /** Unique among the segments of an index; storage uses the content address. */
  readonly id: string;
  /** The list that the entries belong to. */
  readonly list: string;
  readonly pool: MemoryPool;
  readonly signal?: AbortSignal;
}

/** A segment whose search tables are in memory; its entries are read from its file when they are asked for. */
export class Segment {
  readonly id: string;
  readonly list: string;
  /** For the index: the tables themselves. */
  readonly resident: Resident;
  /** The entries; enough for merging. */
  readonly file: SegmentFile;
  /** Rows that are not live, of which the exact hashes match all the same: few at any time. */
  readonly exactOnly = new Set<number>();
  readonly #pool: MemoryPool;
  #closed = false;

  private constructor({ id, list, pool }: SegmentOptions, file: SegmentFile, resident: Resident) {
    this.id = id;
    this.list = list;
    this.#pool = pool;
    this.file = file;
    this.resident = resident;
  }

  /**
   * Loads a segment; the source belongs to it from then on and is closed with it, also when loading fails.
   * @throws VigieError `segment-foreign`, `segment-damaged`, `memory-exhausted`; the reason of the signal
   */
  static async load(source: ByteSource, options: SegmentOptions): Promise<Segment> {
    let memory: WebAssembly.Memory | undefined;
    try {
      const file = await SegmentFile.open(source);
      const { layout, resident } = file.contents;
      memory = options.pool.acquire(layout.bytes);
      const bytes = new Uint8Array(memory.buffer);
      for (const section of resident) await readSectionInto(file.source, section, bytes, options.signal);
      return new Segment(options, file, new Resident(memory, layout, true));
    } catch (error) {
      if (memory) options.pool.release(memory);
      await source.close();
      throw error;
    }
  }

  get summary(): SegmentSummary {
    return this.file.summary;
  }

  /** @throws VigieError `entry-not-found` for a row that is not there, `segment-damaged`, `segment-closed` */
  async entry(row: number): Promise<Entry> {
    return await this.file.entry(row);
  }

  /** The row of an entry id, live or not; nothing when the segment does not have it. */
  async findRow(entryId: string): Promise<number | undefined> {
    return await this.file.findRow(entryId);
  }

  /** The rows of many entry ids, live or not; those that the segment does not have are left out. */
  async findRows(entryIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return await this.file.findRows(entryIds);
  }

  /** The ids of all entries in the order of their rows, live or not. */
  ids(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<string> {
    return this.file.ids(options.signal);
  }

  /** All entries in the order of their rows, live or not. */
  entries(options: { readonly signal?: AbortSignal } = {}): AsyncIterable<{ row: number; entry: Entry }> {
    return this.file.entries(options.signal);
  }

  isLive(row: number): boolean {
    return this.resident.live.has(row);
  }

  /**
   * Gives the memory back to the pool once nobody reads any more. Take the segment out of every MatchIndex first:
   * look-ups run to their end without a pause, so none can be inside when this begins.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.file.close();
    this.resident.detach();
    this.#pool.release(this.resident.memory);
  }
}
