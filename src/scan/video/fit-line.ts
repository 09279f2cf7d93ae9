/** A point beside a line: where, how far off, and how much it says. */
export interface Offset {
  readonly x: number;
  readonly off: number;
  readonly weight: number;
}

/** How a line is to be moved: by `shift` at `x`, and by `slope` in its slope. */
export interface Correction {
  readonly x: number;
  readonly shift: number;
  readonly slope: number;
}

/**
 * The correction of a line by least squares, in which each point also pulls towards the line as it is with the weight
 * `keep` (ridge regression): points that say little do not turn it.
 */
export function correctLine(points: readonly Offset[], keep: number): Correction {
  let sum = 0;
  let x = 0;
  let pull = 0;
  for (const point of points) {
    const weight = point.weight + keep;
    sum += weight;
    x += (weight * (point.x - x)) / sum;
    pull += point.weight * point.off;
  }
  let xx = 0;
  let xy = 0;
  for (const point of points) {
    xx += (point.weight + keep) * (point.x - x) ** 2;
    xy += point.weight * (point.x - x) * point.off;
  }
  return { x, shift: sum === 0 ? 0 : pull / sum, slope: xx === 0 ? 0 : xy / xx };
}
