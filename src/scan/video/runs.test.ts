import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacer } from '../../index/pause.js';
import { type Alignable, FASTEST, findRuns, length, type Run, SLOWEST } from './runs.js';

const TOLERANCE = 0.6;

interface Sample {
  readonly time: number;
  readonly places: readonly (readonly [number, number])[];
}

function alignable(samples: readonly Sample[], known: readonly number[]): Alignable {
  const starts = new Uint32Array(samples.length + 1);
  const places = samples.flatMap((sample) => sample.places);
  for (const [i, sample] of samples.entries()) starts[i + 1] = starts[i]! + sample.places.length;
  return {
    query: Float64Array.from(samples, ({ time }) => time),
    starts,
    from: Float64Array.from(places, ([from]) => from),
    to: Float64Array.from(places, ([, to]) => to),
    known: Float64Array.from(known),
    tolerance: TOLERANCE,
    spacing: 1,
    resembles: () => false,
  };
}

const knownTimes = Array.from({ length: 60 }, (_, i) => i);
const off = ([from, to]: readonly [number, number], at: number): number => Math.max(0, from - at, at - to);

/** The longest run on any of many lines, by trying all lines through all places: what is found must come near to it. */
function bruteForce(samples: readonly Sample[]): number {
  let longest = 0;
  for (const [i, { time, places }] of samples.entries()) {
    for (const place of places) {
      for (const anchor of place) {
        for (let speed = SLOWEST; speed <= FASTEST + 1e-9; speed += 0.01) {
          let last = i;
          for (let j = i + 1; j < samples.length; j++) {
            const at = anchor + speed * (samples[j]!.time - time);
            if (samples[j]!.places.some((each) => off(each, at) <= TOLERANCE)) {
              if (samples[j]!.time - samples[last]!.time > 2) break;
              last = j;
            }
          }
          longest = Math.max(longest, samples[last]!.time - time);
        }
      }
    }
  }
  return longest;
}

/** What a run is, said again: ordered, on a line of a possible speed, every sample found near it. */
function checkRun({ query, known, speed, samples }: Run, all: readonly Sample[]): void {
  expect(speed).toBeGreaterThanOrEqual(SLOWEST);
  expect(speed).toBeLessThanOrEqual(FASTEST);
  expect(known[1]).toBeGreaterThanOrEqual(known[0]);
  expect(query[0]).toBe(all[samples[0]!]!.time);
  expect(query[1]).toBe(all[samples.at(-1)!]!.time);
  let previous = -1;
  for (const sample of samples) {
    expect(sample).toBeGreaterThan(previous);
    previous = sample;
    const { time, places } = all[sample]!;
    const at = known[0] + speed * (time - query[0]);
    // The ends of a line may lie a little outside of the known video, and are told as its ends.
    expect(Math.min(...places.map((place) => off(place, at)))).toBeLessThanOrEqual(2 * TOLERANCE + 1e-6);
  }
}

/** Samples of which a stretch follows a line and the others are found anywhere or nowhere. */
const planted = fc
  .record({
    speed: fc.double({ min: 0.82, max: 1.23, noNaN: true }),
    start: fc.integer({ min: 0, max: 20 }),
    from: fc.integer({ min: 0, max: 30 }),
    count: fc.integer({ min: 4, max: 40 }),
    noise: fc.array(fc.record({ hit: fc.integer({ min: 0, max: 5 }), place: fc.integer({ min: 0, max: 59 }) }), {
      minLength: 70,
      maxLength: 70,
    }),
  })
  .map(({ speed, start, from, count, noise }) => {
    const samples: Sample[] = noise.map(({ hit, place }, i) => {
      const time = i / 2;
      const within = i >= from && i < from + count;
      const at = Math.round(start + speed * ((i - from) / 2));
      const places: [number, number][] = [];
      if (within && at < 60) places.push([at, at]);
      if (hit === 0 && Math.abs(place - at) > 1) places.push([place, place]);
      return { time, places: places.sort((a, b) => a[0] - b[0]) };
    });
    return samples;
  });

describe('findRuns', () => {
  it('finds runs that are such, and none that is much longer is missed', async () => {
    await fc.assert(
      fc.asyncProperty(planted, async (samples) => {
        const runs = await findRuns(alignable(samples, knownTimes), new Pacer());
        for (const run of runs) checkRun(run, samples);
        expect(runs.length === 0 ? 0 : length(runs[0]!)).toBeGreaterThanOrEqual(0.8 * bruteForce(samples) - 1);
        const found = samples.filter(({ places }) => places.length > 0).length;
        expect(new Set(runs.flatMap((run) => run.samples)).size).toBe(found);
      }),
      { seed: 2, numRuns: 150 },
    );
  });

  it('ends a run where nothing was found for more than two seconds between what two frames stand for', async () => {
    const samples = Array.from({ length: 40 }, (_, i): Sample => {
      const missing = i >= 16 && i < 24;
      return { time: i / 2, places: missing ? [] : [[Math.round(i / 2), Math.round(i / 2)]] };
    });
    const runs = await findRuns(alignable(samples, knownTimes), new Pacer());
    expect(runs.map(({ query }) => query)).toEqual([
      [0, 7.5],
      [12, 19.5],
    ]);
  });

  it('goes on where frames resemble each other, and counts none of them', async () => {
    const samples = Array.from({ length: 40 }, (_, i): Sample => {
      const missing = i >= 16 && i < 28;
      return { time: i / 2, places: missing ? [] : [[Math.round(i / 2), Math.round(i / 2)]] };
    });
    const resembles = (sample: number, seconds: number): boolean => sample === 22 && Math.abs(seconds - 11) < 1;
    const [run] = await findRuns({ ...alignable(samples, knownTimes), resembles }, new Pacer());
    expect(run!.query).toEqual([0, 19.5]);
    expect(run!.samples).not.toContain(22);
  });

  it('goes on over a gap in which neither side has a frame', async () => {
    const samples = [0, 1, 2, 8, 9, 10].map((time): Sample => ({ time, places: [[time, time]] }));
    const [run] = await findRuns(alignable(samples, [0, 1, 2, 8, 9, 10]), new Pacer());
    expect(run!.query).toEqual([0, 10]);
  });

  it.each([0.8, 0.96, 1, 1.07, 1.25])('tells a speed of %f over two minutes', async (speed) => {
    const known = Array.from({ length: 200 }, (_, i) => i);
    const samples = Array.from({ length: 240 }, (_, i): Sample => {
      const at = Math.round(5 + (speed * i) / 2);
      // Every fourth picture stays a while.
      return { time: i / 2, places: [[at, at + (at % 4 === 0 ? 2 : 0)]] };
    });
    const [run] = await findRuns(alignable(samples, known), new Pacer());
    expect(run!.query).toEqual([0, 119.5]);
    expect(run!.speed).toBeCloseTo(speed, 1.7);
  });

  it('does not go backwards', async () => {
    const samples = Array.from({ length: 20 }, (_, i): Sample => ({ time: i, places: [[40 - i, 40 - i]] }));
    const runs = await findRuns(alignable(samples, knownTimes), new Pacer());
    expect(length(runs[0]!)).toBeLessThanOrEqual(1);
  });
});
