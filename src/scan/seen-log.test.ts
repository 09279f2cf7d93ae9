import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameSignals } from '../media/media-signals.js';
import { Keyring } from '../storage/keyring.js';
import { randomId } from '../storage/random-id.js';
import { SeenLog } from './seen-log.js';
import { decodeSeenRecord, encodeSeenRecord, type SeenRecord, type SeenReference } from './seen-record.js';

const areas: FrameSignals['area'][] = ['full', 'stored', 'over-black', 'opaque', 'trimmed'];

const frame = (n: number): FrameSignals => ({
  frame: n,
  area: areas[n % areas.length] as FrameSignals['area'],
  quality: n % 101,
  pdq: randomBytes(256),
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

it('a seen record reads back as it was written, and what is cut short is no record', () => {
  const reference: fc.Arbitrary<SeenReference> = fc.oneof(
    fc.constant<SeenReference>({ kind: 'none' }),
    bytes(16).map((hash): SeenReference => ({ kind: 'hashed', hash })),
    fc.nat(65_535).map((ordinal): SeenReference => ({ kind: 'item', id: randomId(), ordinal })),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((text): SeenReference => ({ kind: 'text', text })),
  );
  const record: fc.Arbitrary<SeenRecord> = fc.record({
    seenAt: fc.integer({ min: 0, max: 2 ** 45 }),
    appliedSeq: fc.integer({ min: 0, max: 2 ** 45 }),
    sha256: bytes(32),
    sha1: bytes(20),
    md5: bytes(16),
    reference,
    video: fc.boolean(),
    hashingRevision: fc.integer({ min: 0, max: 65_535 }),
    hashes: fc.array(
      fc.record({ area: fc.constantFrom(...areas), quality: fc.integer({ min: 0, max: 100 }), pdq: bytes(32) }),
      {
        maxLength: 255,
      },
    ),
  });
  // Buffers and plain arrays of bytes hold the same.
  const plain = (each: unknown): unknown =>
    JSON.parse(
      JSON.stringify(each, (_, value) =>
        value instanceof Uint8Array ? [...value] : value?.type === 'Buffer' ? value.data : value,
      ),
    );
  fc.assert(
    fc.property(record, fc.nat(), (written, cut) => {
      const encoded = encodeSeenRecord(written);
      const read = decodeSeenRecord(encoded);
      expect(plain(read)).toEqual(plain(written));
      expect(decodeSeenRecord(encoded.subarray(0, cut % encoded.length))).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});

it('reads records of version 1, which knew fewer digests', () => {
  const old = Buffer.alloc(60 + 34);
  old.set([1, 1, 7, 0]);
  old.writeBigUInt64LE(1_700_000_000_000n, 4);
  old.fill(5, 12, 44);
  old.fill(6, 44, 60);
  old.set([1, 80], 60);
  old.fill(9, 62);
  expect(decodeSeenRecord(old)).toMatchObject({
    seenAt: 1_700_000_000_000,
    appliedSeq: 0,
    sha1: undefined,
    md5: undefined,
    video: false,
    hashingRevision: 7,
    hashes: [{ area: 'trimmed', quality: 80 }],
  });
  expect(decodeSeenRecord(old)?.reference).toEqual({ kind: 'hashed', hash: Buffer.alloc(16, 6) });
  expect(decodeSeenRecord(old.fill(0, 44, 60))?.reference).toEqual({ kind: 'none' });
});

describe('SeenLog', () => {
  let folder: string;
  const keyring = new Keyring([randomBytes(32)], 'file');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-seen-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps every medium with all of its hashes, over a restart and sealed', async () => {
    const sha256 = randomBytes(32);
    const digests = { sha256, sha1: randomBytes(20), md5: randomBytes(16) };
    const rest = { digests: { ...digests, sha256: randomBytes(32) }, video: false, appliedSeq: 5 };
    const long = 'ö'.repeat(128);
    const frames = Array.from({ length: 700 }, (_, n) => frame(n));
    const one = new SeenLog(folder, keyring);
    await one.append({ of: { text: 'message-1' }, digests, frames, video: true, appliedSeq: 4 });
    await one.append({ ...rest, of: undefined, frames: [] });
    expect(one.count).toBe(2);
    await one.close();
    const again = new SeenLog(folder, keyring);
    await again.append({ ...rest, of: { text: long }, frames: [frame(3)] });
    const records: SeenRecord[] = [];
    for await (const record of again.records()) records.push(record);
    const first = records.filter((record) => Buffer.from(record.sha256).equals(sha256));
    expect(first.flatMap(({ hashes }) => hashes).map(({ pdq }) => Buffer.from(pdq).toString('hex'))).toEqual(
      frames.map(({ pdq }) => Buffer.from(pdq.subarray(0, 32)).toString('hex')),
    );
    expect(first.every(({ video, appliedSeq }) => video && appliedSeq === 4)).toBe(true);
    for (const { reference } of first) expect(reference).toEqual({ kind: 'text', text: 'message-1' });
    expect(records.map(({ reference }) => reference)).toContainEqual({
      kind: 'hashed',
      hash: Buffer.from(again.itemHash(long)),
    });
    expect(records).toHaveLength(5);
    await again.close();
    for (const name of await readdir(folder)) {
      const content = await readFile(join(folder, name));
      expect(content.includes(sha256)).toBe(false);
      expect(content.includes('message-1')).toBe(false);
    }
  });
});
