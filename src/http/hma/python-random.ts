import { createHash } from 'node:crypto';

/*
 * The first number of Python's `random.Random(seed)` for a text: Mersenne Twister MT19937 (Matsumoto, Nishimura 1998),
 * seeded by `init_by_array` with the text and its SHA-512, as CPython's Lib/random.py and Modules/_randommodule.c say.
 */
const N = 624;
const M = 397;

/** @returns 0 ≤ n < 1 */
export function firstRandom(seed: string): number {
  const state = seeded(wordsOf(seed));
  const [high, low] = [draw(state, 0) >>> 5, draw(state, 1) >>> 6];
  return (high * 2 ** 26 + low) / 2 ** 53;
}

/** The seed as a big number, its lowest 32 bits first. */
function wordsOf(seed: string): Uint32Array {
  const bytes = Buffer.from(seed);
  const number = Buffer.concat([bytes, createHash('sha512').update(bytes).digest()]).reverse();
  const words = new Uint32Array(Math.ceil(number.length / 4));
  for (const [i, byte] of number.entries()) words[i >> 2] = ((words[i >> 2] ?? 0) | (byte << (8 * (i & 3)))) >>> 0;
  // Leading zeroes are no part of a number.
  const used = words.findLastIndex((word) => word !== 0) + 1;
  return words.subarray(0, Math.max(1, used));
}

function seeded(key: Uint32Array): Uint32Array {
  const mt = new Uint32Array(N);
  const at = (i: number) => mt[i] ?? 0;
  const mixed = (i: number, factor: number) => Math.imul(at(i - 1) ^ (at(i - 1) >>> 30), factor);
  mt[0] = 19_650_218;
  for (let i = 1; i < N; i++) mt[i] = mixed(i, 1_812_433_253) + i;
  let i = 1;
  let j = 0;
  const next = () => {
    i++;
    if (i < N) return;
    mt[0] = at(N - 1);
    i = 1;
  };
  for (let k = Math.max(N, key.length); k > 0; k--) {
    mt[i] = (at(i) ^ mixed(i, 1_664_525)) + (key[j] ?? 0) + j;
    next();
    j = (j + 1) % key.length;
  }
  for (let k = N - 1; k > 0; k--) {
    mt[i] = (at(i) ^ mixed(i, 1_566_083_941)) - i;
    next();
  }
  mt[0] = 0x8000_0000;
  return mt;
}

/** Number `i` of the first generation, tempered; the first two need none of what comes after them. */
function draw(mt: Uint32Array, i: number): number {
  const y = ((mt[i] ?? 0) & 0x8000_0000) | ((mt[i + 1] ?? 0) & 0x7fff_ffff);
  let x = (mt[i + M] ?? 0) ^ (y >>> 1) ^ (y & 1 ? 0x9908_b0df : 0);
  x ^= x >>> 11;
  x ^= (x << 7) & 0x9d2c_5680;
  x ^= (x << 15) & 0xefc6_0000;
  return (x ^ (x >>> 18)) >>> 0;
}
