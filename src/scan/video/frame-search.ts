import type { MemoryPool } from '../../index/pdq/memory-pool.js';
import { PdqHits } from '../../index/pdq/pdq-hits.js';
import { PdqScan } from '../../index/pdq/pdq-scan.js';
import { PdqTable } from '../../index/pdq/pdq-table.js';

/** From so many frames on a table is made of them. */
const TABLE_FROM = 4096;
/** So many runs of neighbouring frames are told at the most; a picture that comes back more often says no more by it. */
const MOST_RUNS = 256;

/** Neighbouring frames of the known video that are all near to one frame of the query. */
export interface FrameRun {
  readonly from: number;
  readonly to: number;
  /** The nearest of them, and how near it is. */
  readonly best: number;
  readonly distance: number;
}

/** Finds where in one known video a frame occurs. To be closed: its memory goes back to the pool. */
export class FrameSearch {
  readonly #hits = new PdqHits();
  readonly #search: (query: Uint8Array, threshold: number) => void;
  readonly close: () => void;

  constructor(hashes: Uint8Array, pool: MemoryPool) {
    const count = hashes.length / 32;
    if (count >= TABLE_FROM) {
      const memory = pool.acquire(PdqTable.bytesFor(count, true));
      const table = PdqTable.build(hashes, memory, 0, true);
      this.#search = (query, threshold) => table.search(query, threshold, this.#hits);
      this.close = () => pool.release(memory);
    } else {
      const scan = new PdqScan(pool);
      scan.append(hashes);
      this.#search = (query, threshold) => scan.search(query, threshold, this.#hits);
      this.close = () => scan.close();
    }
  }

  /** How many frames the last search found. */
  get found(): number {
    return this.#hits.count;
  }

  /**
   * @param marks gets a 1 for each frame that is near
   * @returns the places in order of time, evenly spread ones when they are many
   */
  find(query: Uint8Array, threshold: number, marks: Uint8Array): readonly FrameRun[] {
    this.#search(query, threshold);
    const { count, indexes, distances } = this.#hits;
    if (count === 0) return [];
    // Number and distance in one double, so that the engine's own sort applies.
    const found = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      found[i] = indexes[i]! * 512 + distances[i]!;
      marks[indexes[i]!] = 1;
    }
    found.sort();
    const runs: { from: number; to: number; best: number; distance: number }[] = [];
    for (const both of found) {
      const index = Math.floor(both / 512);
      const distance = both - index * 512;
      const last = runs.at(-1);
      if (last !== undefined && last.to + 1 === index) {
        last.to = index;
        if (distance < last.distance) Object.assign(last, { best: index, distance });
      } else runs.push({ from: index, to: index, best: index, distance });
    }
    if (runs.length <= MOST_RUNS) return runs;
    return Array.from({ length: MOST_RUNS }, (_, i) => runs[Math.floor((i * runs.length) / MOST_RUNS)]!);
  }
}
