import { describe, expect, it } from 'vitest';
import type { Entry } from '../../index/entry.js';
import { MemoryPool } from '../../index/pdq/memory-pool.js';
import { seeded } from '../../index/testing/random.js';
import { turnedHash } from '../../signals/pdq/turned-hash.js';
import type { Found } from '../find-matches.js';
import type { Match } from '../verdict.js';
import { changed, faster, joined, type MadeVideo, noisy, part, still, walk } from './testing/made-video.js';
import { ModelLists } from './testing/model-lists.js';
import { entryOf, framesOf, pictureEntry, type Sampling, times } from './testing/sample-video.js';
import { VideoMatcher } from './video-matcher.js';

const pool = new MemoryPool();

interface Outcome extends Found {
  /** When the rule was met before the end. */
  readonly decidedAt: number | undefined;
  readonly lookups: number;
}

async function match(lists: ModelLists, video: MadeVideo, sampling: Sampling = {}): Promise<Outcome> {
  const matcher = new VideoMatcher(lists, { pool, limit: 100, showFingerprints: false });
  let decidedAt: number | undefined;
  for (const frame of framesOf(video, sampling)) {
    if (!(await matcher.add(frame))) continue;
    decidedAt = frame.seconds;
    break;
  }
  return { ...(await matcher.finish()), decidedAt, lookups: matcher.lookups };
}

/** As if what was looked at until the rule was met were all of it. */
async function matchWhole(lists: ModelLists, video: MadeVideo, sampling: Sampling = {}): Promise<Found> {
  const matcher = new VideoMatcher(lists, { pool, limit: 100, showFingerprints: false });
  for (const frame of framesOf(video, sampling)) await matcher.add(frame);
  return await matcher.finish({ whole: true });
}

const known = walk({ seed: 1, seconds: 60 });
const others = Array.from({ length: 20 }, (_, i) => entryOf(`other-${i}`, walk({ seed: 100 + i, seconds: 60 })));
const lists = (...entries: readonly Entry[]): ModelLists => new ModelLists({ videos: [...others, ...entries] });
const unknown = (seconds: number, seed = 50): MadeVideo => walk({ seed, seconds });
const only = ({ matches, total }: Found): Match => {
  expect(total).toBe(1);
  expect(matches).toHaveLength(1);
  return matches[0]!;
};

