import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entry } from '../../index/entry.js';
import { MatchIndex } from '../../index/match-index.js';
import { MemoryFile } from '../../index/memory-file.js';
import { MemoryPool } from '../../index/pdq/memory-pool.js';
import { Segment } from '../../index/segment.js';
import { SegmentBuilder } from '../../index/segment-builder.js';
import { randomBytes, seeded } from '../../index/testing/random.js';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { vpdqHash, vpdqSeconds } from '../../signals/vpdq/vpdq-frame.js';
import type { Found } from '../find-matches.js';
import type { KnownLists } from '../known-lists.js';
import { joined, type MadeVideo, noisy, part, walk } from './testing/made-video.js';
import { ModelLists } from './testing/model-lists.js';
import { entryOf, framesOf, pictureEntry } from './testing/sample-video.js';
import { allTurned } from './testing/turned-hash.js';
import type { VideoFrame } from './video-frame.js';
import { VideoMatcher } from './video-matcher.js';

const pool = new MemoryPool();
const random = seeded(11);
/** Pictures that are all different; few, so that they come back within a video and in others. */
const PICTURES = Array.from({ length: 8 }, () => randomBytes(random, 32));
/** No common frames below this many entries. */
const MOST_ENTRIES = 8;

const pictures = fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 30 });
const made = (numbers: readonly number[]): MadeVideo => ({
  seconds: numbers.length,
  // The last of them are pictures that say nothing.
  at(seconds) {
    const number = numbers[Math.floor(seconds)]!;
    return { hash: PICTURES[number % 8]!, quality: number < 8 ? 80 : 20 };
  },
});

const scenario = fc.record({
  query: pictures,
  entries: fc.array(pictures, { minLength: 1, maxLength: MOST_ENTRIES }),
  rate: fc.constantFrom(1, 2, 5),
  phase: fc.constantFrom(0.1, 0.5),
});

/** The usual distance of times. */
function spacing(times: readonly number[]): number {
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  return gaps.length === 0 ? 1 : gaps.sort((a, b) => a - b)[gaps.length >> 1]!;
}

interface Side {
  readonly seconds: number;
  readonly hash: Uint8Array;
  readonly good: boolean;
}

const near = (a: Side, b: Side): boolean => a.good && b.good && hammingDistance(a.hash, b.hash) <= 31;

/** How much of one side lies at or near something that the other side has, by comparing all with all. */
function percent(own: readonly Side[], other: readonly Side[]): number {
  const reach = 0.65 * Math.min(1, spacing(other.map(({ seconds }) => seconds)));
  const hit = own.filter((a) => other.some((b) => near(a, b)));
  let all = 0;
  let found = 0;
  for (const [i, { seconds, good }] of own.entries()) {
    if (!good) continue;
    const before = own[i - 1] && seconds - own[i - 1]!.seconds;
    const after = own[i + 1] && own[i + 1]!.seconds - seconds;
    const width = ((before ?? after ?? 1) + (after ?? before ?? 1)) / 2;
    all += width;
    if (hit.some((each) => Math.abs(each.seconds - seconds) <= reach)) found += width;
  }
  return all === 0 ? 0 : (100 * found) / all;
}

async function match(lists: KnownLists, frames: Iterable<VideoFrame>): Promise<Found & { fed: readonly VideoFrame[] }> {
  const matcher = new VideoMatcher(lists, { pool, limit: 100, showFingerprints: false });
  const fed: VideoFrame[] = [];
  for (const frame of frames) {
    fed.push(frame);
    if (await matcher.add(frame)) break;
  }
  return { ...(await matcher.finish({ whole: true })), fed };
}

