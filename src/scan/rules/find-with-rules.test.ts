import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, EntrySignal } from '../../index/entry.js';
import { randomBytes, seeded } from '../../index/testing/random.js';
import { admitsBy } from '../../lists/rules/admits.js';
import type { MatchingRules } from '../../lists/rules/matching-rules.js';
import type { FrameSignals } from '../../media/media-signals.js';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { findMatches, type QuerySignals } from '../find-matches.js';
import { lookUpSignals } from '../look-up-signals.js';
import type { Match } from '../verdict.js';
import { allTurned } from '../video/testing/turned-hash.js';
import { RuledLists, USUAL } from './testing/ruled-lists.js';

const random = seeded(5);
const PICTURES = Array.from({ length: 3 }, () => randomBytes(random, 32));
const FILES = Array.from({ length: 3 }, () => randomBytes(random, 32));

/** A hash that differs from one of the pictures in so many bits, from the first on. */
function near(picture: number, bits: number): Uint8Array {
  const hash = PICTURES[picture]!.slice();
  for (let i = 0; i < bits; i++) hash[i >> 3]! ^= 1 << (i & 7);
  return hash;
}

function frame(hash: Uint8Array, number = 0): FrameSignals {
  return { frame: number, area: 'full', quality: 90, pdq: allTurned(hash) };
}

const medium = (file: number, ...frames: readonly FrameSignals[]): QuerySignals => ({
  digests: { sha256: FILES[file]!, sha1: new Uint8Array(20), md5: new Uint8Array(16) },
  frames,
  photodna: undefined,
});

const pdq = (picture: number, bits: number): EntrySignal => ({ type: 'pdq', value: near(picture, bits), active: true });
const sha256 = (file: number): EntrySignal => ({ type: 'sha256', value: FILES[file]!, active: true });
const still = (picture: number, bits: number): EntrySignal => {
  const value = new Uint8Array(36);
  value.set(near(picture, bits));
  return { type: 'vpdq', value, quality: 90, active: true };
};
const options = { limit: 20, showFingerprints: false };
const names = (matches: readonly Match[]) => matches.map(({ list, entry }) => `${list}/${entry}`).sort();

