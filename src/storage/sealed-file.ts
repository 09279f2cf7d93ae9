/**
 * Large sealed files: AES-256-GCM in chunks after the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, 2015):
 * each chunk's nonce is its number and whether it is the last, under a key of the file's own. So a chunk that was
 * changed, moved, dropped or added, and a file that was cut at any place, are all told.
 */
import { createCipheriv } from 'node:crypto';
import type { ByteSink } from '../index/byte-io.js';
import type { Keyring } from './keyring.js';
import { CHUNK_BYTES, chunkNonce, SLICE_BYTES } from './sealed-chunk.js';
import { newHeader, type SealedHeader, TAG_BYTES } from './sealed-header.js';

export { SealedReader } from './sealed-reader.js';

/** Seals what is written and passes it on. `finish` must be called at the end: a file without it does not open. */
export class SealedWriter implements ByteSink {
  readonly #sink: ByteSink;
  readonly #header: SealedHeader;
  readonly #plain: Buffer;
  readonly #sealed: Buffer;
  #filled = 0;
  #chunk = 0;
  #begun = false;

  /**
   * @param sink takes the sealed bytes; it must be done with a buffer when its `write` returns
   * @param purpose the kind of content; reading with another one fails
   */
  constructor(sink: ByteSink, keyring: Keyring, purpose: string, chunkSize = CHUNK_BYTES) {
    this.#sink = sink;
    this.#header = newHeader('file', keyring, purpose, chunkSize);
    this.#plain = Buffer.allocUnsafeSlow(chunkSize);
    this.#sealed = Buffer.allocUnsafeSlow(chunkSize + TAG_BYTES);
  }

  /** Calls must not overlap. `bytes` may lie in shared memory and may be used again when this returns. */
  async write(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.byteLength) {
      // A full chunk waits for one more byte, for only then it is known not to be the last.
      if (this.#filled === this.#plain.byteLength) await this.#flush(false);
      const length = Math.min(bytes.byteLength - done, this.#plain.byteLength - this.#filled);
      this.#plain.set(bytes.subarray(done, done + length), this.#filled);
      this.#filled += length;
      done += length;
    }
  }

  /** Writes the last chunk, which may be empty. */
  async finish(): Promise<void> {
    const touched = this.#chunk === 0 ? this.#filled : this.#plain.byteLength;
    await this.#flush(true);
    this.#plain.fill(0, 0, touched);
  }

  async #flush(last: boolean): Promise<void> {
    if (!this.#begun) await this.#sink.write(this.#header.bytes);
    this.#begun = true;
    const cipher = createCipheriv('aes-256-gcm', this.#header.key, chunkNonce(this.#chunk, last));
    cipher.setAAD(this.#header.bytes);
    for (let at = 0; at < this.#filled; at += SLICE_BYTES) {
      this.#sealed.set(cipher.update(this.#plain.subarray(at, Math.min(at + SLICE_BYTES, this.#filled))), at);
    }
    cipher.final();
    this.#sealed.set(cipher.getAuthTag(), this.#filled);
    await this.#sink.write(this.#sealed.subarray(0, this.#filled + TAG_BYTES));
    this.#chunk++;
    this.#filled = 0;
  }
}
