import type { MemoryPool } from '../index/pdq/memory-pool.js';
import { PdqHits } from '../index/pdq/pdq-hits.js';
import { PdqTable } from '../index/pdq/pdq-table.js';

const HASH_BYTES = 32;
const WORDS = HASH_BYTES / 4;
/** Look-ups between two questions whether live work waits. */
const LOOKUPS_AT_ONCE = 2_048;

/**
 * Tells which of many hashes are near to any of fewer others. Those that are many are laid out in a table and the others
 * looked up in it: a look-up among a million costs little more than one among a thousand, so it pays to make as few
 * as can be.
 * @param many hashes of 32 bytes, one after another; equal ones count once
 * @param few hashes of 32 bytes
 * @param threshold greatest Hamming distance that is near
 * @param pause called again and again; what it throws ends this
 * @returns for each of the many whether it is near, 1 or 0
 * @throws VigieError `memory-exhausted`
 */
export function nearHashes(
  many: Uint8Array,
  few: Uint8Array,
  threshold: number,
  pool: MemoryPool,
  pause: () => void,
): Uint8Array {
  const near = new Uint8Array(many.length / HASH_BYTES);
  if (near.length === 0) return near;
  const { different, numberOf } = distinct(many);
  const memory = pool.acquire(PdqTable.bytesFor(different.length / HASH_BYTES));
  try {
    const table = PdqTable.build(different, memory);
    const found = new Uint8Array(different.length / HASH_BYTES);
    const hits = new PdqHits();
    for (let at = 0, lookups = 0; at < few.length; at += HASH_BYTES, lookups++) {
      if (lookups % LOOKUPS_AT_ONCE === 0) pause();
      const count = table.search(few.subarray(at, at + HASH_BYTES), threshold, hits);
      for (let i = 0; i < count; i++) found[hits.indexes[i]!] = 1;
    }
    for (let i = 0; i < near.length; i++) near[i] = found[numberOf[i]!]!;
    return near;
  } finally {
    pool.release(memory);
  }
}

/** Each different hash once, in the order in which they come, and which of them each one is. */
function distinct(many: Uint8Array): { different: Uint8Array; numberOf: Uint32Array } {
  const count = many.length / HASH_BYTES;
  const words = new Uint32Array(many.buffer, many.byteOffset, count * WORDS);
  const kept = new Uint32Array(count * WORDS);
  const numberOf = new Uint32Array(count);
  const mask = 2 ** Math.ceil(Math.log2(2 * count + 1)) - 1;
  // Numbers from 1; 0 is a free place.
  const places = new Uint32Array(mask + 1);
  let numbers = 0;
  for (let i = 0; i < count; i++) {
    const from = i * WORDS;
    let place = mixed(words, from) & mask;
    for (let at = places[place]!; ; place = (place + 1) & mask, at = places[place]!) {
      if (at === 0) {
        places[place] = ++numbers;
        numberOf[i] = numbers - 1;
        for (let w = 0; w < WORDS; w++) kept[(numbers - 1) * WORDS + w] = words[from + w]!;
        break;
      }
      if (same(words, from, kept, (at - 1) * WORDS)) {
        numberOf[i] = at - 1;
        break;
      }
    }
  }
  return { different: new Uint8Array(kept.buffer, 0, numbers * HASH_BYTES), numberOf };
}

function mixed(words: Uint32Array, from: number): number {
  let mix = 0;
  for (let w = 0; w < WORDS; w++) mix = Math.imul(mix ^ words[from + w]!, 0x9e3779b1) + (mix >>> 15);
  return mix ^ (mix >>> 16);
}

function same(one: Uint32Array, from: number, other: Uint32Array, at: number): boolean {
  for (let w = 0; w < WORDS; w++) if (one[from + w] !== other[at + w]) return false;
  return true;
}
