import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admitsBy } from './admits.js';
import { rulesInForce } from './rules-in-force.js';
import { isSampled } from './sampled.js';

const admits = (
  rules: Parameters<typeof admitsBy>[0],
  entry: Parameters<NonNullable<ReturnType<typeof admitsBy>>>[0],
) => admitsBy(rules)?.(entry) ?? true;
const opinions = (...said: readonly string[]) =>
  said.map((each) => ({ member: each.slice(1), affirmative: each.startsWith('+') }));

describe('admitsBy', () => {
  it('asks nothing when nothing is asked', () => {
    expect(admitsBy({})).toBeUndefined();
  });

  it.each([
    [{ grades: ['A', 'b1'] }, { grade: 'a' }, true],
    [{ grades: ['A', 'b1'] }, { grade: ' B1 ' }, true],
    [{ grades: ['A'] }, { grade: 'B' }, false],
    [{ grades: ['A'] }, {}, false],
    [{ kinds: ['image'] }, { kind: 'Image' }, true],
    [{ kinds: ['image'] }, { grade: 'A' }, false],
    [{ members: ['m1'] }, { member: 'm1' }, true],
    [{ members: ['m1'] }, { member: 'm2' }, false],
    [{ members: ['m1'] }, {}, false],
    [{ members: ['m1'] }, { member: 'm2', opinions: opinions('+m1') }, true],
    [{ members: ['m1'] }, { member: 'm2', opinions: opinions('-m1') }, false],
    [{ notMembers: ['m1'] }, { member: 'm1', opinions: opinions('+m2') }, false],
    [{ notMembers: ['m1'] }, { opinions: opinions('+m1') }, true],
    [{ dropAtNegative: 2 }, { opinions: opinions('-m1', '+m2') }, true],
    [{ dropAtNegative: 2 }, { opinions: opinions('-m1', '-m2', '+m3', '+m4') }, false],
    [{ needAffirmative: 2 }, { member: 'm1' }, false],
    [{ needAffirmative: 2 }, { member: 'm1', opinions: opinions('+m2') }, true],
    [{ needAffirmative: 2 }, { member: 'm1', opinions: opinions('+m1') }, false],
    [{ needAffirmative: 2 }, { member: 'm1', opinions: opinions('-m1', '+m2') }, false],
    [{ needAffirmative: 1 }, {}, false],
    [{ grades: ['A'], dropAtNegative: 1 }, { grade: 'A', opinions: opinions('-m1') }, false],
    [{ grades: ['A'], dropAtNegative: 1 }, { grade: 'A', opinions: opinions('+m1') }, true],
  ])('%o of %o: %s', (rules, entry, expected) => {
    expect(admits(rules, entry)).toBe(expected);
  });

  it('lets through with two rules only what each of them lets through', () => {
    const word = fc.constantFrom('A', 'B', 'C');
    const member = fc.constantFrom('m1', 'm2', 'm3');
    const some = fc.option(fc.array(member, { minLength: 1, maxLength: 2 }), { nil: undefined });
    const number = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
    const rules = fc.record({ members: some, notMembers: some, dropAtNegative: number, needAffirmative: number });
    const entry = fc.record({
      grade: word,
      member: fc.option(member, { nil: undefined }),
      opinions: fc.uniqueArray(fc.record({ member, affirmative: fc.boolean() }), { selector: (each) => each.member }),
    });
    const defined = (object: object) =>
      Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
    fc.assert(
      fc.property(rules, entry, (asked, of) => {
        const all = admits(defined(asked), defined(of));
        expect(all).toBe(
          Object.entries(defined(asked)).every(([name, value]) => admits({ [name]: value }, defined(of))),
        );
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});

describe('isSampled', () => {
  const key = new Uint8Array(32).fill(9);
  const media = Array.from({ length: 4_000 }, (_, i) => new Uint8Array(Buffer.from(`medium ${i}`)));
  const share = (ratio: number, list = 'l', by = key) => media.map((medium) => isSampled(by, list, medium, ratio));

  it('takes about the share that is asked for, always the same media, and more of them with a greater share', () => {
    for (const ratio of [0.01, 0.25, 0.9]) {
      const taken = share(ratio).filter(Boolean).length / media.length;
      // Five standard deviations.
      expect(Math.abs(taken - ratio)).toBeLessThan(5 * Math.sqrt((ratio * (1 - ratio)) / media.length));
    }
    const [few, more] = [share(0.2), share(0.5)];
    expect(few.every((is, i) => !is || more[i])).toBe(true);
    expect(share(0.2)).toEqual(few);
    expect([share(0).some(Boolean), share(1).every(Boolean)]).toEqual([false, true]);
  });

  it('takes others for another list and under another key', () => {
    const overlap = (other: readonly boolean[]) => share(0.5).filter((is, i) => is && other[i]).length / media.length;
    for (const other of [share(0.5, 'm'), share(0.5, 'l', new Uint8Array(32).fill(8))]) {
      expect(Math.abs(overlap(other) - 0.25)).toBeLessThan(0.04);
    }
  });
});

describe('rulesInForce', () => {
  const usual = { pdq: 31, vpdq: 31, photodna: 10 };
  const plain = { role: 'block', shadow: false, thresholds: {} } as const;

  it('is nothing while no list has rules', () => {
    expect(rulesInForce([], usual)).toBeUndefined();
    expect(rulesInForce([{ rules: plain, exact: true }], usual)).toBeUndefined();
  });

  it('has the greatest radius of all, and knows whether bytes can be known to be good', () => {
    const lists = [
      { rules: { ...plain, thresholds: { pdq: 20 } }, exact: true },
      { rules: { ...plain, thresholds: { pdq: 40, photodna: 5 } }, exact: true },
      { rules: { ...plain, role: 'allow' as const }, exact: false },
    ];
    expect(rulesInForce(lists, usual)).toEqual({
      usual,
      widest: { pdq: 40, vpdq: 31, photodna: 10 },
      allowsByBytes: false,
    });
    const good = { rules: { ...plain, role: 'allow' as const }, exact: true };
    expect(rulesInForce([good], usual)?.allowsByBytes).toBe(true);
    expect(rulesInForce([{ ...good, rules: { ...good.rules, shadow: true } }], usual)?.allowsByBytes).toBe(false);
  });
});
