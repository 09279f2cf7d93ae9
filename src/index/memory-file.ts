import { VigieError } from '../errors.js';
import type { ByteSink, ByteSource } from './byte-io.js';

/** A file in memory: written as a sink, then read as a source. */
export class MemoryFile implements ByteSink, ByteSource {
  #bytes: Uint8Array;
  #size: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
    this.#size = bytes.length;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#size + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(1024, 2 * this.#bytes.length, this.#size + bytes.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  async readInto(offset: number, length: number, target: Uint8Array): Promise<void> {
    if (offset < 0 || offset + length > this.#size) throw new VigieError('segment-damaged', { detail: 'end of file' });
    target.set(this.#bytes.subarray(offset, offset + length));
  }

  async close(): Promise<void> {}
}