describe('findMatches with rules of lists', () => {
  const signal = fc.oneof(
    fc.record({ kind: fc.constantFrom('pdq' as const, 'vpdq' as const), at: fc.nat(2), bits: fc.nat(45) }),
    fc.record({ kind: fc.constant('sha256' as const), at: fc.nat(2), bits: fc.constant(0) }),
  );
  const entry = fc.record({
    grade: fc.option(fc.constantFrom('A', 'B'), { nil: undefined }),
    signals: fc.array(signal, { minLength: 1, maxLength: 3 }),
  });
  const list = fc.record({
    role: fc.constantFrom('block' as const, 'block' as const, 'allow' as const),
    shadow: fc.boolean(),
    grades: fc.option(fc.constantFrom(['A'], ['A', 'B']), { nil: undefined }),
    pdq: fc.option(fc.nat(45), { nil: undefined }),
    vpdq: fc.option(fc.nat(45), { nil: undefined }),
    sampled: fc.option(fc.boolean(), { nil: undefined }),
    entries: fc.array(entry, { maxLength: 6 }),
  });
  const query = fc.record({
    file: fc.nat(2),
    frames: fc.array(fc.record({ at: fc.nat(2), bits: fc.nat(20) }), { minLength: 1, maxLength: 3 }),
    threshold: fc.option(fc.integer({ min: 5, max: 40 }), { nil: undefined }),
  });

  it('finds what applying every rule to every entry finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(list, { minLength: 1, maxLength: 4 }), query, async (made, asked) => {
        const lists = made.map(({ grades, pdq: picture, vpdq: video, sampled, role, shadow, entries }, l) => {
          const admits = admitsBy(grades === undefined ? {} : { grades });
          const rules: MatchingRules = {
            ...{ role, shadow },
            thresholds: { ...(picture !== undefined && { pdq: picture }), ...(video !== undefined && { vpdq: video }) },
            ...(admits && { admits }),
            ...(sampled !== undefined && { sampled: () => sampled }),
          };
          const filled = entries.map(
            ({ grade, signals }, i): Entry => ({
              id: `e${i}`,
              ...(grade !== undefined && { grade }),
              signals: signals.map(({ kind, at, bits }) =>
                kind === 'sha256' ? sha256(at) : kind === 'pdq' ? pdq(at, bits) : still(at, bits),
              ),
            }),
          );
          return { name: `l${l}`, rules, entries: filled };
        });
        const index = new RuledLists(Object.fromEntries(lists.map(({ name, ...rest }) => [name, rest])));
        const frames = asked.frames.map(({ at, bits }, i) => frame(near(at, bits), i));
        const { threshold } = asked;
        const found = await findMatches(index, medium(asked.file, ...frames), {
          ...options,
          limit: 100,
          ...(threshold !== undefined && { threshold }),
        });

        // The pictures are far from each other, however they are turned and whether or not negative: only the views as they are find anything.
        const acting = new Set<string>();
        const overruled = new Set<string>();
        const shadow = new Set<string>();
        const applied = lists.filter(({ rules }) => rules.sampled?.(FILES[0]!) !== false);
        const distances = ({ rules }: (typeof lists)[number], each: Entry, i: number): number[] =>
          each.signals.flatMap(({ type, value }) => {
            if (type === 'sha256') return [];
            const apart = hammingDistance(value.subarray(0, 32), frames[i]!.pdq.subarray(0, 32));
            const own = rules.thresholds[type as 'pdq' | 'vpdq'];
            const most = own === undefined ? (threshold ?? USUAL.pdq) : Math.min(own, threshold ?? own);
            return apart <= most ? [apart] : [];
          });
        const isExactly = (each: Entry) =>
          each.signals.some(({ type, value }) => type === 'sha256' && value === FILES[asked.file]);
        const good = applied.filter(({ rules }) => rules.role === 'allow' && !rules.shadow);
        const admitted = (from: (typeof lists)[number]) =>
          from.entries.filter((each) => from.rules.admits?.(each) ?? true);
        const goodFile = good.some((from) => admitted(from).some(isExactly));
        for (const from of applied) {
          if (from.rules.role === 'allow') continue;
          for (const each of admitted(from)) {
            const name = `${from.name}/${each.id}`;
            const nearFrames = frames.map((_, i) => Math.min(...distances(from, each, i)));
            const hit = nearFrames.some(Number.isFinite);
            if (!hit && !isExactly(each)) continue;
            if (from.rules.shadow) {
              shadow.add(name);
              continue;
            }
            const stands = nearFrames.some((distance, i) => {
              const best = Math.min(...good.flatMap((other) => admitted(other).flatMap((e) => distances(other, e, i))));
              return Number.isFinite(distance) && !goodFile && best > distance;
            });
            if (isExactly(each) || stands) acting.add(name);
            else overruled.add(name);
          }
        }
        expect(names(found.matches)).toEqual([...acting].sort());
        expect(names(found.withoutEffect.filter(({ shadow: tried }) => tried))).toEqual([...shadow].sort());
        expect(names(found.withoutEffect.filter(({ overruledBy }) => overruledBy))).toEqual([...overruled].sort());
        expect([found.total, found.truncated, found.undecided]).toEqual([acting.size, false, false]);
      }),
      { seed: 11, numRuns: 400 },
    );
  });

  it('looks behind what rules keep out, and says so when that is too much', async () => {
    const many = (count: number, grade: string) =>
      Array.from({ length: count }, (_, i): Entry => ({ id: `${grade}${i}`, grade, signals: [pdq(0, 1)] }));
    const rules = { admits: admitsBy({ grades: ['A'] })! };
    const behind = new RuledLists({
      l: { entries: [...many(500, 'C'), { id: 'wanted', grade: 'A', signals: [pdq(0, 9)] }], rules },
    });
    const asked = medium(0, frame(PICTURES[0]!));
    const found = await findMatches(behind, asked, options);
    expect(found).toMatchObject({ total: 1, truncated: false, undecided: false });
    expect(names(found.matches)).toEqual(['l/wanted']);
    const answers = await lookUpSignals(
      behind,
      [{ type: 'pdq', value: Buffer.from(PICTURES[0]!).toString('hex') }],
      options,
    );
    expect(answers.map(({ matches, total }) => [names(matches), total])).toEqual([[['l/wanted'], 1]]);

    const too = new RuledLists({ l: { entries: many(5_000, 'C'), rules } });
    expect(await findMatches(too, asked, options)).toMatchObject({ matches: [], truncated: true, undecided: true });
    expect(too.reads).toBeLessThan(5_000);
    // What is tried out is told from the list alone, and many of them hide nothing.
    const shadow = new RuledLists({
      trial: { entries: many(5_000, 'C'), rules: { shadow: true } },
      l: { entries: [{ id: 'wanted', signals: [pdq(0, 9)] }] },
    });
    const both = await findMatches(shadow, asked, options);
    expect([names(both.matches), both.withoutEffect.length, both.total]).toEqual([['l/wanted'], 20, 1]);
    expect(await findMatches(new RuledLists({ l: { entries: many(300, 'A'), rules } }), asked, options)).toMatchObject({
      total: 300,
      truncated: true,
      undecided: false,
    });
  });

  it('tries negatives while nothing has matched that counts', async () => {
    const negative = new Uint8Array(32).map((_, i) => PICTURES[0]![i]! ^ 255);
    const entries: Entry[] = [{ id: 'negative', signals: [{ type: 'pdq', value: negative, active: true }] }];
    const asked = medium(0, frame(PICTURES[0]!));
    const trial = { entries: [{ id: 'same', signals: [pdq(0, 2)] }] };
    const tried = await findMatches(
      new RuledLists({ l: { entries }, trial: { ...trial, rules: { shadow: true } } }),
      asked,
      options,
    );
    expect(tried.matches).toMatchObject([{ entry: 'negative', view: 'negative' }]);
    expect(tried.withoutEffect).toMatchObject([{ entry: 'same', shadow: true }]);
    expect(names((await findMatches(new RuledLists({ l: { entries }, trial }), asked, options)).matches)).toEqual([
      'trial/same',
    ]);
  });

  it('lets known good speak for its own frame alone, and never against an exact hash', async () => {
    const good = { entries: [{ id: 'good', signals: [pdq(0, 3)] }], rules: { role: 'allow' } as const };
    const listed = {
      entries: [
        { id: 'bad', signals: [pdq(0, 12), sha256(1)] },
        { id: 'other', signals: [pdq(1, 4)] },
      ],
    };
    const index = new RuledLists({ good, listed });
    const one = await findMatches(index, medium(0, frame(PICTURES[0]!)), options);
    expect(one.withoutEffect).toMatchObject([{ entry: 'bad', overruledBy: { list: 'good', entry: 'good' } }]);
    expect(one.total).toBe(0);
    const two = await findMatches(index, medium(0, frame(PICTURES[0]!, 0), frame(PICTURES[1]!, 1)), options);
    expect(names(two.matches)).toEqual(['listed/other']);
    expect(names(two.withoutEffect)).toEqual(['listed/bad']);
    const exact = await findMatches(index, medium(1, frame(PICTURES[0]!)), options);
    expect(names(exact.matches)).toEqual(['listed/bad']);
    // Nearer to what is listed than to what is known to be good.
    const nearer = await findMatches(index, medium(0, frame(near(0, 11))), options);
    expect(names(nearer.matches)).toEqual(['listed/bad']);
  });
});
