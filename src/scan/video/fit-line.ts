/** A line through its centre of gravity. */
export interface FittedLine {
  readonly x: number;
  readonly y: number;
  readonly slope: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

/** The line of weighted least squares; slope 1 when all points are at one `x`. */
export function fitLine(points: readonly Point[]): FittedLine {
  let sum = 0;
  let x = 0;
  let y = 0;
  for (const point of points) {
    sum += point.weight;
    x += (point.weight * (point.x - x)) / sum;
    y += (point.weight * (point.y - y)) / sum;
  }
  let xx = 0;
  let xy = 0;
  for (const point of points) {
    xx += point.weight * (point.x - x) ** 2;
    xy += point.weight * (point.x - x) * (point.y - y);
  }
  return { x, y, slope: xx === 0 ? 1 : xy / xx };
}
