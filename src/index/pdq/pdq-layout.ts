import { VigieError } from '../../errors.js';

/** Bytes of a PDQ hash. */
export const PDQ_BYTES = 32;
/** Largest distance that the tables reach: three flipped bits a chunk. Above it every hash is compared. */
export const TABLE_REACH = 63;
/** Below this many hashes comparing them all is about as fast as the tables. */
export const TABLES_FROM = 2048;

/** Hashes that a table can number: a posting has 24 bits for it. */
export const MOST_IN_TABLES = 2 ** 24;

/** Of the layout in memory and in files; the kernel has it too. */
export const LAYOUT_VERSION = 2;
const CHUNKS = 16;
const BUCKET = 16;
const FEWEST_KEY_BITS = 8;
const MOST_KEY_BITS = 16;
const LOCK_BYTES = 64;
/** The kernel reads 32 tags at a time, so a little beyond the last. */
const TAGS_BEYOND = 64;

/** Searches that may run at once in one table. */
export const SLOTS = 16;
/** Pairs of index and distance that a slot has room for. */
export const SLOT_HITS = 2048;
/** Query, 1024 bounds and 1024 candidates: the same numbers as in the kernel. */
const SLOT_WORK_BYTES = 64 + 1024 * 8 + 2 * 1024 * 4;
export const SLOT_BYTES = SLOT_WORK_BYTES + SLOT_HITS * 8;
export const SLOT_HITS_OFFSET = SLOT_WORK_BYTES;

/** Where a table lies in its memory. Plain data: JSON, or a message to another thread. */
export interface PdqLayout {
  readonly version: number;
  readonly count: number;
  /** Where the table begins; a multiple of 64. */
  readonly base: number;
  /** How many bits of a chunk the tables are keyed by; 0 when the hashes are only compared one by one. */
  readonly keyBits: number;
}

/** The parts of a table. From `locks` to `slots` is its image; the slots behind it are scratch space. */
export interface PdqRegions {
  /** One word a slot: whether a search works there. */
  readonly locks: number;
  readonly hashes: number;
  /** For each chunk and each value of its lowest `keyBits` bits the first posting; one more ends the last bucket. */
  readonly starts: number;
  /** For each posting of table i the chunk i + 1 of its hash. */
  readonly tags: number;
  /** For each posting the number of its hash, and above its 24 bits the lower half of chunk i + 2. */
  readonly postings: number;
  readonly slots: number;
  readonly end: number;
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Key bits with which a bucket holds some ten or fifteen of `count` hashes: one or two lines of memory. */
export function keyBitsFor(count: number): number {
  const bits = Math.ceil(Math.log2(Math.max(1, count / BUCKET)));
  return Math.min(MOST_KEY_BITS, Math.max(FEWEST_KEY_BITS, bits));
}

export function makeLayout(count: number, base: number, keyBits: number): PdqLayout {
  return { version: LAYOUT_VERSION, count, base, keyBits };
}

export function regionsOf({ count, base, keyBits }: PdqLayout): PdqRegions {
  const tables = keyBits > 0;
  const hashes = base + LOCK_BYTES;
  const starts = hashes + align(count * PDQ_BYTES);
  const tags = starts + (tables ? align((CHUNKS * 2 ** keyBits + 1) * 4) : 0);
  const postings = tags + (tables ? align(count * CHUNKS * 2 + TAGS_BEYOND) : 0);
  const slots = postings + (tables ? align(count * CHUNKS * 4) : 0);
  return { locks: base, hashes, starts, tags, postings, slots, end: slots + SLOTS * SLOT_BYTES };
}

/** @throws VigieError `segment-foreign` for a layout of another version or one that does not fit into the memory */
export function checkLayout(layout: PdqLayout, memory: WebAssembly.Memory): void {
  const { version, count, base, keyBits } = layout;
  const whole = [count, base, keyBits].every((n) => Number.isSafeInteger(n) && n >= 0) && base % 64 === 0;
  const fits = keyBits === 0 || (keyBits <= MOST_KEY_BITS && keyBits >= FEWEST_KEY_BITS && count <= MOST_IN_TABLES);
  if (version !== LAYOUT_VERSION || !whole || !fits || regionsOf(layout).end > memory.buffer.byteLength) {
    throw new VigieError('segment-foreign', { detail: 'PDQ table' });
  }
}
