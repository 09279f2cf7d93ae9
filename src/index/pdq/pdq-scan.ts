import type { MemoryPool } from './memory-pool.js';
import type { PdqHits } from './pdq-hits.js';
import { type PdqKernel, pdqKernel } from './pdq-kernel.js';
import { PDQ_BYTES } from './pdq-layout.js';

const ROOM_FOR_HITS = 2048;
const HITS_OFFSET = 64;
const HASHES_OFFSET = HITS_OFFSET + ROOM_FOR_HITS * 8;

/** A growing list of hashes that are compared one by one. For one thread. */
export class PdqScan {
  readonly #pool: MemoryPool;
  #memory: WebAssembly.Memory;
  #kernel: PdqKernel;
  #bytes: Uint8Array;
  #pairs: Uint32Array;
  #count = 0;

  constructor(pool: MemoryPool) {
    this.#pool = pool;
    this.#memory = pool.acquire(HASHES_OFFSET);
    this.#kernel = pdqKernel(this.#memory);
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#pairs = new Uint32Array(this.#memory.buffer, HITS_OFFSET, 2 * ROOM_FOR_HITS);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Adds one hash, or several that lie one behind the other (32 bytes each).
   * @returns the number of the first of them
   * @throws VigieError `memory-exhausted`; the list is as it was then
   */
  append(hashes: Uint8Array): number {
    const end = HASHES_OFFSET + this.#count * PDQ_BYTES;
    if (end + hashes.length > this.#bytes.length) this.#move(end + Math.max(hashes.length, end));
    this.#bytes.set(hashes, end);
    const first = this.#count;
    this.#count += hashes.length / PDQ_BYTES;
    return first;
  }

  /** The 32 bytes of a hash: a view of the memory. */
  hash(index: number): Uint8Array {
    const at = HASHES_OFFSET + index * PDQ_BYTES;
    return this.#bytes.subarray(at, at + PDQ_BYTES);
  }

  /**
   * Finds every hash within `threshold` (inclusive, 0 to 256) of `query`, in ascending order of their numbers. What
   * `hits` held before is forgotten.
   * @returns how many there are
   */
  search(query: Uint8Array, threshold: number, hits: PdqHits): number {
    hits.count = 0;
    this.#bytes.set(query, 0);
    for (let first = 0; first < this.#count; first = this.#kernel.resumePosting()) {
      hits.take(
        this.#pairs,
        this.#kernel.scan(0, HASHES_OFFSET, first, this.#count, threshold, HITS_OFFSET, ROOM_FOR_HITS),
      );
    }
    return hits.count;
  }

  /** Forgets all hashes; their bytes are wiped. */
  clear(): void {
    this.#bytes.fill(0, 0, HASHES_OFFSET + this.#count * PDQ_BYTES);
    this.#count = 0;
  }

  /** Gives the memory back to the pool. The list must not be used afterwards. */
  close(): void {
    this.clear();
    this.#pool.release(this.#memory);
  }

  #move(bytes: number): void {
    const memory = this.#pool.acquire(bytes);
    const target = new Uint8Array(memory.buffer);
    target.set(this.#bytes.subarray(0, HASHES_OFFSET + this.#count * PDQ_BYTES));
    this.#bytes.fill(0, 0, HASHES_OFFSET + this.#count * PDQ_BYTES);
    this.#pool.release(this.#memory);
    this.#memory = memory;
    this.#kernel = pdqKernel(memory);
    this.#bytes = target;
    this.#pairs = new Uint32Array(memory.buffer, HITS_OFFSET, 2 * ROOM_FOR_HITS);
  }
}
