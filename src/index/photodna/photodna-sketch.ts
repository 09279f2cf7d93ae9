import type { PhotoDnaMetric } from '../../signals/photodna/photodna.js';

/** Bytes of a PhotoDNA value. */
export const PHOTODNA_BYTES = 144;
/** Bytes of a sketch: one cell for each of sixteen groups of nine dimensions. */
export const SKETCH_BYTES = 16;
const GROUP_SIZE = PHOTODNA_BYTES / SKETCH_BYTES;

/**
 * How values are reduced to sketches. Sixteen groups of nine dimensions are chosen so that dimensions of a group rise and
 * fall together; a group's sum (each dimension with its sign) is cut into cells of equal width.
 *
 * Why dropping by sketches is exact: let Δ be the difference of two values and Δs the difference of one group's sums.
 * By Cauchy and Schwarz the squared distance within the group is at least Δs² / 9, and the Manhattan distance is at least
 * |Δs|. Two sums whose cells lie k apart differ by more than (k − 1) · step. Groups do not overlap, so the bounds add up.
 */
export interface Sketching {
  /** For each dimension: its group, 0 to 15. */
  readonly group: readonly number[];
  /** For each dimension: 1, or −1 when it falls where the others of its group rise. */
  readonly sign: readonly number[];
  /** For each group: the sum at which its first cell begins. */
  readonly origin: readonly number[];
  /** Width of a cell, the same for all groups; a whole number. */
  readonly step: number;
}

/** Largest sum, in the kernel's units, that a threshold allows, and how far apart two cells may lie at most. */
export interface SketchBound {
  readonly sum: number;
  readonly cells: number;
}

export function sketchBound(sketching: Sketching, metric: PhotoDnaMetric, threshold: number): SketchBound {
  const sum =
    metric === 'manhattan'
      ? Math.floor(threshold / sketching.step)
      : Math.floor((GROUP_SIZE * threshold) / sketching.step ** 2);
  const cells = metric === 'manhattan' ? sum + 1 : Math.floor(Math.sqrt(sum)) + 1;
  return { sum, cells: Math.min(255, cells) };
}

/** Values to be indexed, wherever they lie. */
export interface ValueColumn {
  readonly count: number;
  /** Copies value `index` into `target` at `offset`. */
  copyInto(index: number, target: Uint8Array, offset: number): void;
}

/** Learns groups, signs and cells from the values themselves. Any outcome is exact; a good one drops more. */
export function learnSketching(values: ValueColumn): Sketching {
  const { group, sign } = groupDimensions(covariance(values));
  const low = new Int32Array(SKETCH_BYTES).fill(2 ** 31 - 1);
  const high = new Int32Array(SKETCH_BYTES).fill(-(2 ** 31));
  const sums = new Int32Array(SKETCH_BYTES);
  const value = new Uint8Array(PHOTODNA_BYTES);
  const summer = new GroupSummer(group, sign);
  for (let i = 0; i < values.count; i++) {
    values.copyInto(i, value, 0);
    summer.sum(value, 0, sums);
    for (let g = 0; g < SKETCH_BYTES; g++) {
      const sum = sums[g]!;
      if (sum < low[g]!) low[g] = sum;
      if (sum > high[g]!) high[g] = sum;
    }
  }
  let widest = 0;
  for (let g = 0; g < SKETCH_BYTES; g++) widest = Math.max(widest, high[g]! - low[g]!);
  return { group, sign, origin: [...low], step: Math.max(1, Math.ceil((widest + 1) / 256)) };
}

/** Writes sketches. Keeps what it needs in flat arrays, since it runs once for each of millions of values. */
export class Sketcher {
  readonly #summer: GroupSummer;
  readonly #origin: Int32Array;
  readonly #step: number;
  readonly #sums = new Int32Array(SKETCH_BYTES);

  constructor(sketching: Sketching) {
    this.#summer = new GroupSummer(sketching.group, sketching.sign);
    this.#origin = Int32Array.from(sketching.origin);
    this.#step = sketching.step;
  }

  /**
   * Writes the sketch of the value at `offset`. A value outside the learnt range gets the nearest cell, which can only
   * make it look nearer, never farther.
   */
  sketchInto(values: Uint8Array, offset: number, target: Uint8Array, at: number): void {
    this.#summer.sum(values, offset, this.#sums);
    for (let g = 0; g < SKETCH_BYTES; g++) {
      const cell = Math.floor((this.#sums[g]! - this.#origin[g]!) / this.#step);
      target[at + g] = Math.max(0, Math.min(255, cell));
    }
  }
}

class GroupSummer {
  /** The dimensions, group by group, nine each. */
  readonly #dimensions: Uint8Array;
  readonly #signs: Int8Array;

  constructor(group: readonly number[], sign: readonly number[]) {
    const dimensions = group.map((_, d) => d).sort((a, b) => group[a]! - group[b]! || a - b);
    this.#dimensions = Uint8Array.from(dimensions);
    this.#signs = Int8Array.from(dimensions, (d) => sign[d]!);
  }

  sum(values: Uint8Array, offset: number, sums: Int32Array): void {
    const dimensions = this.#dimensions;
    const signs = this.#signs;
    for (let g = 0, j = 0; g < SKETCH_BYTES; g++) {
      let sum = 0;
      for (const end = j + GROUP_SIZE; j < end; j++) sum += signs[j]! * values[offset + dimensions[j]!]!;
      sums[g] = sum;
    }
  }
}

const SAMPLE = 2048;

function covariance(values: ValueColumn): Float64Array {
  const n = PHOTODNA_BYTES;
  const taken = Math.min(SAMPLE, values.count);
  const sample = new Uint8Array(taken * n);
  for (let i = 0; i < taken; i++) values.copyInto(Math.floor((i * values.count) / taken), sample, i * n);
  const mean = new Float64Array(n);
  for (let i = 0; i < taken; i++) for (let d = 0; d < n; d++) mean[d]! += sample[i * n + d]! / taken;
  const result = new Float64Array(n * n);
  const centred = new Float64Array(n);
  for (let i = 0; i < taken; i++) {
    for (let d = 0; d < n; d++) centred[d] = sample[i * n + d]! - mean[d]!;
    for (let a = 0; a < n; a++) {
      const left = centred[a]!;
      for (let b = a; b < n; b++) result[a * n + b]! += left * centred[b]!;
    }
  }
  for (let a = 0; a < n; a++) for (let b = 0; b < a; b++) result[a * n + b] = result[b * n + a]!;
  return result;
}

/** Greedy: the dimension that varies most and is still free begins a group and takes the eight that follow it closest. */
function groupDimensions(cov: Float64Array): { group: number[]; sign: number[] } {
  const n = PHOTODNA_BYTES;
  const group = new Array<number>(n).fill(0);
  const sign = new Array<number>(n).fill(1);
  const free = new Set(group.keys());
  for (let g = 0; g < SKETCH_BYTES; g++) {
    const variance = (d: number): number => cov[d * n + d]!;
    const seed = [...free].reduce((best, d) => (variance(d) > variance(best) ? d : best));
    const others = [...free]
      .filter((d) => d !== seed)
      .sort((a, b) => Math.abs(cov[seed * n + b]!) - Math.abs(cov[seed * n + a]!) || a - b)
      .slice(0, GROUP_SIZE - 1);
    for (const d of [seed, ...others]) {
      group[d] = g;
      sign[d] = cov[seed * n + d]! < 0 ? -1 : 1;
      free.delete(d);
    }
  }
  return { group, sign };
}
