/**
 * A growing set of 64-bit keys in flat memory, each with the check of what came with it, to tell duplicates among tens of
 * millions of records: 12 bytes a slot, at most two thirds of the slots in use, so 18 to 36 bytes a key (20.1 at ten
 * million), and half as much again while it grows.
 *
 * Two different texts share a key with probability 2^-64, so among ten million records one is wrongly taken for a
 * duplicate with probability 3 in a million.
 */
export class KeySet {
  #slots: Uint32Array;
  #checks: Uint32Array;
  #mask: number;
  #size = 0;

  constructor(expected = 1024) {
    let slots = 2048;
    while (slots * MAXIMUM_LOAD < expected) slots *= 2;
    this.#slots = new Uint32Array(slots * 2);
    this.#checks = new Uint32Array(slots);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#checks.byteLength;
  }

  /**
   * @param check 32 bits that tell what came with the text
   * @returns `new`, or when the text was there already whether it came with the `same` or with something `other`
   */
  add(text: string, check = 0): 'new' | 'same' | 'other' {
    hash64(text);
    return this.#insert(low, high, check >>> 0);
  }

  #insert(a: number, b: number, check: number): 'new' | 'same' | 'other' {
    // A slot of two zeros is empty.
    const first = a === 0 && b === 0 ? 1 : a;
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = b & mask;
    for (;;) {
      const x = slots[slot * 2] as number;
      const y = slots[slot * 2 + 1] as number;
      if (x === first && y === b) return this.#checks[slot] === check ? 'same' : 'other';
      if (x === 0 && y === 0) break;
      slot = (slot + 1) & mask;
    }
    slots[slot * 2] = first;
    slots[slot * 2 + 1] = b;
    this.#checks[slot] = check;
    if (++this.#size > (mask + 1) * MAXIMUM_LOAD) this.#grow();
    return 'new';
  }

  #grow(): void {
    const old = this.#slots;
    const oldChecks = this.#checks;
    const slots = new Uint32Array(old.length * 2);
    const checks = new Uint32Array(old.length);
    const mask = checks.length - 1;
    for (let i = 0; i < old.length; i += 2) {
      const x = old[i] as number;
      const y = old[i + 1] as number;
      if (x === 0 && y === 0) continue;
      let slot = y & mask;
      while (slots[slot * 2] !== 0 || slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
      slots[slot * 2] = x;
      slots[slot * 2 + 1] = y;
      checks[slot] = oldChecks[i / 2] as number;
    }
    this.#slots = slots;
    this.#checks = checks;
    this.#mask = mask;
  }
}

const MAXIMUM_LOAD = 2 / 3;

/** The result of `hash64`: kept outside because returning a pair would make an object a record. */
let low = 0;
let high = 0;

/** Two 32-bit lanes of MurmurHash3 (Appleby, public domain) over UTF-16 units, each stirred into the other at the end. */
function hash64(text: string): void {
  let a = 0x9747b28c ^ text.length;
  let b = 0x3c6ef372 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    let k = Math.imul(unit + 1, 0xcc9e2d51);
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    a ^= k;
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    let l = Math.imul(unit + 1, 0x239b961b);
    l = Math.imul((l << 17) | (l >>> 15), 0xab0e9789);
    b ^= l ^ (a >>> 16);
    b = (Math.imul((b << 15) | (b >>> 17), 5) + 0x561ccd1b) | 0;
  }
  a = (a + b) | 0;
  b = (b + a) | 0;
  a = stir(a);
  b = stir(b);
  a = (a + b) | 0;
  b = (b + a) | 0;
  low = a >>> 0;
  high = b >>> 0;
}

function stir(value: number): number {
  let h = value ^ (value >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
