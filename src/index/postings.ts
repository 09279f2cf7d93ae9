import { PackedKeys, spread } from './packed-keys.js';
import { sameBytes, type ValueList } from './value-list.js';

/** Set in a posting that is not a row but the place of several. */
export const MANY = 0x80000000;

/**
 * The rows of each distinct value. Nearly always there is one, and it stands in `first` itself; otherwise `first` has
 * `MANY` and a position in `more`, where the number of rows stands and then the rows, ascending.
 */
export interface Postings {
  readonly first: Uint32Array;
  readonly more: Uint32Array;
}

export interface DistinctValues extends Postings {
  readonly count: number;
  /** For each distinct value the number of one of the values that equal it. */
  readonly representatives: Uint32Array;
  /** How many of the distinct values have a value among them that is marked, and one that is not. */
  readonly marked: number;
  readonly unmarked: number;
}

/**
 * Finds equal values, and which rows have each.
 * @param marks for each value 1 or 0, for counting; none is marked if left out
 */
export function distinctValues(values: ValueList, width: number, marks?: Uint8Array): DistinctValues {
  const keys = hashed(values, width);
  const representatives = new Uint32Array(values.count);
  const first = new Uint32Array(values.count);
  const more = new GrowingList();
  const a = new Uint8Array(width);
  const b = new Uint8Array(width);
  let count = 0;
  let marked = 0;
  let unmarked = 0;
  for (let start = 0; start < values.count; ) {
    const runEnd = keys.endOfRun(start);
    let end = runEnd;
    if (runEnd - start > 1) end = endOfEqual(values, keys, start, runEnd, a, b);
    representatives[count] = keys.number(start);
    first[count++] = end - start === 1 ? values.rows[keys.number(start)]! : addRows(values, keys, start, end, more);
    if (marks) {
      let ones = 0;
      for (let i = start; i < end; i++) ones += marks[keys.number(i)]!;
      if (ones > 0) marked++;
      if (ones < end - start) unmarked++;
    }
    start = end;
  }
  return {
    count,
    representatives: representatives.subarray(0, count),
    first: first.subarray(0, count),
    more: more.done(),
    marked,
    unmarked: marks ? unmarked : count,
  };
}

function hashed(values: ValueList, width: number): PackedKeys {
  const keys = new PackedKeys(values.count);
  const value = new Uint8Array(width);
  const hash = new Uint32Array(2);
  for (let i = 0; i < values.count; i++) {
    values.copyInto(i, value, 0);
    spread(value, 0, width, hash);
    keys.push(hash[0]!, hash[1]! & 255, i);
  }
  keys.sort();
  return keys;
}

/** Where the values that equal the one at `start` end; values that differ but share a hash are set apart first. */
function endOfEqual(
  values: ValueList,
  keys: PackedKeys,
  start: number,
  end: number,
  a: Uint8Array,
  b: Uint8Array,
): number {
  const same = (i: number): boolean => {
    values.copyInto(keys.number(i), b, 0);
    return sameBytes(a, b);
  };
  values.copyInto(keys.number(start), a, 0);
  let i = start + 1;
  while (i < end && same(i)) i++;
  if (i === end) return end;
  keys.reorder(start, end, (x, y) => {
    values.copyInto(x, a, 0);
    values.copyInto(y, b, 0);
    const at = a.findIndex((byte, k) => byte !== b[k]);
    return at < 0 ? 0 : a[at]! - b[at]!;
  });
  values.copyInto(keys.number(start), a, 0);
  for (i = start + 1; i < end && same(i); ) i++;
  return i;
}

function addRows(values: ValueList, keys: PackedKeys, start: number, end: number, more: GrowingList): number {
  const at = more.length;
  more.push(0);
  let previous = -1;
  for (let i = start; i < end; i++) {
    const row = values.rows[keys.number(i)]!;
    // An entry that names a value twice has it once.
    if (row !== previous) more.push(row);
    previous = row;
  }
  const rows = more.length - at - 1;
  if (rows === 1) {
    more.length = at;
    return previous;
  }
  more.items[at] = rows;
  return (MANY | at) >>> 0;
}

class GrowingList {
  items = new Uint32Array(64);
  length = 0;

  push(item: number): void {
    if (this.length === this.items.length) {
      const larger = new Uint32Array(this.items.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = item;
  }

  done(): Uint32Array {
    return this.items.subarray(0, this.length);
  }
}
