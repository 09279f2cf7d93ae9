import type { Pacer } from '../../index/pause.js';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import type { VideoOverlap } from '../verdict.js';
import { percentFound } from './coverage.js';
import { DifferentFrames } from './different.js';
import type { KnownFrames } from './known-frames.js';
import type { Meeting } from './overlap.js';
import type { QueryFrames } from './query-frames.js';
import { RESEMBLING_BITS, RULE, type VideoMeasures } from './rule.js';
import { type Alignable, findRuns, length, type Run } from './runs.js';
import type { Stretch } from './timeline.js';
import { mostUsedView } from './view-codes.js';

/** So many ranges are told at the most. */
const MOST_RANGES = 20;
/** A frame of the known video stands for no more than this, in seconds. */
const MOST_OF_A_FRAME = 1;
const LEAST_TOLERANCE = 0.25;
const MOST_TOLERANCE = 1;
/** A range of a single frame says no more than the frame does; told only when there is no better one. */
const SHORTEST_TOLD = 1;

export interface Measured extends VideoMeasures {
  readonly video: VideoOverlap;
}

/** What was found of one known video. */
export interface Met {
  readonly query: QueryFrames;
  readonly known: KnownFrames;
  /** The meetings that count. */
  readonly meetings: readonly Meeting[];
  /** Holds that were found, nobody knows where. */
  readonly unplaced: readonly number[];
  /** For each hold 1 when it is common. */
  readonly common: Uint8Array;
  /** Frames of the known video that only common holds met, or that they met too: they do not count. */
  readonly discounted: Uint8Array;
  /** How many common samples met this video. */
  readonly commonFrames: number;
  /** For each frame of the known video 1 when it was found; of those that are discounted it says nothing. */
  readonly knownFound: Uint8Array;
}

/** Measures how much of a known video the query holds, and the other way round, and where. */
export async function measure(met: Met, pacer: Pacer): Promise<Measured> {
  const { query, known, meetings, unplaced, common, discounted, commonFrames, knownFound } = met;
  const { stretch } = query.timeline;
  const byHold = groupByHold(meetings, query.holds.length);
  const usable = stretch.holds.map((hold) => (hold >= 0 && common[hold] !== 1 ? 1 : 0));
  const foundHolds = new Uint8Array(query.holds.length);
  for (const { hold } of meetings) foundHolds[hold] = 1;
  for (const hold of unplaced) foundHolds[hold] = common[hold] === 1 ? 0 : 1;
  const found = Uint8Array.from(stretch.holds, (hold) => (hold >= 0 ? foundHolds[hold]! : 0));
  if (pacer.due) await pacer.pause();
  const queryPercent = percentFound(
    { times: stretch.seconds, weights: stretch.widths, found, counts: Uint8Array.from(usable) },
    known.spacing,
  );
  const knownPercent = percentFound(
    { times: known.seconds, weights: known.widths, found: knownFound, counts: discounted.map((each) => 1 - each) },
    stretch.spacing,
  );
  if (pacer.due) await pacer.pause();
  const samples = Array.from(usable.keys()).filter((i) => usable[i] === 1);
  const runs = await findRuns(alignable(met, stretch, samples, byHold), pacer);
  const holdOf = (i: number): number => stretch.holds[samples[i]!]!;
  const longest = runs.find((run) => differentIn(run.samples.map(holdOf), byHold, met).enough);
  const told = longestRanges(runs);
  const best = longest ?? runs[0];
  // The frames at both ends stand for half of what lies between two frames.
  const runSeconds = longest === undefined ? 0 : length(longest) + Math.min(MOST_OF_A_FRAME, known.spacing);
  return {
    knownPercent,
    queryPercent,
    runSeconds,
    different: differentIn(byHold.keys(), byHold, met).count,
    video: {
      queryPercent: tenths(queryPercent),
      knownPercent: tenths(knownPercent),
      knownSeconds: hundredths(known.seconds.at(-1) ?? 0),
      framesMatched: found.reduce((sum, each) => sum + each, 0),
      longestRunSeconds: hundredths(runSeconds),
      commonFrames,
      ranges: told.map(({ query: [q0, q1], known: [k0, k1] }) => ({
        query: [hundredths(q0), hundredths(q1)],
        known: [hundredths(k0), hundredths(k1)],
      })),
      ...(best === undefined
        ? {}
        : { offsetSeconds: hundredths(best.known[0] - best.query[0]), speed: Math.round(best.speed * 1000) / 1000 }),
    },
  };
}

