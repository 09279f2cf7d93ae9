/** What a single sample stands for when nothing stands beside it, in seconds. */
const ALONE = 1;

/**
 * For each of some times, in order, the width of the stretch that is nearer to it than to its neighbours. The first and
 * the last reach as far outwards as inwards.
 */
export function cellWidths(times: Float64Array): Float64Array {
  const widths = new Float64Array(times.length);
  for (let i = 0; i < times.length; i++) {
    const before = i > 0 ? times[i]! - times[i - 1]! : undefined;
    const after = i + 1 < times.length ? times[i + 1]! - times[i]! : undefined;
    widths[i] = ((before ?? after ?? ALONE) + (after ?? before ?? ALONE)) / 2;
  }
  return widths;
}

/** The median distance of neighbours that are not at the same time; 1 second when there are none. */
export function medianGap(times: Float64Array): number {
  const gaps = new Float64Array(Math.max(0, times.length - 1));
  let count = 0;
  for (let i = 1; i < times.length; i++) {
    const gap = times[i]! - times[i - 1]!;
    if (gap > 0) gaps[count++] = gap;
  }
  if (count === 0) return ALONE;
  return gaps.subarray(0, count).sort()[count >> 1]!;
}
