import { VigieError } from '../../errors.js';
import type { PdqHits } from './pdq-hits.js';
import { type PdqKernel, pdqKernel } from './pdq-kernel.js';
import {
  checkLayout,
  keyBitsFor,
  MOST_IN_TABLES,
  makeLayout,
  PDQ_BYTES,
  type PdqLayout,
  type PdqRegions,
  regionsOf,
  SLOT_BYTES,
  SLOT_HITS,
  SLOT_HITS_OFFSET,
  SLOTS,
  TABLE_REACH,
  TABLES_FROM,
} from './pdq-layout.js';

/** How long a search waits for a slot, should every one be taken. */
const PATIENCE_MS = 2000;

/**
 * Distinct 256-bit hashes in shared memory, searched exactly: every hash within the threshold is found, and none twice.
 * Immutable. Any number of objects, in any threads, may stand for one table.
 */
export class PdqTable {
  readonly layout: PdqLayout;
  readonly #kernel: PdqKernel;
  readonly #regions: PdqRegions;
  readonly #bytes: Uint8Array;
  readonly #locks: Int32Array;
  readonly #pairs: readonly Uint32Array[];
  #slot = 0;

  private constructor(memory: WebAssembly.Memory, layout: PdqLayout) {
    this.layout = layout;
    this.#kernel = pdqKernel(memory);
    this.#regions = regionsOf(layout);
    this.#bytes = new Uint8Array(memory.buffer);
    this.#locks = new Int32Array(memory.buffer, this.#regions.locks, SLOTS);
    this.#pairs = Array.from(
      { length: SLOTS },
      (_, slot) =>
        new Uint32Array(memory.buffer, this.#regions.slots + slot * SLOT_BYTES + SLOT_HITS_OFFSET, 2 * SLOT_HITS),
    );
  }

  /** How much memory a table of so many hashes takes. */
  static bytesFor(count: number, tables = count >= TABLES_FROM): number {
    return regionsOf(makeLayout(count, 0, tables ? keyBitsFor(count) : 0)).end;
  }

  /**
   * Lays out a table in `memory`; hash number i keeps the number i.
   * @param hashes 32 bytes each, all different
   * @param base where to begin, a multiple of 64
   * @param tables false for a table that only compares one by one
   * @param keyBits how many bits of a chunk the tables are keyed by, 8 to 16; as fits the number of hashes unless given
   * @throws VigieError `memory-exhausted` when the memory is too small
   */
  static build(
    hashes: Uint8Array,
    memory: WebAssembly.Memory,
    base = 0,
    tables = hashes.length >= TABLES_FROM * PDQ_BYTES,
    keyBits = keyBitsFor(hashes.length / PDQ_BYTES),
  ): PdqTable {
    const layout = makeLayout(hashes.length / PDQ_BYTES, base, tables ? keyBits : 0);
    const { locks, hashes: rows, starts, tags, postings, slots, end } = regionsOf(layout);
    if (end > memory.buffer.byteLength) throw new VigieError('memory-exhausted', { detail: 'PDQ table' });
    if (tables && layout.count > MOST_IN_TABLES) throw new VigieError('memory-exhausted', { detail: 'PDQ table' });
    const bytes = new Uint8Array(memory.buffer);
    bytes.fill(0, locks, rows);
    bytes.set(hashes, rows);
    // What lies between the parts is stored with them: it must not hold what the memory held before.
    bytes.fill(0, rows + hashes.length, starts);
    if (tables) {
      bytes.fill(0, tags - 64, tags);
      bytes.fill(0, tags + layout.count * 32, postings);
      bytes.fill(0, postings + layout.count * 64, slots);
    }
    const table = new PdqTable(memory, layout);
    if (tables) table.#kernel.build(rows, starts, tags, postings, layout.count, keyBits);
    return table;
  }

