import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { photographLike } from '../../bench/pictures.js';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { encodeSeenRecord, type SeenRecord } from '../scan/seen-record.js';
import { complement, DIHEDRAL_NAMES, inverseWay, turnedHash } from '../signals/pdq/dihedral.js';
import { hammingDistance } from '../signals/pdq/hamming-distance.js';
import { PdqHasher } from '../signals/pdq/pdq-hasher.js';
import { writeVpdqValue } from '../signals/vpdq/vpdq-frame.js';
import type { DeltaEntry, DeltaList } from './delta-entry.js';
import { DeltaIndex } from './delta-index.js';
import type { RetroFind } from './retro-find.js';
import { SeenMatcher, textOf } from './seen-matcher.js';
import { frameOf, seenRecord } from './testing/seen-records.js';

const LISTS: readonly DeltaList[] = [
  { listId: 'one', seq: 10, threshold: 31 },
  { listId: 'two', seq: 20, threshold: 12 },
];

const turned = (hash: Uint8Array, way: number, negative: boolean): Uint8Array => {
  const target = new Uint8Array(32);
  turnedHash(hash, way, target);
  return negative ? complement(target) : target;
};

function flipped(hash: Uint8Array, bits: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(hash);
  for (const bit of bits) copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** The same by comparing each with each, in the plainest way. */
function bruteForce(entries: readonly DeltaEntry[], records: readonly SeenRecord[]): Set<string> {
  const found = new Set<string>();
  for (const record of records) {
    for (const { list, id, signals } of entries) {
      if (record.appliedSeq >= list.seq) continue;
      let nearest: number | undefined;
      let exact = false;
      let matched = 0;
      const known = { sha256: record.sha256, sha1: record.sha1, md5: record.md5 };
      for (const { type, value, active } of signals) {
        if (active && (type === 'sha256' || type === 'sha1' || type === 'md5')) {
          exact ||= known[type] !== undefined && Buffer.from(known[type]).equals(value);
        }
      }
      for (const { quality, pdq } of record.hashes) {
        if (quality < 50) continue;
        let least = 257;
        for (const { type, value, active } of signals) {
          if (!active || (type !== 'pdq' && type !== 'vpdq')) continue;
          for (let way = 0; way < 8; way++) {
            for (const negative of [false, true]) {
              least = Math.min(least, hammingDistance(turned(value.subarray(0, 32), way, negative), pdq));
            }
          }
        }
        if (least > list.threshold) continue;
        matched++;
        nearest = Math.min(nearest ?? 257, least);
      }
      if (exact) found.add(`${textOf(record.reference)} ${id} exact ${matched}`);
      else if (nearest !== undefined) found.add(`${textOf(record.reference)} ${id} ${nearest} ${matched}`);
    }
  }
  return found;
}

const inShort = ({ reference, entry, signal, distance, hashesMatched }: RetroFind): string =>
  `${textOf(reference)} ${entry} ${signal === 'pdq' || signal === 'vpdq' ? distance : 'exact'} ${hashesMatched}`;

function find(entries: readonly DeltaEntry[], records: readonly SeenRecord[]): RetroFind[] {
  const delta = DeltaIndex.build(entries, new MemoryPool());
  const matcher = new SeenMatcher(delta);
  matcher.match(frameOf(records.map(encodeSeenRecord)));
  delta.close();
  return matcher.take();
}

describe('New entries against what was seen', () => {
  it('finds what comparing each with each finds, turned, mirrored, negated, nearly and exactly', () => {
    const near = fc.record({
      entry: fc.nat(),
      signal: fc.nat(),
      way: fc.nat(7),
      negative: fc.boolean(),
      // Around the thresholds of both lists.
      bits: fc.uniqueArray(fc.nat(255), { maxLength: 34 }),
      quality: fc.constantFrom(49, 50, 90),
      appliedSeq: fc.constantFrom(0, 9, 10, 19, 20),
      exact: fc.constantFrom('none', 'none', 'sha256', 'sha1', 'md5'),
      more: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(near, { maxLength: 40 }), (count, plan) => {
        const entries = Array.from({ length: count }, (_, i): DeltaEntry => {
          const frames = Array.from({ length: i % 4 }, (_, seconds) => {
            const value = new Uint8Array(36);
            writeVpdqValue({ pdq: randomBytes(32), seconds }, value);
            return { type: 'vpdq' as const, value, active: seconds !== 2 };
          });
          return {
            list: LISTS[i % 2]!,
            id: `e${i}`,
            grade: null,
            signals: [
              { type: 'pdq', value: randomBytes(32), active: i % 5 !== 4 },
              { type: 'sha256', value: randomBytes(32), active: true },
              { type: 'sha1', value: randomBytes(20), active: true },
              { type: 'md5', value: randomBytes(16), active: i % 7 !== 6 },
              ...frames,
            ],
          };
        });
        const records = plan.map(({ entry, signal, way, negative, bits, quality, appliedSeq, exact, more }, i) => {
          const { signals } = entries[entry % count]!;
          const perceptual = signals.filter(({ type }) => type === 'pdq' || type === 'vpdq');
          const hash = perceptual[signal % perceptual.length]!.value.subarray(0, 32);
          const same = signals.find(({ type }) => type === exact)?.value;
          const others = Array.from({ length: more }, () => ({ quality: 80, pdq: randomBytes(32) }));
          return seenRecord({
            reference: { kind: 'text', text: String(i) },
            appliedSeq,
            hashes: [{ quality, pdq: flipped(turned(hash, way, negative), bits) }, ...others],
            ...(same === undefined ? {} : { [exact]: same }),
          });
        });
        const found = find(entries, records);
        expect(new Set(found.map(inShort))).toEqual(bruteForce(entries, records));
        expect(found.length).toBe(new Set(found.map(inShort)).size);
      }),
      { numRuns: 60 },
    );
  });

  it('says how a medium must be turned to show the entry, as a scan would, within a few bits', async () => {
    const hasher = await PdqHasher.create();
    let bits = 0;
    const pictures = 6;
    for (let seed = 0; seed < pictures; seed++) {
      const pixels = { data: photographLike(320, 240, seed), width: 320, height: 240, channels: 3 } as const;
      const hashes = Uint8Array.from(hasher.hash(pixels, 'faithful').hashes);
      for (const [way, name] of DIHEDRAL_NAMES.entries()) {
        const known = hashes.subarray(0, 32);
        const pdq = hashes.subarray(way * 32, way * 32 + 32);
        bits += hammingDistance(turned(known, way, false), pdq);
        const entry = {
          list: LISTS[0]!,
          id: 'known',
          grade: 'A',
          signals: [{ type: 'pdq', value: known, active: true }],
        } as const;
        const [found] = find([entry], [seenRecord({ hashes: [{ quality: 90, pdq: complement(pdq) }] })]);
        const wanted = DIHEDRAL_NAMES[inverseWay(way)]!;
        expect(found?.view).toBe(name === 'original' ? 'negative' : `negative+${wanted}`);
      }
    }
    // Of a hash alone the turned one is made: off by the coefficients next to the median.
    expect(bits / (pictures * 8)).toBeLessThan(8);
  });

  it('gathers the frames of a video into one find, and leaves stretches to people', () => {
    const frames = Array.from({ length: 300 }, () => randomBytes(32));
    const entry: DeltaEntry = {
      list: LISTS[0]!,
      id: 'video',
      grade: null,
      signals: frames.slice(100, 280).map((pdq, seconds) => {
        const value = new Uint8Array(36);
        writeVpdqValue({ pdq, seconds }, value);
        return { type: 'vpdq', value, active: true };
      }),
    };
    const hashes = frames.map((pdq) => ({ quality: 90, pdq }));
    const common = { sha256: randomBytes(32), seenAt: 1, video: true };
    const records = [
      seenRecord({ ...common, hashes: hashes.slice(0, 255) }),
      seenRecord({ ...common, hashes: hashes.slice(255) }),
      seenRecord({ hashes: hashes.slice(120, 121) }),
    ];
    const found = find([entry], records);
    expect(found).toMatchObject([
      { hashesMatched: 180, extent: 'partial', across: 'same-kind', signal: 'vpdq' },
      { hashesMatched: 1, extent: 'partial', across: 'frame-of-video' },
    ]);
  });

  it('counts what it cannot read, and goes on behind it', () => {
    const pdq = randomBytes(32);
    const entry = {
      list: LISTS[0]!,
      id: 'x',
      grade: null,
      signals: [{ type: 'pdq', value: pdq, active: true }],
    } as const;
    const delta = DeltaIndex.build([entry], new MemoryPool());
    const matcher = new SeenMatcher(delta);
    const record = encodeSeenRecord(seenRecord({ hashes: [{ quality: 90, pdq }] }));
    matcher.match(frameOf([Buffer.from([77, 1, 2]), record]));
    expect(matcher.counts).toEqual({ records: 1, hashes: 1, unknown: 1 });
    expect(matcher.take()).toHaveLength(1);
    delta.close();
  });
});
