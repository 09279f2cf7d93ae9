/** The blocks that were read last. A block that is being read is not read twice. */
export class BlockCache {
  readonly #capacity: number;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async get(block: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    let wanted = this.#blocks.get(block);
    if (wanted !== undefined) this.#blocks.delete(block);
    else {
      wanted = read();
      // What failed once may work the next time.
      wanted.catch(() => this.#blocks.delete(block));
      for (const oldest of this.#blocks.keys()) {
        if (this.#blocks.size < this.#capacity) break;
        this.#blocks.delete(oldest);
      }
    }
    this.#blocks.set(block, wanted);
    return await wanted;
  }
}