  /**
   * Opens a table whose image was read back to the same place, or that another thread has opened.
   * @throws VigieError `segment-foreign` when the layout is of another version or does not fit
   */
  static attach(memory: WebAssembly.Memory, layout: PdqLayout): PdqTable {
    checkLayout(layout, memory);
    return new PdqTable(memory, layout);
  }

  get count(): number {
    return this.layout.count;
  }

  /** What has to be stored to attach the table again: a view of the memory. To be read while no search runs. */
  image(): Uint8Array {
    return this.#bytes.subarray(this.layout.base, this.#regions.slots);
  }

  /** The 32 bytes of a hash: a view of the memory. */
  hash(index: number): Uint8Array {
    const at = this.#regions.hashes + index * PDQ_BYTES;
    return this.#bytes.subarray(at, at + PDQ_BYTES);
  }

  /**
   * Finds every hash within `threshold` (inclusive, 0 to 256) of `query`, in no particular order. What `hits` held before
   * is forgotten.
   * @param query 32 bytes
   * @returns how many there are
   */
  search(query: Uint8Array, threshold: number, hits: PdqHits): number {
    const { count, keyBits } = this.layout;
    if (keyBits === 0 || threshold > TABLE_REACH) return this.scanSearch(query, threshold, hits);
    hits.count = 0;
    const { hashes, starts, tags, postings } = this.#regions;
    const number = this.#claim();
    const slot = this.#regions.slots + number * SLOT_BYTES;
    const kernel = this.#kernel;
    let complete = true;
    try {
      this.#bytes.set(query, slot);
      let table = 0;
      let probe = 0;
      let posting = 0;
      do {
        const found = kernel.search(
          slot,
          hashes,
          starts,
          tags,
          postings,
          keyBits,
          threshold,
          slot + SLOT_HITS_OFFSET,
          SLOT_HITS,
          // Beyond so many postings, or so many of them that pass, comparing every hash once takes less time.
          count,
          count / 8,
          table,
          probe,
          posting,
        );
        if (found < 0) {
          complete = false;
          break;
        }
        hits.take(this.#pairs[number]!, found);
        table = kernel.resumeTable();
        probe = kernel.resumeProbe();
        posting = kernel.resumePosting();
      } while (table < 16);
    } finally {
      Atomics.store(this.#locks, number, 0);
    }
    return complete ? hits.count : this.scanSearch(query, threshold, hits);
  }

  /** The same by comparing every hash, in ascending order of their numbers. */
  scanSearch(query: Uint8Array, threshold: number, hits: PdqHits): number {
    hits.count = 0;
    const number = this.#claim();
    const slot = this.#regions.slots + number * SLOT_BYTES;
    try {
      this.#bytes.set(query, slot);
      for (let first = 0; first < this.count; first = this.#kernel.resumePosting()) {
        const found = this.#kernel.scan(
          slot,
          this.#regions.hashes,
          first,
          this.count,
          threshold,
          slot + SLOT_HITS_OFFSET,
          SLOT_HITS,
        );
        hits.take(this.#pairs[number]!, found);
      }
    } finally {
      Atomics.store(this.#locks, number, 0);
    }
    return hits.count;
  }

  /** For measuring: what the last search by the tables looked at. */
  get lastWork(): { readonly postings: number; readonly compared: number } {
    return { postings: this.#kernel.postingsScanned(), compared: this.#kernel.rowsCompared() };
  }

  #claim(): number {
    const locks = this.#locks;
    let slot = this.#slot;
    let deadline = 0;
    while (Atomics.compareExchange(locks, slot, 0, 1) !== 0) {
      slot = (slot + 1) % SLOTS;
      if (slot !== this.#slot) continue;
      deadline ||= performance.now() + PATIENCE_MS;
      if (performance.now() > deadline) {
        throw new VigieError('memory-exhausted', { detail: `${SLOTS} searches at once in one PDQ table` });
      }
    }
    this.#slot = slot;
    return slot;
  }
}
