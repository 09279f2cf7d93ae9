/** A line through its centre of gravity. */
export interface FittedLine {
  readonly x: number;
  readonly y: number;
  readonly slope: number;
}

/** The least-squares line through points; points with a `y` of NaN are left out. Slope 1 when all are at one `x`. */
export function fitLine(xs: readonly number[], ys: readonly number[]): FittedLine {
  let count = 0;
  let x = 0;
  let y = 0;
  for (const [i, value] of ys.entries()) {
    if (Number.isNaN(value)) continue;
    count++;
    x += (xs[i]! - x) / count;
    y += (value - y) / count;
  }
  let xx = 0;
  let xy = 0;
  for (const [i, value] of ys.entries()) {
    if (Number.isNaN(value)) continue;
    xx += (xs[i]! - x) ** 2;
    xy += (xs[i]! - x) * (value - y);
  }
  return { x, y, slope: xx === 0 ? 1 : xy / xx };
}
