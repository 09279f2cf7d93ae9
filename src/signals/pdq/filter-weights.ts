/** Side of the luma block that PDQ hashes. */
export const BLOCK = 64;

/** The pixels that reach one sample, and how much each counts; the weights sum to 1. */
export interface SampleWeights {
  /** First pixel of the (reduced) row or column. */
  readonly start: number;
  readonly weights: Float64Array;
}

/**
 * PDQ's filter along one axis as weights: two box means with a window of ceil(n / 128) over `size` samples, clipped at
 * the edges, taken at the 64 positions floor((i + 0.5) · size / 64), and spread over an axis that was reduced, so that
 * each pixel is the mean of `factor` original ones.
 *
 * @param size pixels of the original axis, at least 5
 * @param reduced pixels that there are
 * @param factor original pixels that one of them covers, at least 1; need not be whole
 * @returns 64 samples
 */
export function filterWeights(size: number, reduced: number, factor: number): readonly SampleWeights[] {
  const window = Math.ceil(size / 128);
  return Array.from({ length: BLOCK }, (_, i) => {
    const sample = Math.floor(((i + 0.5) * size) / BLOCK);
    return reduce(twoBoxes(sample, size, window), factor, reduced);
  });
}

/** Weights of the original pixels for one sample of the twice box-filtered axis. */
function twoBoxes(sample: number, size: number, window: number): SampleWeights {
  const [from, to] = bounds(sample, size, window);
  const [start] = bounds(from, size, window);
  const [, end] = bounds(to - 1, size, window);
  const weights = new Float64Array(end - start);
  for (let middle = from; middle < to; middle++) {
    const [low, high] = bounds(middle, size, window);
    const share = 1 / (to - from) / (high - low);
    for (let at = low; at < high; at++) weights[at - start] = (weights[at - start] ?? 0) + share;
  }
  return { start, weights };
}

/** The window around an output of the box filter: for even windows it reaches one further to the end. */
function bounds(at: number, size: number, window: number): readonly [number, number] {
  const half = Math.floor((window + 2) / 2);
  return [Math.max(0, at - (window - half)), Math.min(size, at + half)];
}

/** The same weights over reduced pixels: each original pixel lies wholly or partly in one. */
function reduce({ start, weights }: SampleWeights, factor: number, reduced: number): SampleWeights {
  if (factor === 1) return { start, weights };
  const last = reduced - 1;
  const first = Math.min(last, Math.floor(start / factor));
  const end = Math.min(last, Math.floor((start + weights.length - 1e-9) / factor));
  const result = new Float64Array(end - first + 1);
  for (const [i, weight] of weights.entries()) {
    const low = (start + i) / factor;
    const high = (start + i + 1) / factor;
    const cell = Math.min(last, Math.floor(low));
    const boundary = cell + 1;
    // A pixel that straddles two reduced ones counts in each by the part that lies there.
    const inside = high <= boundary || cell === last ? 1 : (boundary - low) / (high - low);
    result[cell - first] = (result[cell - first] ?? 0) + weight * inside;
    if (inside < 1) result[cell + 1 - first] = (result[cell + 1 - first] ?? 0) + weight * (1 - inside);
  }
  return { start: first, weights: result };
}
