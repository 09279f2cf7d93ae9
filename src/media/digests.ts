import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

/** Bytes after which others get their turn: about a millisecond. */
const TURN_BYTES = 256 * 1024;

/**
 * MD5 and SHA-1 of bytes that are all there, in turns, so that the process does other things in between.
 * @throws the signal's reason when it aborts
 */
export async function md5AndSha1(
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<{ readonly md5: Uint8Array; readonly sha1: Uint8Array }> {
  const [md5, sha1] = [createHash('md5'), createHash('sha1')];
  for (let at = 0; at < bytes.length; at += TURN_BYTES) {
    await setImmediate();
    signal?.throwIfAborted();
    const piece = bytes.subarray(at, at + TURN_BYTES);
    md5.update(piece);
    sha1.update(piece);
  }
  return { md5: md5.digest(), sha1: sha1.digest() };
}

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
