import { createHash } from 'node:crypto';

/** MD5, SHA-1 and SHA-256 of the same bytes in one reading. */
export class Digests {
  readonly #md5 = createHash('md5');
  readonly #sha1 = createHash('sha1');
  readonly #sha256 = createHash('sha256');

  update(chunk: Uint8Array): void {
    this.#md5.update(chunk);
    this.#sha1.update(chunk);
    this.#sha256.update(chunk);
  }

  /** To be called once. */
  finish(): { readonly md5: Uint8Array; readonly sha1: Uint8Array; readonly sha256: Uint8Array } {
    return { md5: this.#md5.digest(), sha1: this.#sha1.digest(), sha256: this.#sha256.digest() };
  }
}
