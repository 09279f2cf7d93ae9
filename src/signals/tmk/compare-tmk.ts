import { VigieError } from '../../errors.js';
import type { TmkVideo } from './tmk-video.js';

export interface TmkThresholds {
  /** 0.7 unless told otherwise, both. */
  readonly level1?: number;
  readonly level2?: number;
}

export interface TmkComparison {
  /** How alike the means of the frames are, −1 to 1. */
  readonly level1: number;
  /** How alike the courses of the frames are at the best offset, up to 1; not computed when level 1 falls short. */
  readonly level2: number | undefined;
  readonly match: boolean;
}

/**
 * Compares two videos as the reference implementation does: level 1 first, level 2 for those that pass.
 * @throws VigieError `signal-invalid` when they were made with other periods or coefficients
 */
export function compareTmk(
  a: TmkVideo,
  b: TmkVideo,
  { level1: least1 = 0.7, level2: least2 = 0.7 }: TmkThresholds = {},
): TmkComparison {
  const level1 = tmkLevel1(a, b);
  const level2 = level1 >= least1 ? tmkLevel2(a, b) : undefined;
  return { level1, level2, match: level2 !== undefined && level2 >= least2 };
}

/** Cosine of the angle between the mean features, −1 to 1; 0 when one of them has no direction. */
export function tmkLevel1(a: TmkVideo, b: TmkVideo): number {
  checkAlike(a, b);
  const lengths = Math.sqrt(
    dot(a.average, 0, a.average, 0, a.dimension) * dot(b.average, 0, b.average, 0, b.dimension),
  );
  return lengths === 0 ? 0 : dot(a.average, 0, b.average, 0, a.dimension) / lengths;
}

/**
 * The best value of the temporal matching kernel over all offsets of all periods, as a share of what a video has with
 * itself. Takes a few million steps with the periods of the reference, whatever the lengths of the videos.
 */
export function tmkLevel2(a: TmkVideo, b: TmkVideo): number {
  checkAlike(a, b);
  const terms = a.coefficients.length;
  let best = Number.NEGATIVE_INFINITY;
  for (const [i, period] of a.periods.entries()) {
    best = Math.max(best, bestOverOffsets(a, b, i * terms * a.dimension, period));
  }
  let itself = -(a.coefficients[0] as number);
  for (const coefficient of a.coefficients) itself += 2 * coefficient;
  return best / itself;
}

function bestOverOffsets(a: TmkVideo, b: TmkVideo, start: number, period: number): number {
  const { dimension, coefficients } = a;
  const terms = coefficients.length;
  const even = new Float64Array(terms);
  const odd = new Float64Array(terms);
  for (let j = 0, at = start; j < terms; j++, at += dimension) {
    even[j] = dot(a.cosines, at, b.cosines, at, dimension) + dot(a.sines, at, b.sines, at, dimension);
    odd[j] = dot(a.sines, at, b.cosines, at, dimension) - dot(a.cosines, at, b.sines, at, dimension);
  }
  const cosines = Float64Array.from({ length: period }, (_, i) => Math.cos((2 * Math.PI * i) / period));
  const sines = Float64Array.from({ length: period }, (_, i) => Math.sin((2 * Math.PI * i) / period));
  let best = Number.NEGATIVE_INFINITY;
  for (let offset = 0; offset < period; offset++) {
    let value = even[0] as number;
    for (let j = 1, angle = offset; j < terms; j++) {
      value += (cosines[angle] as number) * (even[j] as number) + (sines[angle] as number) * (odd[j] as number);
      angle += offset;
      if (angle >= period) angle -= period;
    }
    if (value > best) best = value;
  }
  return best;
}

function checkAlike(a: TmkVideo, b: TmkVideo): void {
  const alike =
    a.framesPerSecond === b.framesPerSecond &&
    a.dimension === b.dimension &&
    sameNumbers(a.periods, b.periods) &&
    sameNumbers(a.coefficients, b.coefficients);
  if (!alike) throw new VigieError('signal-invalid', { detail: 'tmk: made with other settings' });
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) {
    // Two ways of computing a coefficient may differ in its last bits.
    if (Math.abs((a[i] as number) - (b[i] ?? Number.NaN)) > 1e-6) return false;
  }
  return a.length === b.length;
}

function dot(a: Float32Array, i: number, b: Float32Array, j: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (a[i + k] as number) * (b[j + k] as number);
  return sum;
}
