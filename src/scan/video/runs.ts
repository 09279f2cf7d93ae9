import type { Pacer } from '../../index/pause.js';
import { correctLine, type Offset } from './fit-line.js';

/** Speeds of the known video against the query at which runs are looked for: a film shown at 25 frames, and edits. */
const SPEEDS = [1, 25 / 24, 24 / 25, 1.1, 0.9, 1.05, 0.95, 1.15, 0.85, 1.2, 0.8, 1.25];
export const SLOWEST = 0.8;
export const FASTEST = 1.25;
/** Seconds in which nothing need be found within a run, between what two frames stand for. */
export const GAP_SECONDS = 2;
/** Where one side has no frame at all between two that are found, or where they resemble each other, the gap may be this long. */
const SPARSE_GAP_SECONDS = 10;
/** So many places of a frame are tried as the beginning of a run. */
const MOST_ANCHORS = 8;
const REFITS = 2;
/** How much a sample keeps the line where it is, against one that is found at one moment. */
const KEEP = 0.02;
/** After so many samples that were looked at, only the likeliest line through each is tried. */
const MOST_STEPS = 20_000_000;

/** What is to be aligned: samples of the query in order of time, each with the stretches of the known video it is near to. */
export interface Alignable {
  /** In seconds, ascending: the samples that count, found or not. */
  readonly query: Float64Array;
  /** For sample i the places `starts[i]` to `starts[i + 1]`. */
  readonly starts: Uint32Array;
  /** Beginning and end of each place in the known video, in seconds; those of one sample ascend. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Times of the known video's frames, in seconds, ascending. */
  readonly known: Float64Array;
  /** How far the known video's time may be from where it should be, in seconds. */
  readonly tolerance: number;
  /** The usual distance of the known video's frames: what one of them stands for, in seconds. */
  readonly spacing: number;
  /**
   * Whether a sample that is not found resembles what the known video shows then, so that nothing speaks against the run
   * there: a moving camera leaves frames a tenth of a second apart too far from each other to be found.
   */
  resembles(sample: number, seconds: number): boolean;
}

/** A stretch in which query and known video run side by side. */
export interface Run {
  readonly query: readonly [number, number];
  readonly known: readonly [number, number];
  /** Seconds of the known video in a second of the query. */
  readonly speed: number;
  /** The samples that lie in it, in order. */
  readonly samples: readonly number[];
}

/** The line that a run follows: at the time of sample `at` the known video is at `seconds`. */
interface Line {
  readonly at: number;
  readonly seconds: number;
  readonly speed: number;
}

/**
 * Finds the runs: each sample that is found goes into the longest one that begins with it, unless it is in one already. A
 * run is a line of known time over query time, with a speed of 0.8 to 1.25, on which samples are found with no gap of more
 * than two seconds in which they should be. Each sample is the beginning of one search, and a search ends with the first
 * gap, so the time grows with the number of samples.
 * @returns the longest first
 */
export async function findRuns(what: Alignable, pacer: Pacer): Promise<readonly Run[]> {
  const covered = new Uint8Array(what.query.length);
  const runs: Run[] = [];
  let steps = 0;
  for (let i = 0; i < what.query.length; i++) {
    if (covered[i] === 1 || what.starts[i] === what.starts[i + 1]) continue;
    const run = await longestFrom(what, i, steps > MOST_STEPS, pacer, (more) => {
      steps += more;
    });
    for (const sample of run.samples) covered[sample] = 1;
    covered[i] = 1;
    runs.push(run);
  }
  return runs.sort((a, b) => length(b) - length(a) || a.query[0] - b.query[0]);
}

/** Seconds of the query. */
export function length({ query }: Run): number {
  return query[1] - query[0];
}

async function longestFrom(
  what: Alignable,
  at: number,
  hurry: boolean,
  pacer: Pacer,
  onSteps: (steps: number) => void,
): Promise<Run> {
  let best: Run | undefined;
  const better = (run: Run): boolean =>
    best === undefined ||
    length(run) > length(best) ||
    (length(run) === length(best) && run.samples.length > best.samples.length);
  const last = what.query.length - 1;
  for (const seconds of anchors(what, at)) {
    for (const speed of SPEEDS) {
      const run = refined(what, { at, seconds, speed });
      if (better(run)) best = run;
      onSteps(run.samples.length);
      if (pacer.due) await pacer.pause();
      // Nothing can be longer, or there is no time for it.
      if (best !== undefined && (hurry || (best.samples[0] === 0 && best.samples.at(-1) === last))) return best;
    }
  }
  return best!;
}

/** Where in the known video a run through a sample may be: at the beginning or at the end of one of its places. */
function anchors({ starts, from, to, tolerance }: Alignable, at: number): number[] {
  const first = starts[at]!;
  const count = starts[at + 1]! - first;
  const seconds: number[] = [];
  for (let i = 0; i < Math.min(count, MOST_ANCHORS); i++) {
    const place = first + Math.floor((i * count) / Math.min(count, MOST_ANCHORS));
    seconds.push(from[place]!);
    if (to[place]! - from[place]! > tolerance) seconds.push(to[place]!);
  }
  return seconds;
}