describe('VideoMatcher against comparing all with all', () => {
  it('finds the entries that share a frame, and measures as much of both', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ query, entries, rate, phase }) => {
        const listed = entries.map((numbers, i) => entryOf(`${i}`, noisy(made(numbers), 2, i)));
        const found = await match(
          new ModelLists({ list: listed }),
          framesOf(noisy(made(query), 2, 99), { rate, phase, dropped: -1 }),
        );
        const asked = found.fed.map(({ seconds, quality, pdq }): Side => {
          return { seconds, hash: pdq.subarray(0, 32), good: quality >= 50 };
        });
        const wanted = new Map<string, [number, number]>();
        for (const { id, signals } of listed) {
          const known = signals.map(({ value, active }): Side => {
            return { seconds: vpdqSeconds(value), hash: vpdqHash(value), good: active };
          });
          if (!asked.some((a) => known.some((b) => near(a, b)))) continue;
          wanted.set(id, [percent(asked, known), percent(known, asked)]);
        }
        expect(found.total).toBe(wanted.size);
        expect(found.matches.map(({ entry }) => entry).sort()).toEqual([...wanted.keys()].sort());
        for (const { entry, video } of found.matches) {
          const [queryPercent, knownPercent] = wanted.get(entry)!;
          expect(video!.queryPercent).toBeCloseTo(queryPercent, -0.1);
          expect(video!.knownPercent).toBeCloseTo(knownPercent, -0.1);
        }
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe('VideoMatcher with an index', () => {
  const known = walk({ seed: 21, seconds: 90 });
  const shown = walk({ seed: 22, seconds: 2 }).at(1).hash;
  const entries: Entry[] = [
    ...Array.from({ length: 200 }, (_, i) => entryOf(`other-${i}`, walk({ seed: 1000 + i, seconds: 60 }))),
    entryOf('known', known),
    pictureEntry('picture', shown),
  ];
  let segment: Segment;
  let lists: KnownLists;

  beforeAll(async () => {
    const builder = new SegmentBuilder({ pool });
    for (const entry of entries) builder.add(entry);
    const file = new MemoryFile();
    await builder.finish(file);
    segment = await Segment.load(file, { id: 'videos', list: 'videos', pool });
    const index = new MatchIndex({ pool });
    index.apply({ add: [segment] });
    lists = {
      ...{ ready: true, incomplete: false, appliedSeq: 0 },
      lookup: (type, value, options) => index.lookup(type, value, options),
      describe: ({ list }) => ({ name: list, version: 4, sample: false }),
    };
  });
  afterAll(() => segment.close());

  it('finds what a model of an index finds', async () => {
    const stays: MadeVideo = { seconds: 5, at: () => ({ hash: shown, quality: 80 }) };
    const videos = [
      noisy(part(known, 30, 50), 8, 1),
      joined(walk({ seed: 2000, seconds: 20 }), noisy(part(known, 30, 33), 8, 2), stays),
      walk({ seed: 2001, seconds: 60 }),
    ];
    const model = new ModelLists({ videos: entries });
    for (const video of videos) {
      const { fed: _fed, ...found } = await match(lists, framesOf(video));
      const { fed: _same, ...wanted } = await match(model, framesOf(video));
      expect(found.matches.map((each) => ({ ...each, version: 1 }))).toEqual(wanted.matches);
      expect(found.total).toBe(wanted.total);
    }
    const { matches } = await match(lists, framesOf(videos[0]!));
    expect(matches).toMatchObject([
      { list: 'videos', version: 4, entry: 'known', extent: 'full', across: 'same-kind' },
    ]);
  });

  it('finds a picture of a known video as what it is', async () => {
    const { findMatches } = await import('../find-matches.js');
    const frames = [{ frame: 0, area: 'full' as const, quality: 90, pdq: allTurned(known.at(40).hash) }];
    const query = { digests: undefined, frames, photodna: undefined };
    const { matches } = await findMatches(lists, query, { limit: 10, showFingerprints: true });
    expect(matches).toMatchObject([
      {
        ...{ entry: 'known', signal: 'vpdq', across: 'frame-of-video', extent: 'partial' },
        video: { ranges: [{ query: [0, 0], known: [40, 40] }] },
      },
    ]);
    expect(matches[0]!.fingerprint!.entry).toMatch(/^[0-9a-f]{64}$/);
  });
});
