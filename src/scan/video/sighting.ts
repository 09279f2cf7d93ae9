import type { VideoOverlap } from '../verdict.js';
import { percentFound } from './coverage.js';
import { hundredths } from './measure.js';
import type { Sighting } from './overlap.js';
import type { QueryFrames } from './query-frames.js';
import { GAP_SECONDS } from './runs.js';

/** A sample stands for no more than this, in seconds, however far the next one is. */
const MOST_OF_A_SAMPLE = 1;

export interface Seen {
  /** For how long the picture was seen in samples. */
  readonly seconds: number;
  readonly video: VideoOverlap;
}

/** Measures for how long a known picture is seen in the query, and when. */
export function measureSightings(query: QueryFrames, sightings: readonly Sighting[], common: Uint8Array): Seen {
  const { stretch } = query.timeline;
  const holds = new Uint8Array(query.holds.length);
  for (const { hold } of sightings) holds[hold] = 1;
  const found = Uint8Array.from(stretch.holds, (hold) => (hold >= 0 ? holds[hold]! : 0));
  const counts = Uint8Array.from(stretch.holds, (hold) => (hold >= 0 && common[hold] !== 1 ? 1 : 0));
  const ranges: [number, number][] = [];
  let seconds = 0;
  let frames = 0;
  for (const [i, time] of stretch.seconds.entries()) {
    if (found[i] === 0) continue;
    frames++;
    seconds += Math.min(MOST_OF_A_SAMPLE, stretch.widths[i]!);
    const last = ranges.at(-1);
    if (last !== undefined && time - last[1] <= GAP_SECONDS) last[1] = time;
    else ranges.push([time, time]);
  }
  const longest = ranges.reduce((most, [from, to]) => Math.max(most, to - from), 0);
  const percent = percentFound({ times: stretch.seconds, weights: stretch.widths, found, counts }, 1);
  return {
    seconds,
    video: {
      queryPercent: Math.round(percent * 10) / 10,
      knownPercent: 100,
      framesMatched: frames,
      longestRunSeconds: hundredths(longest),
      commonFrames: 0,
      ranges: ranges.slice(0, 20).map(([from, to]) => ({ query: [hundredths(from), hundredths(to)], known: [0, 0] })),
    },
  };
}
