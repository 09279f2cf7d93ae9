const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** Begins the running hash of a text (FNV-1a); `salt` keeps kinds of keys apart. */
export function startHash(salt: number): number {
  return Math.imul(OFFSET ^ salt, PRIME);
}

export function addToHash(hash: number, code: number): number {
  return Math.imul(hash ^ code, PRIME);
}

/** Spreads a running hash over all its bits (the end of MurmurHash3). */
export function endHash(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function hashText(text: string, salt = 0): number {
  let hash = startHash(salt);
  for (let i = 0; i < text.length; i++) hash = addToHash(hash, text.charCodeAt(i));
  return endHash(hash);
}

/**
 * A table from hashes to rows, half full, in one flat array: pairs of a hash and a row counted from 1. Equal hashes are no
 * equal keys: whoever looks up compares.
 */
export class TextSlots {
  readonly array: Uint32Array;
  readonly #mask: number;

  constructor(array: Uint32Array) {
    this.array = array;
    this.#mask = array.length / 2 - 1;
  }

  static for(rows: number): TextSlots {
    let size = 2;
    while (size < rows * 2) size *= 2;
    return new TextSlots(new Uint32Array(size * 2));
  }

  add(hash: number, row: number): void {
    let slot = hash & this.#mask;
    while (this.array[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
    this.array[slot * 2] = hash;
    this.array[slot * 2 + 1] = row + 1;
  }

  /** The slot at or after which a row of this hash stands, or -1; begin with `first`, go on with `slot + 1`. */
  find(hash: number, from: number): number {
    for (let slot = from & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.array[slot * 2 + 1] === 0) return -1;
      if (this.array[slot * 2] === hash) return slot;
    }
  }

  row(slot: number): number {
    return (this.array[slot * 2 + 1] as number) - 1;
  }
}
