import { describe, expect, it } from 'vitest';
import type { Entry } from '../../index/entry.js';
import { MemoryPool } from '../../index/pdq/memory-pool.js';
import { admitsBy } from '../../lists/rules/admits.js';
import type { Found } from '../find-matches.js';
import { changed, joined, type MadeVideo, noisy, part, walk } from '../video/testing/made-video.js';
import { entryOf, framesOf } from '../video/testing/sample-video.js';
import { VideoMatcher } from '../video/video-matcher.js';
import { type RuledList, RuledLists } from './testing/ruled-lists.js';

const pool = new MemoryPool();
const MEDIUM = new Uint8Array(32).fill(7);

const known = walk({ seed: 1, seconds: 60 });
const others = Array.from({ length: 20 }, (_, i) => entryOf(`other-${i}`, walk({ seed: 100 + i, seconds: 60 })));
const listed: RuledList = { entries: [...others, entryOf('known', known)] };
const shadow = { shadow: true } as const;

interface Outcome extends Found {
  readonly decidedAt: number | undefined;
}

async function match(
  lists: Readonly<Record<string, RuledList>>,
  video: MadeVideo,
  { medium, threshold }: { readonly medium?: Uint8Array; readonly threshold?: number } = {},
): Promise<Outcome> {
  const given = threshold === undefined ? {} : { threshold };
  const matcher = new VideoMatcher(new RuledLists(lists), { pool, limit: 20, showFingerprints: false, ...given });
  matcher.medium = medium;
  let decidedAt: number | undefined;
  for (const frame of framesOf(video)) {
    if (!(await matcher.add(frame))) continue;
    decidedAt = frame.seconds;
    break;
  }
  return { ...(await matcher.finish({ whole: decidedAt === undefined })), decidedAt };
}

const found = ({ matches }: Found) => matches.map(({ list, entry, extent }) => `${extent} ${list}/${entry}`);

describe('VideoMatcher with rules of lists', () => {
  it('is not ended by what is tried out, and finds what stands behind it', async () => {
    const other = walk({ seed: 2, seconds: 40 });
    const lists = { trial: { ...listed, rules: shadow }, real: { entries: [entryOf('behind', other)] } };
    const both = await match(lists, noisy(joined(known, other), 8, 1));
    expect(found(both)).toEqual(['full real/behind']);
    expect(both.withoutEffect).toMatchObject([{ list: 'trial', entry: 'known', shadow: true, extent: 'full' }]);
    expect(both.decidedAt).toBeGreaterThan(60);
    const alone = await match(lists, noisy(known, 8, 2));
    expect(alone).toMatchObject({ total: 0, decidedAt: undefined, undecided: false });
    expect(alone.withoutEffect).toMatchObject([{ entry: 'known', shadow: true }]);
  });

  it('lets known good speak for the stretches that show it', async () => {
    const good: RuledList = { entries: [entryOf('film', known)], rules: { role: 'allow' } };
    // An entry of the list that holds a scene of a film that is known to be good, and a scene of its own.
    const own = walk({ seed: 3, seconds: 30 });
    const lists = { listed: { entries: [...others, entryOf('mixed', joined(part(known, 10, 40), own))] }, good };
    const film = await match(lists, noisy(known, 4, 3));
    expect(film).toMatchObject({ total: 0, decidedAt: undefined });
    expect(film.withoutEffect).toMatchObject([{ entry: 'mixed', overruledBy: { list: 'good', entry: 'film' } }]);
    const mixed = await match(lists, noisy(joined(part(known, 10, 40), own), 4, 4));
    expect(found(mixed)).toEqual(['full listed/mixed']);
    expect(mixed.decidedAt).toBeGreaterThan(30);
  });

  it('is not overruled by what is farther away, nor by known good that is itself tried out', async () => {
    const near = noisy(known, 12, 5);
    const farther: RuledList = { entries: [entryOf('lookalike', near)], rules: { role: 'allow' } };
    expect(found(await match({ listed, farther }, noisy(known, 2, 6)))).toEqual(['full listed/known']);
    const good: RuledList = { entries: [entryOf('film', known)], rules: { role: 'allow', ...shadow } };
    expect(found(await match({ listed, good }, noisy(known, 2, 7)))).toEqual(['full listed/known']);
  });

  it('asks the rules of entries, and each list for its own radius', async () => {
    const graded = { entries: listed.entries.map((entry): Entry => ({ ...entry, grade: 'C' })) };
    const rules = { admits: admitsBy({ grades: ['A', 'B'] })! };
    expect(await match({ graded: { ...graded, rules } }, noisy(known, 4, 8))).toMatchObject({
      matches: [],
      withoutEffect: [],
      total: 0,
      decidedAt: undefined,
      undecided: false,
    });
    const strict = { ...listed, rules: { thresholds: { vpdq: 8 } } };
    const wide = { entries: [entryOf('wide', known)], rules: { thresholds: { vpdq: 60 } } };
    const apart = (bits: number) =>
      changed(known, (hash) => hash.map((byte, i) => byte ^ (255 >> Math.max(0, 8 - Math.max(0, bits - 8 * i)))));
    expect(found(await match({ strict, wide }, apart(20)))).toEqual(['full wide/wide']);
    expect(found(await match({ strict, listed }, apart(20)))).toEqual(['full listed/known']);
    expect(found(await match({ wide }, apart(50)))).toEqual(['full wide/wide']);
    expect((await match({ wide }, apart(50), { threshold: 20 })).total).toBe(0);
  });

  it('applies a list to its share of media once it is known which medium this is', async () => {
    const sampled = (is: boolean) => ({
      ...listed,
      rules: { sampled: (medium: Uint8Array) => is && medium === MEDIUM },
    });
    const video = noisy(known, 4, 10);
    const unknown = await match({ sampled: sampled(true) }, video);
    expect(unknown).toMatchObject({ total: 0, decidedAt: undefined });
    expect((await match({ sampled: sampled(true) }, video, { medium: MEDIUM })).decidedAt).toBeLessThan(30);
    expect((await match({ sampled: sampled(false) }, video, { medium: MEDIUM })).total).toBe(0);
  });

  it('follows hits behind many that are only tried out', async () => {
    const many = Array.from({ length: 300 }, (_, i) => entryOf(`copy-${i}`, known));
    const outcome = await match(
      { trial: { entries: many, rules: shadow }, real: { entries: [entryOf('known', noisy(known, 10, 11))] } },
      part(known, 0, 20),
    );
    expect(found(outcome)).toEqual(['full real/known']);
    expect(outcome.withoutEffect).toHaveLength(20);
  }, 60_000);
});
