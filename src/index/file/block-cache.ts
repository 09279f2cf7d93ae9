/** The blocks that were read last, few of them and not too large together. A block that is being read is not read twice. */
export class BlockCache {
  readonly #capacity: number;
  readonly #mostBytes: number;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  /** Lengths of those that are here. */
  readonly #lengths = new Map<number, number>();
  #bytes = 0;

  constructor(capacity: number, mostBytes = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity;
    this.#mostBytes = mostBytes;
  }

  async get(block: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const kept = this.#blocks.get(block);
    if (kept !== undefined) {
      this.#blocks.delete(block);
      this.#blocks.set(block, kept);
      return await kept;
    }
    const wanted = read();
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size < this.#capacity) break;
      this.#drop(oldest);
    }
    this.#blocks.set(block, wanted);
    try {
      const bytes = await wanted;
      this.#measure(block, wanted, bytes.length);
      return bytes;
    } catch (error) {
      // What failed once may work the next time.
      if (this.#blocks.get(block) === wanted) this.#drop(block);
      throw error;
    }
  }

  #measure(block: number, wanted: Promise<Uint8Array>, length: number): void {
    if (this.#blocks.get(block) !== wanted) return;
    this.#lengths.set(block, length);
    this.#bytes += length;
    for (const oldest of this.#blocks.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      if (this.#lengths.has(oldest)) this.#drop(oldest);
    }
  }

  #drop(block: number): void {
    this.#blocks.delete(block);
    this.#bytes -= this.#lengths.get(block) ?? 0;
    this.#lengths.delete(block);
  }
}
