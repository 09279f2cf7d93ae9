import type { ByteSource } from '../byte-io.js';
import { type PackedKeys, spread } from '../packed-keys.js';
import { Pacer } from '../pause.js';
import type { BlockCache } from './block-cache.js';
import { checksum } from './checksum.js';
import { damaged } from './sections.js';

/** Keys in a block: 4 KiB. */
export const IDS_PER_BLOCK = 512;

/** In memory for each block of the id index: the upper half of its first key, and its checksum. */
export type Fences = Uint32Array;

export function fencesOf(keys: PackedKeys): Fences {
  const fences = new Uint32Array(2 * Math.ceil(keys.count / IDS_PER_BLOCK));
  for (let block = 0; block * 2 < fences.length; block++) {
    const start = block * IDS_PER_BLOCK;
    fences[2 * block] = keys.high(start);
    fences[2 * block + 1] = checksum(keys.bytes.subarray(start * 8, (start + IDS_PER_BLOCK) * 8));
  }
  return fences;
}

/** The id index of a segment file: 40 bits of an id's hash and the row, sorted, read block by block. */
export class IdIndex {
  readonly #source: ByteSource;
  readonly #offset: number;
  readonly #count: number;
  readonly #fences: Fences;
  readonly #cache: BlockCache;

  constructor(source: ByteSource, offset: number, count: number, fences: Fences, cache: BlockCache) {
    this.#source = source;
    this.#offset = offset;
    this.#count = count;
    this.#fences = fences;
    this.#cache = cache;
  }

  /** The rows that an id may have; nearly always none or one. The caller compares the ids themselves. */
  async candidates(id: string): Promise<readonly number[]> {
    return (await this.candidatesOf([id])).get(id) ?? [];
  }

  /** The same for many ids, in the order in which the index has them, so that each of its blocks is read once. */
  async candidatesOf(ids: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>> {
    const found = new Map<string, number[]>();
    const pacer = new Pacer();
    const blocks = this.#fences.length / 2;
    let held = -1;
    let words: Uint32Array = new Uint32Array(0);
    for (const { id, high, low } of inOrder(ids)) {
      for (let block = this.#firstBlock(high); block < blocks; block++) {
        if (block > 0 && this.#fences[2 * block]! > high) break;
        if (block !== held) {
          words = await this.#block(block);
          held = block;
        }
        for (let i = lowerBound(words, high); 2 * i < words.length && words[2 * i + 1] === high; i++) {
          if (words[2 * i]! >>> 24 !== low) continue;
          const row = words[2 * i]! & 0xffffff;
          const rows = found.get(id);
          if (rows === undefined) found.set(id, [row]);
          else rows.push(row);
        }
      }
      if (pacer.due) await pacer.pause();
    }
    return found;
  }

  /** The last block that begins below the key: the key's run may begin in it. */
  #firstBlock(high: number): number {
    let from = 0;
    let to = this.#fences.length / 2;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#fences[2 * middle]! < high) from = middle + 1;
      else to = middle;
    }
    return Math.max(0, from - 1);
  }

  async #block(block: number): Promise<Uint32Array> {
    const bytes = await this.#cache.get(block, async () => {
      const start = block * IDS_PER_BLOCK;
      const read = new Uint8Array(Math.min(IDS_PER_BLOCK, this.#count - start) * 8);
      await this.#source.readInto(this.#offset + start * 8, read.length, read);
      if (checksum(read) !== this.#fences[2 * block + 1]) throw damaged('ids');
      return read;
    });
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }
}

/** The ids with their keys, by key. */
function inOrder(ids: readonly string[]): readonly { id: string; high: number; low: number }[] {
  const encoder = new TextEncoder();
  const hash = new Uint32Array(2);
  const keys = ids.map((id) => {
    const bytes = encoder.encode(id);
    spread(bytes, 0, bytes.length, hash);
    return { id, high: hash[0]!, low: hash[1]! & 255 };
  });
  return keys.length < 2 ? keys : keys.sort((a, b) => a.high - b.high);
}

function lowerBound(words: Uint32Array, high: number): number {
  let from = 0;
  let to = words.length / 2;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (words[2 * middle + 1]! < high) from = middle + 1;
    else to = middle;
  }
  return from;
}
