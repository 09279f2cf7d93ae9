import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FrameSignals } from '../media/media-signals.js';
import { Keyring } from '../storage/keyring.js';
import { SeenLog } from './seen-log.js';
import { decodeSeenRecord, encodeSeenRecord, type SeenRecord } from './seen-record.js';

const areas: FrameSignals['area'][] = ['full', 'stored', 'over-black', 'opaque', 'trimmed'];

const frame = (n: number): FrameSignals => ({
  frame: n,
  area: areas[n % areas.length] as FrameSignals['area'],
  quality: n % 101,
  pdq: randomBytes(256),
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

it('a seen record reads back as it was written, and what is cut short is no record', () => {
  const record: fc.Arbitrary<SeenRecord> = fc.record({
    seenAt: fc.integer({ min: 0, max: 2 ** 45 }),
    sha256: bytes(32),
    itemRef: bytes(16),
    hashingRevision: fc.integer({ min: 0, max: 65_535 }),
    hashes: fc.array(
      fc.record({ area: fc.constantFrom(...areas), quality: fc.integer({ min: 0, max: 100 }), pdq: bytes(32) }),
      {
        maxLength: 255,
      },
    ),
  });
  const plain = (each: SeenRecord) => ({
    ...each,
    sha256: [...each.sha256],
    itemRef: [...each.itemRef],
    hashes: each.hashes.map((hash) => ({ ...hash, pdq: [...hash.pdq] })),
  });
  fc.assert(
    fc.property(record, fc.nat(), (written, cut) => {
      const encoded = encodeSeenRecord(written);
      const read = decodeSeenRecord(encoded);
      expect(read && plain(read)).toEqual(plain(written));
      expect(decodeSeenRecord(encoded.subarray(0, cut % encoded.length))).toBeUndefined();
    }),
    { numRuns: 50 },
  );
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
    const frames = Array.from({ length: 700 }, (_, n) => frame(n));
    const one = new SeenLog(folder, keyring);
    await one.append({ itemRef: 'message-1', sha256, frames });
    await one.append({ itemRef: undefined, sha256: randomBytes(32), frames: [] });
    expect(one.count).toBe(2);
    await one.close();
    const again = new SeenLog(folder, keyring);
    await again.append({ itemRef: 'message-2', sha256: randomBytes(32), frames: [frame(3)] });
    const records: SeenRecord[] = [];
    for await (const record of again.records()) records.push(record);
    const first = records.filter((record) => Buffer.from(record.sha256).equals(sha256));
    expect(first.flatMap(({ hashes }) => hashes).map(({ pdq }) => Buffer.from(pdq).toString('hex'))).toEqual(
      frames.map(({ pdq }) => Buffer.from(pdq.subarray(0, 32)).toString('hex')),
    );
    expect(first.every(({ itemRef }) => Buffer.from(itemRef).equals(again.itemHash('message-1')))).toBe(true);
    expect(records).toHaveLength(5);
    await again.close();
    for (const name of await readdir(folder)) {
      const content = await readFile(join(folder, name));
      expect(content.includes(sha256)).toBe(false);
      expect(content.includes('message-1')).toBe(false);
    }
  });
});
