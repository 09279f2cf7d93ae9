import type { ByteSource } from '../index/byte-io.js';

interface Block {
  readonly index: number;
  readonly bytes: Promise<Uint8Array>;
  users: number;
  dropped: boolean;
}

/**
 * A file seen as blocks of equal size, of which the one in use and the one after it are kept. Buffers are used again:
 * fresh memory costs as much as the reading.
 */
export class ReadAhead {
  readonly #source: ByteSource;
  readonly #start: number;
  readonly #blockBytes: number;
  readonly #spare: Uint8Array[] = [];
  #current: Block | undefined;
  #next: Block | undefined;

  /** @param start where the first block begins */
  constructor(source: ByteSource, start: number, blockBytes: number) {
    this.#source = source;
    this.#start = start;
    this.#blockBytes = blockBytes;
  }

  /** True when the block is at hand or on its way. */
  has(index: number): boolean {
    return this.#current?.index === index || this.#next?.index === index;
  }

  /**
   * Shows a block to `use`, which must be done with it when it returns.
   * @param onwards start reading the next block meanwhile
   */
  async with<T>(index: number, onwards: boolean, use: (bytes: Uint8Array) => T): Promise<T> {
    const block = this.#take(index);
    block.users++;
    try {
      const bytes = await block.bytes;
      if (onwards) this.#prepare(index + 1);
      return use(bytes);
    } finally {
      block.users--;
      this.#recycle(block);
    }
  }

  /** Waits for reads that are under way, so that the source can be closed. */
  async drop(): Promise<void> {
    const blocks = [this.#current, this.#next];
    this.#current = undefined;
    this.#next = undefined;
    await Promise.allSettled(blocks.map((block) => block?.bytes));
    this.#spare.length = 0;
  }

  #take(index: number): Block {
    if (this.#current?.index === index) return this.#current;
    if (this.#next?.index === index) {
      this.#forget(this.#current);
      this.#current = this.#next;
      this.#next = undefined;
      return this.#current;
    }
    this.#forget(this.#current);
    this.#current = this.#fetch(index);
    return this.#current;
  }

  #prepare(index: number): void {
    if (this.has(index) || this.#start + index * this.#blockBytes >= this.#source.size) return;
    this.#forget(this.#next);
    this.#next = this.#fetch(index);
  }

  #fetch(index: number): Block {
    const from = this.#start + index * this.#blockBytes;
    const length = Math.min(this.#blockBytes, this.#source.size - from);
    const buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#blockBytes);
    const bytes = this.#source.readInto(from, length, buffer).then(() => buffer);
    const block: Block = { index, bytes, users: 0, dropped: false };
    bytes.catch(() => {
      if (this.#current === block) this.#current = undefined;
      if (this.#next === block) this.#next = undefined;
    });
    return block;
  }

  #forget(block: Block | undefined): void {
    if (block === undefined) return;
    block.dropped = true;
    this.#recycle(block);
  }

  #recycle(block: Block): void {
    if (!block.dropped || block.users > 0) return;
    void block.bytes.then(
      (bytes) => {
        if (this.#spare.length < 2) this.#spare.push(bytes);
      },
      () => undefined,
    );
  }
}
