import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conformance, conformanceNote, readJson } from '../../../test/conformance.js';
import { bytesOf } from '../make-signal-type.js';
import { hammingDistance } from '../pdq/hamming-distance.js';
import { encodeHex } from '../text-decoding.js';
import { compareVpdq, type VpdqRule } from './compare-vpdq.js';
import type { VpdqFrame } from './vpdq-frame.js';

/** Frames near a few scenes, so that distances lie on both sides of 31, with equal ones and poor ones among them. */
const video = fc
  .array(fc.record({ scene: fc.nat(2), bits: fc.array(fc.nat(255), { maxLength: 24 }), quality: fc.nat(100) }), {
    maxLength: 30,
  })
  .map((all) =>
    all.map(({ scene, bits, quality }, i): VpdqFrame => {
      const pdq = Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + scene * 91) & 0xff);
      for (const bit of bits) pdq[bit >> 3] = (pdq[bit >> 3] as number) ^ (1 << (bit & 7));
      return { frame: i, seconds: i, quality, pdq };
    }),
  );

/** The same, said as plainly as it can be. */
function plainly(a: readonly VpdqFrame[], b: readonly VpdqFrame[], rule: VpdqRule, quality: number) {
  const firsts = (all: readonly VpdqFrame[]) =>
    all.filter(({ pdq }, i) => all.findIndex((other) => encodeHex(other.pdq) === encodeHex(pdq)) === i);
  const kept = (all: readonly VpdqFrame[]) =>
    (rule === 'pytx' ? firsts(all) : all).filter((each) => each.quality >= quality);
  const near = (x: VpdqFrame, y: VpdqFrame) => hammingDistance(x.pdq, y.pdq) < (rule === 'cpp' ? 31 : 32);
  const share = (all: readonly VpdqFrame[], others: readonly VpdqFrame[]) =>
    (100 * all.filter((x) => others.some((y) => near(x, y))).length) / all.length;
  const [ours, theirs] = [kept(a), kept(b)];
  return ours.length === 0 || theirs.length === 0
    ? undefined
    : { queryPercent: share(ours, theirs), comparedPercent: share(theirs, ours) };
}

describe.each(['cpp', 'pytx'] as const)('comparing videos by the rule %s', (rule) => {
  it('tells the shares that comparing every pair tells', () => {
    fc.assert(
      fc.property(video, video, fc.constantFrom(0, 50, 90), (a, b, quality) => {
        const expected = plainly(a, b, rule, quality);
        if (expected === undefined) return;
        expect(compareVpdq(a, b, { rule, quality })).toMatchObject(expected);
      }),
    );
  });

  it('counts no frame of low quality', () => {
    const frame = (quality: number) => ({ frame: 0, seconds: 0, quality, pdq: new Uint8Array(32).fill(7) });
    const compare = () => compareVpdq([frame(100)], [frame(49)], { rule });
    if (rule === 'pytx') expect(compare).toThrow(expect.objectContaining({ code: 'signal-invalid' }));
    else expect(compare()).toMatchObject({ queryPercent: 0, comparedPercent: 0, queryFrames: 1, comparedFrames: 0 });
  });
});

interface Video {
  readonly file: string;
  readonly hashes_1s: readonly { frame: number; pdq: string; quality: number; timestamp: number }[];
  readonly hashes_every_frame: readonly (readonly [number, number, string, number])[];
}

interface Row {
  readonly sampling: '1s' | 'every_frame';
  readonly query: string;
  readonly target: string;
  readonly query_match_pct: number;
  readonly target_match_pct: number;
  readonly pytx_query_pct?: number;
  readonly pytx_compared_pct?: number;
}

describe.skipIf(conformance === undefined)(`vPDQ against the reference${conformanceNote}`, () => {
  it('reproduces the whole table of pairs under both rules', { timeout: 120_000 }, () => {
    const { videos } = readJson<{ videos: readonly Video[] }>('vpdq.json');
    const { rows } = readJson<{ rows: readonly Row[] }>('vpdq-matches.json');
    const frames = new Map<string, VpdqFrame[]>();
    for (const { file, hashes_1s, hashes_every_frame } of videos) {
      const name = file.replace(/^videos\/|\.mp4$/g, '');
      const second = hashes_1s.map(({ pdq, timestamp, ...rest }) => ({
        ...rest,
        seconds: timestamp,
        pdq: bytesOf(pdq),
      }));
      frames.set(`1s ${name}`, second);
      const every = hashes_every_frame.map(([frame, quality, pdq, seconds]) => ({
        frame,
        quality,
        seconds,
        pdq: bytesOf(pdq),
      }));
      frames.set(`every_frame ${name}`, every);
    }
    let compared = 0;
    for (const row of rows) {
      const a = frames.get(`${row.sampling} ${row.query}`) as VpdqFrame[];
      const b = frames.get(`${row.sampling} ${row.target}`) as VpdqFrame[];
      const where = `${row.sampling} ${row.query} ${row.target}`;
      const cpp = compareVpdq(a, b, { rule: 'cpp' });
      expect(cpp.queryPercent, where).toBeCloseTo(row.query_match_pct, 1.9);
      expect(cpp.comparedPercent, where).toBeCloseTo(row.target_match_pct, 1.9);
      compared++;
      if (row.pytx_query_pct === undefined || row.pytx_compared_pct === undefined) continue;
      const pytx = compareVpdq(a, b, { rule: 'pytx' });
      expect(pytx.queryPercent, where).toBeCloseTo(row.pytx_query_pct, 3.9);
      expect(pytx.comparedPercent, where).toBeCloseTo(row.pytx_compared_pct, 3.9);
    }
    expect(compared).toBe(392);
  });
});