function groupByHold(meetings: readonly Meeting[], holds: number): readonly (Meeting[] | undefined)[] {
  const byHold = new Array<Meeting[] | undefined>(holds).fill(undefined);
  for (const meeting of meetings) {
    const others = byHold[meeting.hold];
    if (others === undefined) byHold[meeting.hold] = [meeting];
    else others.push(meeting);
  }
  return byHold;
}

function alignable(
  { query, known, meetings }: Met,
  stretch: Stretch,
  samples: readonly number[],
  byHold: readonly (readonly Meeting[] | undefined)[],
): Alignable {
  const starts = new Uint32Array(samples.length + 1);
  const from: number[] = [];
  const to: number[] = [];
  const placesOf = new Map<number, readonly (readonly [number, number])[]>();
  for (const [i, sample] of samples.entries()) {
    const hold = stretch.holds[sample]!;
    let places = placesOf.get(hold);
    if (places === undefined) {
      places = apart(byHold[hold] ?? []);
      placesOf.set(hold, places);
    }
    for (const [first, last] of places) {
      from.push(known.seconds[first]!);
      to.push(known.seconds[last]!);
    }
    starts[i + 1] = from.length;
  }
  const tolerance = (known.spacing + stretch.spacing) / 2;
  const view = mostUsedView(meetings);
  return {
    query: Float64Array.from(samples, (sample) => stretch.seconds[sample]!),
    starts,
    from: Float64Array.from(from),
    to: Float64Array.from(to),
    known: known.seconds,
    spacing: known.spacing,
    resembles(sample, seconds) {
      const hash = query.hash(query.holds[stretch.holds[samples[sample]!]!]!, view);
      const frame = nearestFrame(known.seconds, seconds);
      if (hash === undefined || Math.abs(known.seconds[frame]! - seconds) > LEAST_TOLERANCE) return false;
      return hammingDistance(hash, known.hashes.subarray(frame * 32, frame * 32 + 32)) <= RESEMBLING_BITS;
    },
    tolerance: Math.min(MOST_TOLERANCE, Math.max(LEAST_TOLERANCE, tolerance)),
  };
}

/** The number of the time nearest to another one. */
function nearestFrame(times: Float64Array, seconds: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < seconds) low = middle + 1;
    else high = middle;
  }
  return low > 0 && seconds - times[low - 1]! < times[low]! - seconds ? low - 1 : low;
}

/** The places in order of time, none within or beside another: views of one hold may meet the same frames. */
function apart(meetings: readonly Meeting[]): readonly (readonly [number, number])[] {
  if (meetings.length === 1) return [[meetings[0]!.from, meetings[0]!.to]];
  const places: [number, number][] = [];
  for (const { from, to } of [...meetings].sort((a, b) => a.from - b.from)) {
    const last = places.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else places.push([from, to]);
  }
  return places;
}

/** Counts different frames on both sides, since one picture that comes back is one on either, and takes the smaller number. */
function differentIn(
  holds: Iterable<number>,
  byHold: readonly (readonly Meeting[] | undefined)[],
  { query, known }: Met,
): Pick<DifferentFrames, 'count' | 'enough'> {
  const asked = new DifferentFrames(RULE.differentFrames);
  const listed = new DifferentFrames(RULE.differentFrames);
  let previous = -1;
  for (const hold of holds) {
    const nearest = hold === previous ? undefined : byHold[hold]?.reduce((a, b) => (b.distance < a.distance ? b : a));
    previous = hold;
    if (nearest === undefined) continue;
    asked.add(query.hash(query.holds[hold]!, nearest.view)!);
    listed.add(known.hashes.subarray(nearest.best * 32, nearest.best * 32 + 32));
    if (asked.enough && listed.enough) break;
  }
  return { count: Math.min(asked.count, listed.count), enough: asked.enough && listed.enough };
}

/** The longest ranges in order of the query's time. */
function longestRanges(runs: readonly Run[]): readonly Run[] {
  const long = runs.filter((run) => length(run) >= SHORTEST_TOLD);
  const chosen = (long.length > 0 ? long : runs.slice(0, 1)).slice(0, MOST_RANGES);
  return chosen.sort((a, b) => a.query[0] - b.query[0]);
}

function tenths(percent: number): number {
  return Math.round(percent * 10) / 10;
}

export function hundredths(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
