import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryPool } from '../src/index/pdq/memory-pool.js';
import { PdqHits } from '../src/index/pdq/pdq-hits.js';
import { PdqScan } from '../src/index/pdq/pdq-scan.js';
import { DeltaIndex, WAYS_OF_ONE } from '../src/retro/delta-index.js';
import { SeenMatcher } from '../src/retro/seen-matcher.js';
import { SEEN_PURPOSE } from '../src/scan/seen-log.js';
import { encodeSeenRecord } from '../src/scan/seen-record.js';
import { Keyring } from '../src/storage/keyring.js';
import { SealedLog } from '../src/storage/sealed-log.js';
import { SealedLogFrames } from '../src/storage/sealed-log-frames.js';
import { type Bench, median } from './harness.js';
import { makeHashes } from './hashes.js';

const ENTRIES = 10_000;
const RECORDS = 1_000_000;
/** Media that come at the same time share a frame of the log. */
const IN_A_FRAME = 256;
const SCANNED = 2_000;
const MILLION = 1e6;
/** As a file of seen records grows at the most. */
const BATCH_BYTES = 64 * 2 ** 20;
const pool = new MemoryPool();

/**
 * One thread that tries new entries against seen records, from the sealed files to the finds, against reading and opening
 * the files alone, and against comparing each seen hash with each turned hash of the entries. Everything is linear in the
 * records, so that 100 million of them are that many times as much.
 */
export const retroBench: Bench = async ({ entries: count = ENTRIES, rounds = 3, progress }) => {
  const folder = await mkdtemp(join(tmpdir(), 'vigie-bench-retro-'));
  const keyring = new Keyring([new Uint8Array(32).fill(1)], 'file');
  try {
    progress?.(`writing ${RECORDS.toLocaleString('en')} seen records`);
    const bytes = await writeRecords(folder, keyring);
    const list = { listId: 'list', seq: 1, threshold: 31 };
    const known = makeHashes('real-shaped', count, 2);
    const entries = Array.from({ length: count }, (_, i) => {
      const value = known.slice(i * 32, i * 32 + 32);
      const sha256 = createHash('sha256').update(value).digest();
      const signals = [
        { type: 'pdq', value, active: true } as const,
        { type: 'sha256', value: sha256, active: true } as const,
      ];
      return { list, id: String(i), grade: null, signals };
    });
    const buildStart = performance.now();
    const delta = DeltaIndex.build(entries, new MemoryPool());
    const buildMs = performance.now() - buildStart;
    const scan = new PdqScan(new MemoryPool());
    const all = makeHashes('real-shaped', count * WAYS_OF_ONE, 3);
    scan.append(all);
    const queries = makeHashes('real-shaped', SCANNED, 4);
    const times: Record<'tried' | 'opened' | 'compared', number[]> = { tried: [], opened: [], compared: [] };
    for (let round = 0; round < rounds; round++) {
      progress?.(`round ${round + 1} of ${rounds}`);
      times.tried.push(await perMillion(folder, keyring, new SeenMatcher(delta)));
      times.opened.push(await perMillion(folder, keyring, undefined));
      const start = performance.now();
      const hits = new PdqHits();
      for (let i = 0; i < SCANNED; i++) scan.search(queries.subarray(i * 32, i * 32 + 32), 31, hits);
      times.compared.push(((performance.now() - start) / SCANNED) * 1e3);
    }
    const tried = median(times.tried);
    const compared = median(times.compared);
    return [
      { what: `${count.toLocaleString('en')} new entries laid out in all ways`, value: buildMs / 1e3, unit: 's' },
      {
        what: 'a million seen records tried, one thread',
        value: tried,
        unit: 's',
        ratio: compared / tried,
        against: 'comparing each with each',
      },
      { what: 'of that, reading and opening the files', value: median(times.opened), unit: 's' },
      { what: 'comparing each with each', value: compared, unit: 's' },
      { what: '100 million on two threads, by calculation', value: (tried * 100) / 2 / 60, unit: 'minutes' },
      { what: 'a billion on two threads, by calculation', value: (tried * 1_000) / 2 / 3_600, unit: 'hours' },
      { what: 'bytes a record on the disk', value: bytes / RECORDS, unit: 'bytes' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

async function writeRecords(folder: string, keyring: Keyring): Promise<number> {
  const hashes = makeHashes('real-shaped', RECORDS, 1);
  const log = await SealedLog.open(join(folder, 'a.seen'), keyring, SEEN_PURPOSE);
  for (let from = 0; from < RECORDS; from += IN_A_FRAME) {
    const writing: Promise<void>[] = [];
    for (let i = from; i < Math.min(RECORDS, from + IN_A_FRAME); i++) {
      const pdq = hashes.subarray(i * 32, i * 32 + 32);
      const record = encodeSeenRecord({
        ...{ seenAt: i, appliedSeq: 0, sha256: pdq, sha1: pdq.subarray(0, 20), md5: pdq.subarray(0, 16), video: false },
        reference: { kind: 'item', id: 'AAAAAAAAAAAAAAAA', ordinal: 0 },
        hashingRevision: 1,
        hashes: [{ area: 'full', quality: 90, pdq }],
      });
      writing.push(log.append(record));
    }
    await Promise.all(writing);
  }
  const { size } = log;
  await log.close();
  return size;
}

function nextBatch(frames: SealedLogFrames | undefined): Buffer[] {
  const batch: Buffer[] = [];
  for (let bytes = 0; bytes < BATCH_BYTES; ) {
    const frame = frames?.next();
    if (frame === undefined) break;
    batch.push(frame);
    bytes += frame.length;
  }
  return batch;
}

/** Seconds that a million records take. */
async function perMillion(folder: string, keyring: Keyring, matcher: SeenMatcher | undefined): Promise<number> {
  const start = performance.now();
  for (const name of await readdir(folder)) {
    using frames = SealedLogFrames.open(join(folder, name), keyring, SEEN_PURPOSE);
    for (let batch = nextBatch(frames); batch.length > 0; batch = nextBatch(frames)) {
      matcher?.foresee(batch, pool, () => undefined);
      for (const frame of batch) matcher?.match(frame);
    }
  }
  matcher?.take();
  return ((performance.now() - start) / 1e3) * (MILLION / RECORDS);
}
