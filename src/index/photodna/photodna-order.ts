import { SKETCH_BYTES } from './photodna-sketch.js';

/** Values in a leaf and leaves in a group: the same numbers as in the kernel. */
export const LEAF = 32;
export const GROUP = 32;
/** Least cell of each dimension, then the greatest. */
export const BOX_BYTES = 2 * SKETCH_BYTES;

const SAMPLE = 128;

/**
 * Orders values so that neighbours are alike: a k-d tree over their sketches (Bentley 1975), left-balanced so that each
 * leaf, and each group of leaves, is a run of the order.
 * @param sketches `count` × 16 bytes
 * @returns the numbers of the values in their new order
 */
export function orderBySketch(sketches: Uint8Array, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const spare = new Uint32Array(count);
  const pending: number[] = [0, count];
  while (pending.length > 0) {
    const end = pending.pop()!;
    const start = pending.pop()!;
    const leaves = Math.ceil((end - start) / LEAF);
    if (leaves < 2) continue;
    const left = 2 ** Math.floor(Math.log2(leaves - 1)) * LEAF;
    split(sketches, order, spare, start, end, left, widestDimension(sketches, order, start, end));
    pending.push(start, start + left, start + left, end);
  }
  return order;
}

function widestDimension(sketches: Uint8Array, order: Uint32Array, start: number, end: number): number {
  const step = Math.max(1, Math.floor((end - start) / SAMPLE));
  const sum = new Float64Array(SKETCH_BYTES);
  const squares = new Float64Array(SKETCH_BYTES);
  let taken = 0;
  for (let i = start; i < end; i += step, taken++) {
    const at = order[i]! * SKETCH_BYTES;
    for (let d = 0; d < SKETCH_BYTES; d++) {
      const cell = sketches[at + d]!;
      sum[d]! += cell;
      squares[d]! += cell * cell;
    }
  }
  let widest = 0;
  let spread = -1;
  for (let d = 0; d < SKETCH_BYTES; d++) {
    const variance = squares[d]! - (sum[d]! * sum[d]!) / taken;
    if (variance > spread) {
      spread = variance;
      widest = d;
    }
  }
  return widest;
}

/** Puts the `left` least values by one dimension first. Stable, so that memory is read forwards at every level. */
function split(
  sketches: Uint8Array,
  order: Uint32Array,
  spare: Uint32Array,
  start: number,
  end: number,
  left: number,
  dimension: number,
): void {
  const histogram = new Uint32Array(256);
  for (let i = start; i < end; i++) histogram[sketches[order[i]! * SKETCH_BYTES + dimension]!]!++;
  let pivot = 0;
  let below = 0;
  while (below + histogram[pivot]! <= left && pivot < 255) below += histogram[pivot++]!;
  let equalsLeft = left - below;
  let low = start;
  let high = 0;
  for (let i = start; i < end; i++) {
    const value = order[i]!;
    const cell = sketches[value * SKETCH_BYTES + dimension]!;
    if (cell < pivot || (cell === pivot && equalsLeft-- > 0)) order[low++] = value;
    else spare[high++] = value;
  }
  order.set(spare.subarray(0, high), low);
}

/**
 * The boxes around runs of sketches.
 * @param run values in one box
 * @returns for each box 16 least and 16 greatest cells
 */
export function boxes(sketches: Uint8Array, count: number, run: number): Uint8Array {
  const result = new Uint8Array(Math.ceil(count / run) * BOX_BYTES);
  for (let box = 0, at = 0; at < result.length; box++, at += BOX_BYTES) {
    result.fill(255, at, at + SKETCH_BYTES);
    const end = Math.min(count, (box + 1) * run);
    for (let i = box * run; i < end; i++) {
      for (let d = 0; d < SKETCH_BYTES; d++) {
        const cell = sketches[i * SKETCH_BYTES + d]!;
        if (cell < result[at + d]!) result[at + d] = cell;
        if (cell > result[at + SKETCH_BYTES + d]!) result[at + SKETCH_BYTES + d] = cell;
      }
    }
  }
  return result;
}
