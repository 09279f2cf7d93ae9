/** How many numbered things can be sorted at once: their number takes 24 of 64 bits. */
export const MAX_NUMBERED = 2 ** 24;

/**
 * Numbered keys packed into 64 bits each, 40 of a key (its beginning, or a hash of it) above 24 of the number, so that
 * the engine's own sort of BigUint64Array sorts tens of millions of them in about a second and in place. They are written
 * and read as 32-bit halves, so that no BigInt is ever made. Needs a little-endian machine, as WebAssembly does.
 */
export class PackedKeys {
  readonly #words: Uint32Array;
  readonly #packed: BigUint64Array;
  #count = 0;

  constructor(capacity: number) {
    this.#packed = new BigUint64Array(capacity);
    this.#words = new Uint32Array(this.#packed.buffer);
  }

  get count(): number {
    return this.#count;
  }

  /** The packed keys as they are stored: 8 bytes each, little-endian. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#packed.buffer, 0, this.#count * 8);
  }

  /**
   * @param high the upper 32 bits of the key
   * @param low its next 8 bits
   * @param number below `MAX_NUMBERED`
   */
  push(high: number, low: number, number: number): void {
    this.#words[2 * this.#count] = ((low << 24) | number) >>> 0;
    this.#words[2 * this.#count + 1] = high;
    this.#count++;
  }

  sort(): void {
    this.#packed.subarray(0, this.#count).sort();
  }

  high(index: number): number {
    return this.#words[2 * index + 1]!;
  }

  number(index: number): number {
    return this.#words[2 * index]! & 0xffffff;
  }

  setNumber(index: number, number: number): void {
    this.#words[2 * index] = ((this.#words[2 * index]! & 0xff000000) | number) >>> 0;
  }

  /** Moves one key over another, to close gaps; then `truncate`. */
  move(from: number, to: number): void {
    this.#words[2 * to] = this.#words[2 * from]!;
    this.#words[2 * to + 1] = this.#words[2 * from + 1]!;
  }

  truncate(count: number): void {
    this.#count = count;
  }

  /** Where the run of keys that equal the one at `start` in all 40 bits ends. Only after `sort`. */
  endOfRun(start: number): number {
    const high = this.#words[2 * start + 1]!;
    const low = this.#words[2 * start]! >>> 24;
    let end = start + 1;
    while (end < this.#count && this.#words[2 * end + 1] === high && this.#words[2 * end]! >>> 24 === low) end++;
    return end;
  }

  /**
   * Puts the numbers of a run into another order; its numbers are sorted ascending as long as nobody did.
   * @param compare as for Array.sort; ties stay in ascending order of number
   */
  reorder(start: number, end: number, compare: (a: number, b: number) => number): void {
    const numbers = new Uint32Array(end - start);
    for (let i = start; i < end; i++) numbers[i - start] = this.number(i);
    numbers.sort((a, b) => compare(a, b) || a - b);
    for (let i = start; i < end; i++) this.setNumber(i, numbers[i - start]!);
  }
}

/**
 * 64 bits of hash over bytes, in two halves. Murmur3's mixing, two lanes with different multipliers; it spreads keys,
 * and defends against nobody: whoever uses it compares the keys themselves too.
 * @param result gets the upper and the lower half
 */
export function spread(bytes: Uint8Array, start: number, end: number, result: Uint32Array): void {
  let a = 0x9747b28c ^ (end - start);
  let b = 0x3c6ef372 + (end - start);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    const k = Math.imul(word, 0xcc9e2d51);
    a ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    a = Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64;
    b = Math.imul(b ^ word, 0x85ebca77);
    b ^= (b >>> 13) ^ a;
  }
  for (; i < end; i++) {
    a = Math.imul(a ^ bytes[i]!, 0x01000193);
    b = Math.imul(b ^ bytes[i]!, 0x85ebca77);
    b ^= b >>> 13;
  }
  a ^= b >>> 16;
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
  a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  b ^= a;
  b = Math.imul(b ^ (b >>> 16), 0xcc9e2d51);
  b ^= b >>> 15;
  result[0] = a ^ (a >>> 16);
  result[1] = b;
}
