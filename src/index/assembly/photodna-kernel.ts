// Search among 144-byte PhotoDNA values: boxes around groups of values, then sketches, then the values themselves.
// Everything it drops lies provably beyond the threshold, so answers are exact; photodna-sketch.ts has the argument.
//
// M is only a switch for the compiler: f32 stands for Manhattan distance, any integer for squared Euclidean distance.

const ROW: usize = 144;
const SKETCH: usize = 16;
const BOX: usize = 32;
/** Values in a leaf, and leaves in a group: the same numbers as in photodna-order.ts. */
const LEAF: u32 = 32;
const GROUP: u32 = 32;

let nextLeaf: u32 = 0;
let compared: u32 = 0;

/** The leaf at which the last search stopped: the number of leaves, or less when its room for hits ran out. */
export function stoppedAt(): u32 {
  return nextLeaf;
}

/** How many values the last search compared in full. */
export function fullCompares(): u32 {
  return compared;
}

// @ts-ignore: decorator
@inline
function horizontal(v: v128): u32 {
  const a = v128.add<u32>(v, v128.shuffle<u32>(v, v, 2, 3, 0, 1));
  const b = v128.add<u32>(a, v128.shuffle<u32>(a, a, 1, 0, 3, 2));
  return v128.extract_lane<u32>(b, 0);
}

/** Sum over sixteen unsigned bytes: of the bytes (Manhattan) or of their squares, as four 32-bit parts. */
// @ts-ignore: decorator
@inline
function parts<M>(d: v128): v128 {
  if (isFloat<M>()) return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(d));
  return v128.add<u32>(
    i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_low_i8x16_u(d, d)),
    i32x4.extadd_pairwise_i16x8_u(i16x8.extmul_high_i8x16_u(d, d)),
  );
}

// @ts-ignore: decorator
@inline
function difference(a: v128, b: v128): v128 {
  return v128.or(v128.sub_sat<u8>(a, b), v128.sub_sat<u8>(b, a));
}

// @ts-ignore: decorator
@inline
function third<M>(row: usize, query: usize): v128 {
  return v128.add<u32>(
    v128.add<u32>(
      parts<M>(difference(v128.load(row), v128.load(query))),
      parts<M>(difference(v128.load(row, 16), v128.load(query, 16))),
    ),
    parts<M>(difference(v128.load(row, 32), v128.load(query, 32))),
  );
}

/** The distance, or any number above `threshold` as soon as it is known to be above. */
// @ts-ignore: decorator
@inline
function distance<M>(row: usize, query: usize, threshold: u32): u32 {
  let sum = third<M>(row, query);
  if (horizontal(sum) > threshold) return u32.MAX_VALUE;
  sum = v128.add<u32>(sum, third<M>(row + 48, query + 48));
  if (horizontal(sum) > threshold) return u32.MAX_VALUE;
  return horizontal(v128.add<u32>(sum, third<M>(row + 96, query + 96)));
}

/** Whether a box may hold something within the bound; one cell is taken off each gap for what quantising lost. */
// @ts-ignore: decorator
@inline
function boxReaches<M>(box: usize, sketch: v128, one: v128, bound: u32): bool {
  const gap = v128.or(v128.sub_sat<u8>(v128.load(box), sketch), v128.sub_sat<u8>(sketch, v128.load(box, 16)));
  return horizontal(parts<M>(v128.sub_sat<u8>(gap, one))) <= bound;
}

// @ts-ignore: decorator
@inline
function run<M>(
  query: usize,
  querySketch: usize,
  groups: usize,
  leaves: usize,
  sketches: usize,
  rows: usize,
  count: u32,
  threshold: u32,
  bound: u32,
  cells: u32,
  firstLeaf: u32,
  out: usize,
  capacity: u32,
): u32 {
  const one = i8x16.splat(1);
  const sketch = v128.load(querySketch);
  const reach = i8x16.splat(<i8>cells);
  const leafCount = (count + LEAF - 1) / LEAF;
  let hits: u32 = 0;
  let full: u32 = 0;
  let leaf = firstLeaf;
  while (leaf < leafCount) {
    const group = leaf / GROUP;
    const groupEnd = min((group + 1) * GROUP, leafCount);
    if (leaf % GROUP == 0 && !boxReaches<M>(groups + group * BOX, sketch, one, bound)) {
      leaf = groupEnd;
      continue;
    }
    for (; leaf < groupEnd; leaf++) {
      if (!boxReaches<M>(leaves + leaf * BOX, sketch, one, bound)) continue;
      if (hits + LEAF > capacity) {
        nextLeaf = leaf;
        compared = full;
        return hits;
      }
      const end = min((leaf + 1) * LEAF, count);
      for (let i = leaf * LEAF; i < end; i++) {
        const cellGap = difference(v128.load(sketches + <usize>i * SKETCH), sketch);
        // One dimension alone may tell already: cheaper than the sum.
        if (v128.any_true(v128.sub_sat<u8>(cellGap, reach))) continue;
        if (horizontal(parts<M>(v128.sub_sat<u8>(cellGap, one))) > bound) continue;
        full++;
        const d = distance<M>(rows + <usize>i * ROW, query, threshold);
        if (d <= threshold) {
          store<u32>(out + <usize>hits * 8, i);
          store<u32>(out + <usize>hits * 8, d, 4);
          hits++;
        }
      }
    }
  }
  nextLeaf = leafCount;
  compared = full;
  return hits;
}

export function search(
  manhattan: bool,
  query: usize,
  querySketch: usize,
  groups: usize,
  leaves: usize,
  sketches: usize,
  rows: usize,
  count: u32,
  threshold: u32,
  bound: u32,
  cells: u32,
  firstLeaf: u32,
  out: usize,
  capacity: u32,
): u32 {
  return manhattan
    ? run<f32>(query, querySketch, groups, leaves, sketches, rows, count, threshold, bound, cells, firstLeaf, out, capacity)
    : run<u32>(query, querySketch, groups, leaves, sketches, rows, count, threshold, bound, cells, firstLeaf, out, capacity);
}

// @ts-ignore: decorator
@inline
function runAll<M>(query: usize, rows: usize, count: u32, threshold: u32, first: u32, out: usize, capacity: u32): u32 {
  let hits: u32 = 0;
  for (let i = first; i < count; i++) {
    if (hits == capacity) {
      nextLeaf = i;
      return hits;
    }
    const d = distance<M>(rows + <usize>i * ROW, query, threshold);
    if (d <= threshold) {
      store<u32>(out + <usize>hits * 8, i);
      store<u32>(out + <usize>hits * 8, d, 4);
      hits++;
    }
  }
  nextLeaf = count;
  compared = count;
  return hits;
}

/** Compares every value: for small tables, and what the pruned search is measured against. */
export function scan(
  manhattan: bool,
  query: usize,
  rows: usize,
  count: u32,
  threshold: u32,
  first: u32,
  out: usize,
  capacity: u32,
): u32 {
  return manhattan
    ? runAll<f32>(query, rows, count, threshold, first, out, capacity)
    : runAll<u32>(query, rows, count, threshold, first, out, capacity);
}
