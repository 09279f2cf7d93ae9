import type { MemoryPool } from './pdq/memory-pool.js';
import type { PdqHits } from './pdq/pdq-hits.js';
import { PdqScan } from './pdq/pdq-scan.js';
import { PdqTable } from './pdq/pdq-table.js';
import type { Segment } from './segment.js';

/** A segment's part of what was found: numbers `from` to `to` of the hits; `base` is the number of its first hash. */
export type VisitHead = (segment: number, from: number, to: number, base: number) => void;

/** Comparing so many hashes one by one takes about as long as a look-up in a table of any small size. */
const SCANNED = 1024;

interface HeadTable {
  readonly table: PdqTable;
  readonly memory: WebAssembly.Memory;
}

/**
 * The PDQ hashes of all small segments side by side, so that a look-up pays once for them and not once a segment. The
 * newest are compared one by one, which makes a change searchable at once; when they become too many, a table is made of
 * all of them, which takes some milliseconds.
 */
export class LiveHead {
  readonly #pool: MemoryPool;
  readonly #tableFrom: number;
  #scan: PdqScan;
  #table: HeadTable | undefined;
  #held: readonly Segment[] = [];
  /** For each held segment its number in the index, and the number of its first hash; one more number ends the last. */
  #numbers: readonly number[] = [];
  #starts: readonly number[] = [0];
  /** How many of the hashes are in the table; the others are scanned. */
  #inTable = 0;
  /** True after memory ran out in the middle: the scan holds more than it should. */
  #spoilt = false;

  /** @param tableFrom how many hashes are scanned before a table is made */
  constructor(pool: MemoryPool, tableFrom = SCANNED) {
    this.#pool = pool;
    this.#tableFrom = tableFrom;
    this.#scan = new PdqScan(pool);
  }

  get segments(): number {
    return this.#held.length;
  }

  get hashes(): number {
    return this.#starts[this.#held.length]!;
  }

  get bytes(): number {
    return this.hashes * 32 + (this.#table ? PdqTable.bytesFor(this.#inTable, true) : 0);
  }

  /**
   * Holds the small ones of `segments` from now on.
   * @throws VigieError `memory-exhausted`; nothing has changed then
   */
  hold(segments: readonly Segment[]): void {
    const held: Segment[] = [];
    const numbers: number[] = [];
    const starts = [0];
    for (const [number, segment] of segments.entries()) {
      const hashes = segment.resident.pdqHashes;
      if (!hashes) continue;
      held.push(segment);
      numbers.push(number);
      starts.push(starts.at(-1)! + hashes.length / 32);
    }
    const grown = !this.#spoilt && this.#held.every((segment, i) => segment === held[i]);
    const count = starts.at(-1)!;
    if (count - (grown ? this.#inTable : 0) > this.#tableFrom) this.#take(this.#build(held, count), count);
    else if (grown) this.#append(held.slice(this.#held.length));
    else this.#rescan(held);
    this.#held = held;
    this.#numbers = numbers;
    this.#starts = starts;
  }

  /** Calls `visit` for each segment that something was found in; the hits lie in `hits` while it runs. */
  search(query: Uint8Array, threshold: number, hits: PdqHits, visit: VisitHead): void {
    if (this.#table && this.#table.table.search(query, threshold, hits) > 0) {
      if (hits.count > 1) sortByIndex(hits);
      this.#visitEach(hits, 0, visit);
    }
    if (this.hashes > this.#inTable && this.#scan.search(query, threshold, hits) > 0) {
      this.#visitEach(hits, this.#inTable, visit);
    }
  }

  /** @param offset what is to be added to the numbers in `hits`, which ascend */
  #visitEach(hits: PdqHits, offset: number, visit: VisitHead): void {
    for (let from = 0, part = 0; from < hits.count && hits.indexes[from]! + offset < this.hashes; ) {
      while (hits.indexes[from]! + offset >= this.#starts[part + 1]!) part++;
      const end = this.#starts[part + 1]!;
      let to = from + 1;
      while (to < hits.count && hits.indexes[to]! + offset < end) to++;
      visit(this.#numbers[part]!, from, to, this.#starts[part]! - offset);
      from = to;
    }
  }

  #build(held: readonly Segment[], count: number): HeadTable {
    const hashes = new Uint8Array(count * 32);
    let at = 0;
    for (const { resident } of held) {
      hashes.set(resident.pdqHashes!, at);
      at += resident.pdqHashes!.length;
    }
    const memory = this.#pool.acquire(PdqTable.bytesFor(count, true));
    return { memory, table: PdqTable.build(hashes, memory, 0, true) };
  }

  #take(table: HeadTable | undefined, inTable: number): void {
    if (this.#table) this.#pool.release(this.#table.memory);
    this.#table = table;
    this.#inTable = inTable;
    if (table) this.#scan.clear();
    this.#spoilt = false;
  }

  #append(added: readonly Segment[]): void {
    try {
      for (const segment of added) this.#scan.append(segment.resident.pdqHashes!);
    } catch (error) {
      this.#spoilt = true;
      throw error;
    }
  }

  #rescan(held: readonly Segment[]): void {
    const scan = new PdqScan(this.#pool);
    try {
      for (const segment of held) scan.append(segment.resident.pdqHashes!);
    } catch (error) {
      scan.close();
      throw error;
    }
    const old = this.#scan;
    this.#scan = scan;
    old.close();
    this.#take(undefined, 0);
  }
}

function sortByIndex(hits: PdqHits): void {
  // A distance has nine bits: both fit into a double, and the engine's own sort applies.
  const packed = new Float64Array(hits.count);
  for (let i = 0; i < hits.count; i++) packed[i] = hits.indexes[i]! * 512 + hits.distances[i]!;
  packed.sort();
  for (const [i, both] of packed.entries()) {
    hits.indexes[i] = Math.floor(both / 512);
    hits.distances[i] = both % 512;
  }
}
