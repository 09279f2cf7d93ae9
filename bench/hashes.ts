/** What hashes look like: independent bits, or those of real pictures. */
export type HashShape = 'random' | 'real-shaped';
export const HASH_SHAPES = ['random', 'real-shaped'] as const;

const BYTES = 32;

/**
 * A fast generator of 32-bit numbers (sfc32 of PractRand), the same on every run. Linear ones such as xorshift will not do
 * here: of two words that nearly agree the following ones nearly agree too, and filters on neighbouring chunks look worse
 * than they are.
 */
export function numbers(seed: number): () => number {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

export function makeHashes(shape: HashShape, count: number, seed = 1): Uint8Array {
  return shape === 'random' ? randomHashes(count, seed) : realShapedHashes(count, seed);
}

export function randomHashes(count: number, seed = 1): Uint8Array {
  const words = new Uint32Array(count * (BYTES / 4));
  const next = numbers(seed);
  for (let i = 0; i < words.length; i++) words[i] = next();
  return new Uint8Array(words.buffer);
}

const ROWS = 16;
/** Of 64 hashes: nearly equal copies, and members of a series. */
const OF_64 = { copies: 13, series: 16 };
const SERIES_MEMBERS = 2_000;

/**
 * Hashes with the habits of real ones. Measured on 25,239 hashes of free pictures of 18 sources: two hashes of different
 * sources share a bucket of 16 bits 1.5 to 2.9 times as often as independent bits would, and neighbouring buckets 1.2 to
 * 1.5 times (within a source 31 and 5 times); a look-up meets 1.9 times as many postings as among independent bits on
 * average, 1.3 times at the median, 14 times in one of a hundred; bits are alike two places and two rows apart; half of the
 * bits are set. So here
 *
 * - each row of 16 bits takes three eighths of its bits from two rows before, and a quarter from two places before;
 * - one hash in four is a member of a series, of some 2,000 on average and far more at the head: a common hash of which a
 *   half, in one series of four a quarter, of the bits were drawn anew;
 * - one in five is a copy of an earlier one with 1 to 40 bits changed;
 * - single bits are changed until 128 are set (a copy stays as it is, and may have a few more or less).
 *
 * A million of them make a look-up meet 1.6 times as many postings on average, 1.4 times at the median, 8 times in one of a
 * hundred, 17 times at the most.
 */
export function realShapedHashes(count: number, seed = 1): Uint8Array {
  const next = numbers(seed);
  const rows = new Uint16Array(count * ROWS);
  const templates = Math.max(1, Math.floor((count * OF_64.series) / 64 / SERIES_MEMBERS));
  const series = new Uint16Array(templates * ROWS);
  for (let t = 0; t < templates; t++) drawRows(next, series, t * ROWS);
  for (let i = 0; i < count; i++) {
    const at = i * ROWS;
    const lot = next() & 63;
    if (lot < OF_64.copies && i > 0) {
      copyOfEarlier(next, rows, at, i);
      continue;
    }
    drawRows(next, rows, at);
    if (lot < OF_64.copies + OF_64.series) {
      // Some series are far larger than others.
      const template = Math.floor((next() / 2 ** 32) ** 2 * templates);
      const tight = template % 4 === 0;
      const from = template * ROWS;
      for (let r = 0; r < ROWS; r++) {
        const kept = (tight ? next() | next() : next()) & 0xffff;
        rows[at + r] = (rows[at + r]! & ~kept) | (series[from + r]! & kept);
      }
    }
    balance(next, rows, at);
  }
  return new Uint8Array(rows.buffer);
}

function drawRows(next: () => number, rows: Uint16Array, at: number): void {
  for (let r = 0; r < ROWS; r++) {
    const drawn = next();
    let row = drawn & 0xffff;
    // Masks in which three bits of eight, and one of four, are set.
    const above = (drawn >>> 16) & (next() | next());
    if (r >= 2) row = (row & ~above) | (rows[at + r - 2]! & above);
    const beside = next() & next();
    rows[at + r] = (row & ~beside) | ((row << 2) & beside);
  }
}

function copyOfEarlier(next: () => number, rows: Uint16Array, at: number, i: number): void {
  const from = (next() % i) * ROWS;
  rows.copyWithin(at, from, from + ROWS);
  for (let changes = 1 + (next() % 40); changes > 0; changes--) {
    const bit = next() & 255;
    rows[at + (bit >> 4)] = rows[at + (bit >> 4)]! ^ (1 << (bit & 15));
  }
}

function balance(next: () => number, rows: Uint16Array, at: number): void {
  let set = 0;
  for (let r = 0; r < ROWS; r++) set += bitsIn(rows[at + r]!);
  while (set !== 128) {
    const bit = next() & 255;
    const mask = 1 << (bit & 15);
    const on = (rows[at + (bit >> 4)]! & mask) !== 0;
    if (on !== set > 128) continue;
    rows[at + (bit >> 4)] = rows[at + (bit >> 4)]! ^ mask;
    set += on ? -1 : 1;
  }
}

function bitsIn(word: number): number {
  let x = word - ((word >>> 1) & 0x5555);
  x = (x & 0x3333) + ((x >>> 2) & 0x3333);
  x = (x + (x >>> 4)) & 0x0f0f;
  return (x + (x >>> 8)) & 31;
}
