import { VigieError } from '../errors.js';
import type { ByteSource } from '../index/byte-io.js';
import type { Keyring } from './keyring.js';
import { ReadAhead } from './read-ahead.js';
import { openChunk } from './sealed-chunk.js';
import { HEADER_BYTES, readHeader, type SealedHeader, TAG_BYTES } from './sealed-header.js';

/** Bytes read from below at once. */
const BLOCK_BYTES = 2 * 1024 * 1024;

/** Random access to the content of a sealed file. In long and in sequential reads, reading and decrypting overlap. */
export class SealedReader implements ByteSource {
  readonly size: number;
  readonly #source: ByteSource;
  readonly #header: SealedHeader;
  readonly #chunks: number;
  /** Chunks in a block of the read-ahead. */
  readonly #perBlock: number;
  readonly #ahead: ReadAhead;
  /** The chunk that was last decrypted for a part of it. */
  #recent: { readonly chunk: number; readonly plain: Buffer } | undefined;
  /** Where the last read ended. */
  #lastEnd = 0;

  private constructor(source: ByteSource, header: SealedHeader, chunks: number) {
    const stride = header.chunkSize + TAG_BYTES;
    this.#source = source;
    this.#header = header;
    this.#chunks = chunks;
    this.#perBlock = Math.max(1, Math.min(chunks, Math.floor(BLOCK_BYTES / header.chunkSize)));
    this.#ahead = new ReadAhead(source, HEADER_BYTES, this.#perBlock * stride);
    this.size = source.size - HEADER_BYTES - chunks * TAG_BYTES;
  }

  /**
   * Opens a sealed file and proves that it has its end: the last chunk is checked at once, the others when they are read.
   * @throws VigieError `seal-key-wrong`, `seal-damaged`; the source is left open
   */
  static async open(source: ByteSource, keyring: Keyring, purpose: string): Promise<SealedReader> {
    if (source.size < HEADER_BYTES + TAG_BYTES) throw new VigieError('seal-damaged', { detail: 'too short' });
    const head = Buffer.alloc(HEADER_BYTES);
    await source.readInto(0, HEADER_BYTES, head);
    const header = readHeader(head, 'file', keyring, purpose);
    const chunks = Math.ceil((source.size - HEADER_BYTES) / (header.chunkSize + TAG_BYTES));
    const reader = new SealedReader(source, header, chunks);
    if (reader.#lengthOf(chunks - 1) < (chunks === 1 ? 0 : 1)) {
      throw new VigieError('seal-damaged', { detail: 'cut short' });
    }
    await reader.#single(chunks - 1);
    return reader;
  }

  /**
   * Reads all of a sealed file that fits into memory: one read, and decrypted where it lies.
   * @throws VigieError `seal-key-wrong`, `seal-damaged`; the source is left open
   */
  static async readWhole(source: ByteSource, keyring: Keyring, purpose: string): Promise<Uint8Array> {
    if (source.size < HEADER_BYTES + TAG_BYTES) throw new VigieError('seal-damaged', { detail: 'too short' });
    const bytes = Buffer.allocUnsafeSlow(source.size);
    await source.readInto(0, source.size, bytes);
    const header = readHeader(Buffer.from(bytes.subarray(0, HEADER_BYTES)), 'file', keyring, purpose);
    const stride = header.chunkSize + TAG_BYTES;
    const chunks = Math.ceil((source.size - HEADER_BYTES) / stride);
    let end = HEADER_BYTES;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const sealed = bytes.subarray(HEADER_BYTES + chunk * stride, HEADER_BYTES + (chunk + 1) * stride);
      const length = sealed.byteLength - TAG_BYTES;
      if (length < (chunks === 1 ? 0 : 1)) throw new VigieError('seal-damaged', { detail: 'cut short' });
      // The content moves down by the tags before it, so it never overtakes what is still to be read.
      openChunk(header, chunk, chunk === chunks - 1, sealed, bytes.subarray(end, end + length));
      end += length;
    }
    return bytes.subarray(HEADER_BYTES, end);
  }

  /**
   * Reads `length` bytes at `offset` of the content. When it rejects, the target may hold bytes that were not proven.
   * @throws VigieError `seal-damaged`; RangeError beyond the end
   */
  async readInto(offset: number, length: number, target: Uint8Array): Promise<void> {
    if (offset < 0 || length < 0 || offset + length > this.size || length > target.byteLength) {
      throw new RangeError('read beyond the end');
    }
    const sequential = offset === this.#lastEnd;
    const end = offset + length;
    this.#lastEnd = end;
    for (let at = offset; at < end; ) {
      const chunk = Math.floor(at / this.#header.chunkSize);
      const within = at - chunk * this.#header.chunkSize;
      const available = this.#lengthOf(chunk) - within;
      if (within === 0 && available <= end - at && this.#recent?.chunk !== chunk) {
        at += await this.#run(chunk, end, sequential, target.subarray(at - offset));
      } else {
        const take = Math.min(end - at, available);
        const plain = await this.#single(chunk);
        target.set(plain.subarray(within, within + take), at - offset);
        at += take;
      }
    }
  }

  async close(): Promise<void> {
    await this.#ahead.drop();
    this.#recent?.plain.fill(0);
    this.#recent = undefined;
    await this.#source.close();
  }

  /** Decrypts the whole chunks from `first` to the end of its block straight to where they belong. @returns bytes read */
  #run(first: number, end: number, sequential: boolean, target: Uint8Array): Promise<number> {
    const { chunkSize } = this.#header;
    const block = Math.floor(first / this.#perBlock);
    const blockEnd = Math.min((block + 1) * this.#perBlock, this.#chunks);
    const stop = end === this.size ? blockEnd : Math.min(blockEnd, Math.floor(end / chunkSize));
    const goesOn = sequential || stop * chunkSize < end;
    return this.#ahead.with(block, goesOn, (sealed) => {
      let done = 0;
      for (let chunk = first; chunk < stop; chunk++) {
        const length = this.#lengthOf(chunk);
        this.#decrypt(chunk, this.#within(sealed, chunk), target.subarray(done, done + length));
        done += length;
      }
      return done;
    });
  }

  /** One whole chunk, kept for the next small read. */
  async #single(chunk: number): Promise<Buffer> {
    if (this.#recent?.chunk === chunk) return this.#recent.plain;
    const length = this.#lengthOf(chunk);
    const plain = Buffer.allocUnsafeSlow(length);
    const block = Math.floor(chunk / this.#perBlock);
    if (this.#ahead.has(block)) {
      await this.#ahead.with(block, false, (sealed) => this.#decrypt(chunk, this.#within(sealed, chunk), plain));
    } else {
      const sealed = Buffer.allocUnsafeSlow(length + TAG_BYTES);
      const stride = this.#header.chunkSize + TAG_BYTES;
      await this.#source.readInto(HEADER_BYTES + chunk * stride, sealed.byteLength, sealed);
      this.#decrypt(chunk, sealed, plain);
    }
    this.#recent = { chunk, plain };
    return plain;
  }

  #within(block: Uint8Array, chunk: number): Uint8Array {
    return block.subarray((chunk % this.#perBlock) * (this.#header.chunkSize + TAG_BYTES));
  }

  /** Bytes of content in a chunk; only the last one may be short. */
  #lengthOf(chunk: number): number {
    const { chunkSize } = this.#header;
    return chunk === this.#chunks - 1 ? this.size - chunk * chunkSize : chunkSize;
  }

  #decrypt(chunk: number, sealed: Uint8Array, target: Uint8Array): void {
    openChunk(this.#header, chunk, chunk === this.#chunks - 1, sealed, target);
  }
}
