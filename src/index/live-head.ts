import type { MemoryPool } from './pdq/memory-pool.js';
import type { PdqHits } from './pdq/pdq-hits.js';
import { PdqScan } from './pdq/pdq-scan.js';
import type { Segment } from './segment.js';

/** A segment's part of what was found: numbers `from` to `to` of the hits; `base` is the number of its first hash. */
export type VisitHead = (segment: number, from: number, to: number, base: number) => void;

/**
 * The PDQ hashes of small segments, side by side in one memory and compared one by one: a change of a few entries is
 * searchable at once, and needs no table.
 */
export class LiveHead {
  readonly #pool: MemoryPool;
  #scan: PdqScan;
  #held: readonly Segment[] = [];
  /** For each held segment its number in the index, and the number of its first hash; one more number ends the last. */
  #numbers: readonly number[] = [];
  #starts: readonly number[] = [0];
  /** True after memory ran out in the middle: the scan holds more than it should. */
  #spoilt = false;

  constructor(pool: MemoryPool) {
    this.#pool = pool;
    this.#scan = new PdqScan(pool);
  }

  get segments(): number {
    return this.#held.length;
  }

  get hashes(): number {
    return this.#starts[this.#held.length]!;
  }

  get bytes(): number {
    return this.hashes * 32;
  }

  /** Holds the small ones of `segments` from now on. When this throws nothing has changed. */
  hold(segments: readonly Segment[]): void {
    const held: Segment[] = [];
    const numbers: number[] = [];
    segments.forEach((segment, number) => {
      if (!segment.resident.pdqHashes) return;
      held.push(segment);
      numbers.push(number);
    });
    const grown = !this.#spoilt && this.#held.every((segment, i) => segment === held[i]);
    const scan = grown ? this.#scan : new PdqScan(this.#pool);
    const starts = [0];
    for (const segment of held) starts.push(starts.at(-1)! + segment.resident.pdqHashes!.length / 32);
    try {
      for (const segment of grown ? held.slice(this.#held.length) : held) scan.append(segment.resident.pdqHashes!);
    } catch (error) {
      if (grown) this.#spoilt = true;
      else scan.close();
      throw error;
    }
    if (!grown) this.#scan.close();
    this.#spoilt = false;
    this.#scan = scan;
    this.#held = held;
    this.#numbers = numbers;
    this.#starts = starts;
  }

  search(query: Uint8Array, threshold: number, hits: PdqHits, visit: VisitHead): void {
    if (this.#held.length === 0 || this.#scan.search(query, threshold, hits) === 0) return;
    // The scan reports hashes in ascending order, so that those of one segment are neighbours.
    for (let from = 0, part = 0; from < hits.count && hits.indexes[from]! < this.hashes; ) {
      while (hits.indexes[from]! >= this.#starts[part + 1]!) part++;
      const end = this.#starts[part + 1]!;
      let to = from + 1;
      while (to < hits.count && hits.indexes[to]! < end) to++;
      visit(this.#numbers[part]!, from, to, this.#starts[part]!);
      from = to;
    }
  }
}