/** A run along a line, and then along the line that fits what was found, while that does not make it shorter. */
function refined(what: Alignable, line: Line): Run {
  const { query, tolerance } = what;
  let run = along(what, line);
  for (let i = 0; i < REFITS && run.samples.length > 3; i++) {
    const current = line;
    const offsets = run.samples.map((sample) => offsetAt(what, sample, knownAt(what, current, sample)));
    const { x, shift, slope } = correctLine(offsets, KEEP * tolerance ** -2);
    const speed = Math.min(FASTEST, Math.max(SLOWEST, line.speed + slope));
    const at = run.samples[run.samples.length >> 1]!;
    const centre = line.seconds + line.speed * (x - query[line.at]!) + shift;
    const next: Line = { at, seconds: centre + speed * (query[at]! - x), speed };
    const again = along(what, next);
    if (length(again) < length(run)) break;
    run = again;
    line = next;
  }
  return run;
}

function knownAt({ query }: Alignable, { at, seconds, speed }: Line, sample: number): number {
  return seconds + speed * (query[sample]! - query[at]!);
}

/** How far the middle of the place where a sample is found is from the line. The longer a place is, the less it says. */
function offsetAt(what: Alignable, sample: number, expected: number): Offset {
  const { query, from, to, tolerance } = what;
  const place = placeAt(what, sample, expected);
  const [a, b] = place < 0 ? [expected, expected] : [from[place]!, to[place]!];
  return { x: query[sample]!, off: (a + b) / 2 - expected, weight: (tolerance + b - a) ** -2 };
}

function along(what: Alignable, line: Line): Run {
  const before = reach(what, line, -1).reverse();
  const after = reach(what, line, 1);
  const samples = placeAt(what, line.at, line.seconds) < 0 ? [...before, ...after] : [...before, line.at, ...after];
  const first = samples[0] ?? line.at;
  const last = samples.at(-1) ?? line.at;
  const { query, known } = what;
  const clamp = (seconds: number): number => Math.min(known.at(-1)!, Math.max(known[0]!, seconds));
  const timeAt = (sample: number): number => clamp(knownAt(what, line, sample));
  return {
    query: [query[first]!, query[last]!],
    known: [timeAt(first), timeAt(last)],
    speed: line.speed,
    samples,
  };
}

/** The samples on the line on one side of where it is anchored, up to the first gap, the nearest first. */
function reach(what: Alignable, { at, seconds, speed }: Line, step: 1 | -1): number[] {
  const { query, known, tolerance, spacing } = what;
  // A found frame stands for its second, a little more at another speed.
  const longestGap = GAP_SECONDS + FASTEST * Math.min(1, spacing);
  const found: number[] = [];
  let lastQuery = query[at]!;
  let lastKnown = seconds;
  let lastFound = lastQuery;
  for (let i = at + step; i >= 0 && i < query.length; i += step) {
    const gap = Math.abs(query[i]! - lastQuery);
    const expected = seconds + speed * (query[i]! - query[at]!);
    if (
      Math.abs(query[i]! - lastFound) > SPARSE_GAP_SECONDS ||
      expected < known[0]! - tolerance ||
      expected > known.at(-1)! + tolerance
    )
      break;
    if (placeAt(what, i, expected) >= 0) {
      found.push(i);
      lastFound = query[i]!;
      lastQuery = lastFound;
      lastKnown = expected;
    } else if (gap > longestGap && hasBetween(known, lastKnown, expected, tolerance)) break;
    else if (what.resembles(i, expected)) {
      lastQuery = query[i]!;
      lastKnown = expected;
    }
  }
  return found;
}

/** The place of a sample that is nearest to a known time, within the tolerance; -1 when there is none. */
function placeAt({ starts, from, to, tolerance }: Alignable, sample: number, expected: number): number {
  const end = starts[sample + 1]!;
  let low = starts[sample]!;
  let high = end;
  // The first place that does not end before what is expected.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (to[middle]! < expected) low = middle + 1;
    else high = middle;
  }
  const after = low < end ? Math.max(0, from[low]! - expected) : Number.POSITIVE_INFINITY;
  const before = low > starts[sample]! ? expected - to[low - 1]! : Number.POSITIVE_INFINITY;
  if (Math.min(after, before) > tolerance) return -1;
  return after <= before ? low : low - 1;
}

/** Whether a known frame lies well between two times, so that something should have been found there. */
function hasBetween(known: Float64Array, a: number, b: number, tolerance: number): boolean {
  const from = Math.min(a, b) + tolerance;
  const to = Math.max(a, b) - tolerance;
  let low = 0;
  let high = known.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (known[middle]! <= from) low = middle + 1;
    else high = middle;
  }
  return low < known.length && known[low]! < to;
}