describe('VideoMatcher', () => {
  it('finds a video that was encoded again, before it ends', async () => {
    const outcome = await match(lists(entryOf('known', known)), noisy(known, 10, 1));
    expect(only(outcome)).toMatchObject({
      entry: 'known',
      signal: 'vpdq',
      view: 'as-is',
      extent: 'full',
      across: 'same-kind',
    });
    expect(outcome.decidedAt).toBeLessThan(15);
  });

  it('finds nothing in what is unknown', async () => {
    expect(await match(lists(entryOf('known', known)), unknown(60))).toMatchObject({ matches: [], total: 0 });
  });

  it('finds a part that was cut out, and tells where', async () => {
    const cut = noisy(part(known, 20, 32), 8, 2);
    const { extent, video } = only(await match(lists(entryOf('known', known)), cut));
    expect(extent).toBe('full');
    expect(video!.offsetSeconds).toBeGreaterThan(18.9);
    expect(video!.offsetSeconds).toBeLessThan(21.1);
    expect(video!.longestRunSeconds).toBeGreaterThanOrEqual(5);
  });

  it('finds it within a longer one', async () => {
    const longer = joined(unknown(40), noisy(known, 8, 3), unknown(40, 51));
    const { extent, video } = only(await match(lists(entryOf('known', known)), longer));
    expect(extent).toBe('full');
    expect(video!.offsetSeconds).toBeGreaterThan(-41.5);
    expect(video!.offsetSeconds).toBeLessThan(-38.5);
  });

  it('finds pieces in another order, and tells all the stretches', async () => {
    const pieces = joined(part(known, 40, 44), part(known, 10, 14), part(known, 30, 34), part(known, 0, 4));
    const { extent, video } = only(await match(lists(entryOf('known', known)), pieces));
    expect(extent).toBe('full');
    expect(video!.queryPercent).toBeGreaterThanOrEqual(80);
    const offsets = video!.ranges.map(({ query: [q], known: [k] }) => k - q);
    for (const offset of [40, 6, 22, -12]) expect(offsets.some((each) => Math.abs(each - offset) < 2)).toBe(true);
  });

  it.each([0.8, 0.9, 24 / 25, 25 / 24, 1.1, 1.25])('finds it at %f times the speed', async (speed) => {
    const { extent, video } = only(await match(lists(entryOf('known', known)), faster(noisy(known, 6, 4), speed)));
    expect(extent).toBe('full');
    // It was decided after a few seconds, which do not tell the speed exactly.
    expect(Math.abs(video!.speed! - speed)).toBeLessThan(0.21);
  });

  it('says partial of a few seconds, and of less than three different frames', async () => {
    const moments = joined(unknown(30), part(known, 20, 23), unknown(30, 51));
    expect(only(await match(lists(entryOf('known', known)), moments)).extent).toBe('partial');
    const one = joined(unknown(30), part(known, 20, 20.1), unknown(30, 51));
    expect(only(await match(lists(entryOf('known', known)), one)).extent).toBe('partial');
    // A video of one picture is wholly found, and says no more than one picture does.
    const static1 = still(9, 30);
    const found = only(await match(lists(entryOf('static', static1)), noisy(static1, 4, 5)));
    expect(found).toMatchObject({
      extent: 'partial',
      video: { knownPercent: 100, queryPercent: 100, longestRunSeconds: 0 },
    });
  });

  it.each(['flipY', 'flipX', 'rotate90', 'rotate180', 'flipPlus1'] as const)('finds it turned by %s', async (name) => {
    const turned = changed(noisy(known, 6, 6), (hash) => turnedHash(hash, name));
    const inverse = name === 'rotate90' ? 'rotate270' : name;
    expect(only(await match(lists(entryOf('known', known)), turned))).toMatchObject({ extent: 'full', view: inverse });
  });

  it('looks other orientations up only now and then while they find nothing', async () => {
    const model = lists();
    const { lookups } = await match(model, unknown(120));
    const frames = [...framesOf(unknown(120))].length;
    expect(lookups).toBe(model.lookups);
    // At the end, when nothing was found, once more on a spread of them.
    expect(lookups).toBeLessThan(frames * 2 + 1_024);
  });

  it('finds a short piece of a fast pan that is mirrored', async () => {
    // Half a second apart two frames show different things; the one that is tried in all orientations may lie between two listed ones.
    const pan = walk({ seed: 3, seconds: 20, movement: 120, scene: 1e9 });
    for (const from of [4.4, 7.5, 11.6]) {
      const mirrored = changed(part(pan, from, from + 1.5), (hash) => turnedHash(hash, 'flipY'));
      const found = only(await match(lists(entryOf('pan', pan)), mirrored));
      expect(found).toMatchObject({ entry: 'pan', view: 'flipY' });
    }
  });

  it('gives no weight to an opening that unrelated videos share', async () => {
    const opening = walk({ seed: 70, seconds: 6, scene: 1 });
    const shared = Array.from({ length: 30 }, (_, i) =>
      entryOf(`shared-${i}`, joined(opening, walk({ seed: 200 + i, seconds: 40 }))),
    );
    const harmless = joined(noisy(opening, 6, 7), unknown(60));
    expect(await match(lists(...shared), harmless)).toMatchObject({ matches: [], total: 0 });
    // One of them is found all the same, and it alone.
    const listed = joined(opening, walk({ seed: 217, seconds: 40 }));
    const found = only(await match(lists(...shared), noisy(listed, 6, 8)));
    expect(found).toMatchObject({ entry: 'shared-17', extent: 'full' });
    expect(found.video!.commonFrames).toBeGreaterThan(0);
  });

  it('gives no weight to a test card, however long it stays', async () => {
    const card = still(71, 40);
    const shared = Array.from({ length: 15 }, (_, i) =>
      entryOf(`card-${i}`, joined(card, walk({ seed: 300 + i, seconds: 40 }))),
    );
    expect(await match(lists(...shared), joined(card, unknown(20)))).toMatchObject({ matches: [], total: 0 });
  });

  it('finds a video that is listed sixty times, sixty times', async () => {
    const listed = Array.from({ length: 60 }, (_, i) => entryOf(`copy-${i}`, noisy(known, 8, i)));
    const model = new ModelLists({ one: listed.slice(0, 20), two: listed.slice(20, 40), three: listed.slice(40) });
    const { matches, total } = await match(model, noisy(known, 6, 99));
    expect(total).toBe(60);
    expect(matches).toHaveLength(50);
    expect(new Set(matches.map(({ list }) => list)).size).toBe(3);
    // One stops early: what each of them shares with the query by then is the same stretch.
    expect(matches[0]!.extent).toBe('full');
    expect(matches.filter(({ extent }) => extent === 'full').length).toBeGreaterThan(25);
  });

  it('keeps weight on a scene of many unrelated known videos when it is long', async () => {
    const scene = walk({ seed: 72, seconds: 30, scene: 2 });
    const compilations = Array.from({ length: 20 }, (_, i) =>
      entryOf(`compilation-${i}`, joined(walk({ seed: 400 + i, seconds: 40 }), scene)),
    );
    const { matches } = await match(lists(...compilations), noisy(scene, 6, 9));
    expect(matches[0]).toMatchObject({ extent: 'full' });
  });

  it('passes over frames of low quality on both sides', async () => {
    const black = still(73, 20, 10);
    const listed = joined(part(known, 0, 15), black);
    const found = only(
      await matchWhole(lists(entryOf('known', listed)), joined(black, noisy(part(known, 0, 15), 6, 10), black)),
    );
    expect(found.extent).toBe('full');
    expect(await match(lists(entryOf('known', joined(black, unknown(20, 52)))), black)).toMatchObject({ total: 0 });
  });

  it('finds two known videos in one', async () => {
    const second = walk({ seed: 2, seconds: 40 });
    const both = joined(noisy(part(known, 10, 30), 6, 11), unknown(20), noisy(part(second, 5, 25), 6, 12));
    const matcher = new VideoMatcher(lists(entryOf('first', known), entryOf('second', second)), {
      ...{ pool, limit: 100, showFingerprints: true },
    });
    for (const frame of framesOf(both)) if (await matcher.add(frame)) break;
    const early = await matcher.finish();
    expect(early.matches.map(({ entry }) => entry)).toEqual(['first']);
    expect(early.matches[0]!.fingerprint!.query).toMatch(/^[0-9a-f]{64}$/);
  });

  it('finds a known picture in a video: for a moment partial, for longer full', async () => {
    const picture = pictureEntry('picture', part(known, 20, 21).at(0).hash);
    const stays = (seconds: number): MadeVideo => ({ seconds, at: () => known.at(20) });
    const shown = (seconds: number): MadeVideo => joined(unknown(20), stays(seconds), unknown(20, 51));
    expect(only(await match(lists(picture), shown(1)))).toMatchObject({
      ...{ entry: 'picture', signal: 'pdq', across: 'picture-in-video', extent: 'partial' },
    });
    const found = only(await match(lists(picture), shown(6)));
    expect(found).toMatchObject({ across: 'picture-in-video', extent: 'full' });
    expect(found.video!.ranges[0]!.query[0]).toBeCloseTo(20, 0);
  });

  it('finds moving cameras by sampling densely what was listed once a second at another phase', async () => {
    const moving = walk({ seed: 3, seconds: 60, movement: 90, scene: 8 });
    const listed = lists(entryOf('moving', moving, times(60, 1)));
    const sparse = await match(listed, noisy(moving, 6, 13), { rate: 1, phase: 0.5 });
    const dense = await match(listed, noisy(moving, 6, 13), { rate: 5, phase: 0.1 });
    expect(sparse.matches.filter(({ extent }) => extent === 'full')).toHaveLength(0);
    expect(only(dense).extent).toBe('full');
  });

  it('says where a closer look may tell more, and finds it by that', async () => {
    const moving = walk({ seed: 3, seconds: 60, movement: 400, scene: 8 });
    const video = joined(unknown(60), noisy(part(moving, 20, 40), 4, 13), unknown(60, 51));
    const matcher = new VideoMatcher(lists(entryOf('moving', moving)), { pool, limit: 10, showFingerprints: false });
    for (const frame of framesOf(video, { rate: 0.9 })) await matcher.add(frame);
    expect(matcher.decided).toBe(false);
    const ranges = await matcher.closerLook();
    expect(ranges.length).toBeGreaterThan(0);
    for (const [from, to] of ranges) {
      expect(from).toBeGreaterThan(45);
      expect(to).toBeLessThan(95);
      for (const frame of framesOf(video, { rate: 20 })) {
        if (frame.seconds >= from && frame.seconds <= to) await matcher.add(frame);
      }
    }
    expect(only(await matcher.finish())).toMatchObject({ entry: 'moving', extent: 'full' });
  });

  it('finds frames of each thirtieth of a second by one a second, and the other way round', async () => {
    const every = entryOf('every', part(known, 0, 20), times(20, 30));
    const sparse = await matchWhole(lists(every), noisy(part(known, 0, 20), 6, 14), { rate: 1, phase: 0.3 });
    expect(only(sparse).extent).toBe('full');
    const dense = await matchWhole(lists(entryOf('known', part(known, 0, 20))), noisy(part(known, 0, 20), 6, 14), {
      rate: 30,
    });
    expect(only(dense).extent).toBe('full');
  });

  it('decides by the key frames alone', async () => {
    const keys = { rate: 0.5, pass: 'keys' as const };
    const outcome = await match(lists(entryOf('known', known)), noisy(known, 6, 15), keys);
    expect(only(outcome).extent).toBe('full');
    expect(outcome.decidedAt).toBeLessThan(15);
  });

  it('answers of the lists as they are in the end', async () => {
    const model = lists(entryOf('known', known));
    const matcher = new VideoMatcher(model, { pool, limit: 10, showFingerprints: false });
    for (const frame of framesOf(part(noisy(known, 6, 16), 0, 4))) await matcher.add(frame);
    model.replace('videos', [entryOf('new', known)]);
    expect((await matcher.finish()).matches).toMatchObject([{ entry: 'new', extent: 'full' }]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const matcher = new VideoMatcher(lists(entryOf('known', known)), {
      ...{ pool, limit: 10, showFingerprints: false, signal: stop.signal },
    });
    stop.abort(new Error('enough'));
    const all = async (): Promise<void> => {
      for (const frame of framesOf(unknown(600))) await matcher.add(frame);
      await matcher.finish();
    };
    await expect(all()).rejects.toThrow('enough');
  });

  it('survives times that run backwards, and none at all', async () => {
    const random = seeded(5);
    const matcher = new VideoMatcher(lists(entryOf('known', known)), { pool, limit: 10, showFingerprints: false });
    for (const frame of framesOf(noisy(part(known, 0, 20), 6, 17))) {
      const seconds = random() < 0.1 ? Number.NaN : frame.seconds + (random() < 0.1 ? -30 : 0);
      await matcher.add({ ...frame, seconds });
    }
    expect(only(await matcher.finish()).entry).toBe('known');
  });
});
