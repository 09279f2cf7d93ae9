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

/** So many gaps tell what is usual. */
const MOST_GAPS = 4096;

/** The median distance of neighbours that are not at the same time, of evenly spread ones when there are many; 1 second when there are none. */
export function medianGap(times: Float64Array): number {
  const step = Math.max(1, Math.floor(times.length / MOST_GAPS));
  const gaps: number[] = [];
  for (let i = 1; i < times.length; i += step) {
    const gap = times[i]! - times[i - 1]!;
    if (gap > 0) gaps.push(gap);
  }
  if (gaps.length === 0) return ALONE;
  return gaps.sort((a, b) => a - b)[gaps.length >> 1]!;
}
