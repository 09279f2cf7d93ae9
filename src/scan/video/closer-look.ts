import type { VideoMatch } from './video-match.js';

/** From so far before and behind what was found, in seconds. */
const BESIDE = 8;
/** All stretches together are no longer than this, in seconds. */
const LONGEST = 90;

/** From one second of the query to another. */
export type QueryRange = readonly [number, number];

/**
 * Where more frames may turn a partial match into a full one: about what was found of known videos, the best supported first.
 * @returns in order of time, none in another
 */
export function closerLook(matches: readonly VideoMatch[]): readonly QueryRange[] {
  let ranges: QueryRange[] = [];
  for (const { extent, across, video } of matches) {
    if (extent === 'full' || across !== 'same-kind') continue;
    for (const { query } of video.ranges) {
      const more = joined([...ranges, [Math.max(0, query[0] - BESIDE), query[1] + BESIDE]]);
      if (more.reduce((sum, [from, to]) => sum + to - from, 0) > LONGEST) return ranges;
      ranges = more;
    }
  }
  return ranges;
}

/** Whether there is something in these stretches that was not looked at closely before. */
export function reachBeyond(ranges: readonly QueryRange[], looked: readonly QueryRange[]): boolean {
  return !ranges.every(([from, to]) => looked.some(([first, last]) => first <= from && to <= last));
}

function joined(ranges: readonly QueryRange[]): QueryRange[] {
  const all: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else all.push([from, to]);
  }
  return all;
}
