/** How far a found frame reaches at the most, in seconds: a second between frames, at 0.8 times the speed, and a little. */
const REACH = 0.65;

/** Something with a time, a weight, and whether it was found. All arrays have one length; times ascend. */
export interface Weighed {
  readonly times: Float64Array;
  readonly weights: Float64Array;
  /** 1 for what was found. */
  readonly found: Uint8Array;
  /** 0 for what does not count, neither above nor below the line. */
  readonly counts: Uint8Array;
}

/**
 * How much of a time was found, in percent. What lies within reach of something found counts as found: between two frames
 * of the other side there is nothing that it could have been found by, however densely this side is sampled.
 * @param spacing the usual distance of the other side's frames, in seconds
 */
export function percentFound({ times, weights, found, counts }: Weighed, spacing: number): number {
  const reach = Math.min(REACH, REACH * spacing);
  let all = 0;
  let part = 0;
  let before = Number.NEGATIVE_INFINITY;
  let ahead = 0;
  for (let i = 0; i < times.length; i++) {
    if (counts[i] === 0) continue;
    const time = times[i]!;
    if (found[i] === 1) before = time;
    if (ahead < i) ahead = i;
    while (ahead < times.length && times[ahead]! <= time + reach && (found[ahead] === 0 || counts[ahead] === 0))
      ahead++;
    const near = ahead < times.length && times[ahead]! <= time + reach;
    all += weights[i]!;
    if (near || time - before <= reach) part += weights[i]!;
  }
  return all === 0 ? 0 : (100 * part) / all;
}
