import { PackedKeys } from '../packed-keys.js';
import { sameBytes, type ValueList } from '../value-list.js';

/** Where a table lies in its memory. Plain data. */
export interface ExactLayout {
  /** Bytes of a key: a multiple of 4. */
  readonly width: number;
  readonly count: number;
  readonly base: number;
}

/**
 * Keys of one width (cryptographic hashes), sorted, with the row of each; a key that several rows share stands there once
 * for each. A top index over the leading bits of the keys leads to runs of about eight, so a look-up touches two or three
 * cache lines. In memory: the raw bytes, 4 bytes a row number, about half a byte of top index.
 */
export class ExactTable {
  readonly layout: ExactLayout;
  /** For each key, in the order of keys, the row that has it. */
  readonly rows: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #top: Uint32Array;
  readonly #shift: number;

  private constructor(buffer: ArrayBufferLike, layout: ExactLayout) {
    const { top, keys, rows, topBits } = regions(layout);
    this.layout = layout;
    this.#top = new Uint32Array(buffer, top, 2 ** topBits + 1);
    this.#bytes = new Uint8Array(buffer, keys, layout.count * layout.width);
    this.rows = new Uint32Array(buffer, rows, layout.count);
    this.#shift = 32 - topBits;
  }

  /** How much memory so many keys take, a multiple of 16. */
  static bytesFor(width: number, count: number): number {
    return regions({ width, count, base: 0 }).end;
  }

  /**
   * Sorts keys into `buffer` from `base` (a multiple of 16).
   * @param values the keys; for each its row
   */
  static build(width: number, values: ValueList, buffer: ArrayBufferLike, base = 0): ExactTable {
    const layout: ExactLayout = { width, count: values.count, base };
    const table = new ExactTable(buffer, layout);
    const sorted = sortKeys(width, values);
    table.rows.fill(0);
    for (let i = 0; i < values.count; i++) {
      const from = sorted.number(i);
      values.copyInto(from, table.#bytes, i * width);
      table.rows[i] = values.rows[from]!;
    }
    table.#fillTop();
    return table;
  }

  /** Opens a table that lies in `buffer` already. */
  static attach(buffer: ArrayBufferLike, layout: ExactLayout): ExactTable {
    return new ExactTable(buffer, layout);
  }

  get count(): number {
    return this.layout.count;
  }

  /** How many different keys there are. */
  distinct(): number {
    const { width, count } = this.layout;
    let distinct = Math.min(count, 1);
    for (let i = 1; i < count; i++) {
      if (compareBytes(this.#bytes, (i - 1) * width, this.#bytes, i * width, width) !== 0) distinct++;
    }
    return distinct;
  }

  /** Position of the first key that is not less than `key`, among `rows`. With `end` it bounds the rows of a key. */
  first(key: Uint8Array): number {
    return this.#bound(key, false);
  }

  /** Position after the last key that is not greater than `key`. */
  end(key: Uint8Array): number {
    return this.#bound(key, true);
  }

  #bound(key: Uint8Array, after: boolean): number {
    const bucket = this.#bucket(key, 0);
    let low = this.#top[bucket]!;
    let high = this.#top[bucket + 1]!;
    const { width } = this.layout;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareBytes(this.#bytes, middle * width, key, 0, width);
      if (order < 0 || (after && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #bucket(bytes: Uint8Array, at: number): number {
    if (this.#shift === 32) return 0;
    const head = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    return head >>> this.#shift;
  }

  #fillTop(): void {
    const { width, count } = this.layout;
    let bucket = 0;
    for (let i = 0; i < count; i++) {
      const own = this.#bucket(this.#bytes, i * width);
      while (bucket <= own) this.#top[bucket++] = i;
    }
    this.#top.fill(count, bucket);
  }
}

function compareBytes(a: Uint8Array, atA: number, b: Uint8Array, atB: number, length: number): number {
  for (let i = 0; i < length; i++) {
    const difference = a[atA + i]! - b[atB + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Order of the values by bytes, equal ones by number. */
function sortKeys(width: number, values: ValueList): PackedKeys {
  const keys = new PackedKeys(values.count);
  const a = new Uint8Array(width);
  const b = new Uint8Array(width);
  for (let i = 0; i < values.count; i++) {
    values.copyInto(i, a, 0);
    keys.push(((a[0]! << 24) | (a[1]! << 16) | (a[2]! << 8) | a[3]!) >>> 0, a[4]!, i);
  }
  keys.sort();
  for (let start = 0; start < values.count; ) {
    const end = keys.endOfRun(start);
    if (end - start > 1 && !allEqual(values, keys, start, end, a, b)) {
      keys.reorder(start, end, (x, y) => {
        values.copyInto(x, a, 0);
        values.copyInto(y, b, 0);
        return compareBytes(a, 0, b, 0, width);
      });
    }
    start = end;
  }
  return keys;
}

function allEqual(
  values: ValueList,
  keys: PackedKeys,
  start: number,
  end: number,
  first: Uint8Array,
  other: Uint8Array,
): boolean {
  values.copyInto(keys.number(start), first, 0);
  for (let i = start + 1; i < end; i++) {
    values.copyInto(keys.number(i), other, 0);
    if (!sameBytes(first, other)) return false;
  }
  return true;
}

/** Eight to sixteen keys a bucket. */
const topBitsFor = (count: number): number => Math.max(0, Math.min(24, Math.floor(Math.log2(Math.max(1, count))) - 3));

const align = (bytes: number): number => (bytes + 15) & ~15;

function regions({ width, count, base }: ExactLayout): {
  top: number;
  keys: number;
  rows: number;
  end: number;
  topBits: number;
} {
  const topBits = topBitsFor(count);
  const keys = base + align((2 ** topBits + 1) * 4);
  const rows = keys + align(width * count);
  return { top: base, keys, rows, end: rows + align(count * 4), topBits };
}
