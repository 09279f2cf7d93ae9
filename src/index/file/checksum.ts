// XXH32 (Yann Collet, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), seed 0.
// It finds torn and damaged content; who might change content on purpose is the concern of the sealed file around it.

const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

/** Checksum of bytes that come in pieces, each but the last a multiple of 16 bytes long and 4-byte aligned in its buffer. */
export class Checksum {
  #a = (P1 + P2) | 0;
  #b = P2 | 0;
  #c = 0;
  #d = -P1 | 0;
  #length = 0;
  #tail: Uint8Array = new Uint8Array(0);

  update(bytes: Uint8Array): this {
    const stripes = bytes.length >>> 4;
    // Unaligned bytes cannot be seen as words: copy them.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    const words = new Uint32Array(aligned.buffer, aligned.byteOffset, stripes * 4);
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    for (let i = 0; i < words.length; i += 4) {
      a = Math.imul(rotate((a + Math.imul(words[i]!, P2)) | 0, 13), P1);
      b = Math.imul(rotate((b + Math.imul(words[i + 1]!, P2)) | 0, 13), P1);
      c = Math.imul(rotate((c + Math.imul(words[i + 2]!, P2)) | 0, 13), P1);
      d = Math.imul(rotate((d + Math.imul(words[i + 3]!, P2)) | 0, 13), P1);
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
    this.#length += bytes.length;
    this.#tail = bytes.slice(stripes * 16);
    return this;
  }

  /** The checksum, 0 to 2³² − 1. */
  digest(): number {
    let h =
      this.#length >= 16
        ? (rotate(this.#a, 1) + rotate(this.#b, 7) + rotate(this.#c, 12) + rotate(this.#d, 18)) | 0
        : P5 | 0;
    h = (h + this.#length) | 0;
    const tail = this.#tail;
    let i = 0;
    for (; i + 4 <= tail.length; i += 4) {
      const word = tail[i]! | (tail[i + 1]! << 8) | (tail[i + 2]! << 16) | (tail[i + 3]! << 24);
      h = Math.imul(rotate((h + Math.imul(word, P3)) | 0, 17), P4);
    }
    for (; i < tail.length; i++) h = Math.imul(rotate((h + Math.imul(tail[i]!, P5)) | 0, 11), P1);
    h = Math.imul(h ^ (h >>> 15), P2);
    h = Math.imul(h ^ (h >>> 13), P3);
    return (h ^ (h >>> 16)) >>> 0;
  }
}

export const checksum = (bytes: Uint8Array): number => new Checksum().update(bytes).digest();
