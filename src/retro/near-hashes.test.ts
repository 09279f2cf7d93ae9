import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { encodeSeenRecord } from '../scan/seen-record.js';
import { hammingDistance } from '../signals/pdq/hamming-distance.js';
import type { DeltaEntry } from './delta-entry.js';
import { DeltaIndex } from './delta-index.js';
import { nearHashes } from './near-hashes.js';
import type { RetroFind } from './retro-find.js';
import { SeenMatcher } from './seen-matcher.js';
import { frameOf, seenRecord } from './testing/seen-records.js';

const hashesOf = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(i * 32, i * 32 + 32));

/** A copy with so many bits of it changed. */
function changed(hash: Uint8Array, bits: number): Uint8Array {
  const copy = Uint8Array.from(hash);
  for (let bit = 0; bit < bits; bit++) copy[(bit * 7) >> 3]! ^= 1 << ((bit * 7) & 7);
  return copy;
}

describe('nearHashes', () => {
  it('tells what comparing each with each tells, equal hashes included', () => {
    const plan = fc.record({
      few: fc.integer({ min: 0, max: 20 }),
      many: fc.array(fc.record({ of: fc.nat(), bits: fc.nat({ max: 36 }), twice: fc.boolean() }), { maxLength: 300 }),
      threshold: fc.integer({ min: 0, max: 31 }),
    });
    const pool = new MemoryPool();
    fc.assert(
      fc.property(plan, ({ few: count, many: drawn, threshold }) => {
        const few = new Uint8Array(randomBytes(count * 32));
        const known = hashesOf(few);
        const hashes = drawn.flatMap(({ of, bits, twice }) => {
          const from = known[of % Math.max(1, count)];
          const hash = from === undefined ? Uint8Array.from(randomBytes(32)) : changed(from, bits);
          return twice ? [hash, hash] : [hash];
        });
        const many = Uint8Array.from(Buffer.concat(hashes));
        const near = nearHashes(many, few, threshold, pool, () => undefined);
        const wanted = hashes.map((hash) => (known.some((each) => hammingDistance(each, hash) <= threshold) ? 1 : 0));
        expect([...near]).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});

describe('SeenMatcher.foresee', () => {
  it('changes nothing of what is found', () => {
    const list = { listId: 'one', seq: 10, threshold: 31 };
    const pdq = Uint8Array.from(randomBytes(32));
    const entry: DeltaEntry = { list, id: 'known', grade: null, signals: [{ type: 'pdq', value: pdq, active: true }] };
    const records = Array.from({ length: 400 }, (_, i) =>
      seenRecord({
        reference: { kind: 'text', text: String(i) },
        appliedSeq: i % 11,
        hashes: Array.from({ length: i % 4 }, (_, j) => ({
          quality: (i + j) % 5 === 0 ? 40 : 90,
          pdq: (i * j) % 3 === 1 ? changed(pdq, i % 40) : randomBytes(32),
        })),
      }),
    );
    const frames = [records.slice(0, 150), records.slice(150)].map((part) => frameOf(part.map(encodeSeenRecord)));
    const pool = new MemoryPool();
    const delta = DeltaIndex.build([entry], pool);
    const run = (ahead: boolean) => {
      const matcher = new SeenMatcher(delta);
      let pauses = 0;
      if (ahead) matcher.foresee(frames, pool, () => pauses++);
      const finds = frames.flatMap((frame) => {
        const taken: RetroFind[] = [];
        for (let at = 0; at < frame.length; taken.push(...matcher.take())) at = matcher.match(frame, at, 7);
        return taken;
      });
      return { finds, counts: matcher.counts, pauses };
    };
    const plain = run(false);
    const ahead = run(true);
    expect(plain.finds.length).toBeGreaterThan(7);
    expect(ahead.finds).toEqual(plain.finds);
    expect(ahead.counts).toEqual(plain.counts);
    expect(ahead.pauses).toBeGreaterThan(0);
  });
});
