import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../src/storage/database.js';
import { BatchDirectory } from '../src/storage/events/batch-directory.js';
import { type Batch, faultOfBatch, makeBatch, NO_BATCH } from '../src/storage/events/batch-file.js';
import { leafText } from '../src/storage/events/event-leaf.js';
import { EventSealer } from '../src/storage/events/event-sealer.js';
import { Events } from '../src/storage/events/events.js';
import { verifyEvents } from '../src/storage/events/verify-events.js';
import { Keyring } from '../src/storage/keyring.js';
import { randomId } from '../src/storage/random-id.js';
import { type Bench, type BenchRow, interleave } from './harness.js';

const BATCH = 20_000;
const RECORDED = 20_000;
const TRANSACTION = 500;

/**
 * The record of events: sealing events into files and verifying them from files alone, as many as `entries`; and
 * recording, sealing and verifying through the embedded database.
 */
export const eventsBench: Bench = async ({ entries = 200_000, rounds = 9, progress }) => {
  const root = await mkdtemp(join(tmpdir(), 'vigie-bench-'));
  try {
    progress?.(`${entries} events into sealed files, and from them`);
    const rows = await throughFiles(root, entries, rounds);
    progress?.('through the embedded database');
    return [...rows, ...(await throughDatabase(root))];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

async function throughFiles(root: string, count: number, rounds: number): Promise<BenchRow[]> {
  const keyring = new Keyring([randomBytes(32)], 'file');
  const leaves = Array.from({ length: count }, leaf);
  let round = 0;
  let files = new BatchDirectory(join(root, '0'), keyring);
  const seal = async (): Promise<number> => {
    files = new BatchDirectory(join(root, String(++round)), keyring);
    let before = { number: 0, hash: NO_BATCH };
    for (let from = 0; from < count; from += BATCH) {
      const batch: Batch = makeBatch(leaves.slice(from, from + BATCH), before, new Date());
      await files.write(batch);
      before = batch.header;
    }
    return count;
  };
  const verify = async (): Promise<number> => {
    let previous = NO_BATCH;
    let seen = 0;
    for await (const name of files.list()) {
      const batch = await files.read(name);
      if (batch === undefined || faultOfBatch(batch) !== undefined || batch.header.previous !== previous) {
        throw new Error('A sealed batch did not verify.');
      }
      previous = batch.header.hash;
      seen += batch.leaves.length;
    }
    if (seen !== count) throw new Error('Events were lost.');
    return count;
  };
  await seal();
  const times = await interleave(rounds, { seal, verify });
  return [
    { what: 'sealing into files', value: 1_000 / times.seal, unit: 'events/s' },
    { what: 'verifying from files', value: 1_000 / times.verify, unit: 'events/s' },
  ];
}

async function throughDatabase(root: string): Promise<BenchRow[]> {
  const keyring = new Keyring([randomBytes(32)], 'file');
  const database = await openDatabase({ dataDir: join(root, 'db') });
  try {
    const events = new Events(keyring);
    const files = new BatchDirectory(join(root, 'database'), keyring);
    const failed = (error: unknown) => {
      throw error;
    };
    const sealer = new EventSealer({ database, files, failed });
    const recording = await timed(async () => {
      for (let from = 0; from < RECORDED; from += TRANSACTION) {
        await database.transaction(async (tx) => {
          for (let i = 0; i < TRANSACTION; i++) {
            await events.record(tx, { kind: 'key.revoked', subject: 'key:k', refs: { key: 'k' } });
          }
        });
      }
    });
    const sealing = await timed(() => sealer.seal());
    const verifying = await timed(async () => {
      const onFinding = () => undefined;
      const result = await verifyEvents({ database, files, subjectKeys: events.subjectKeys, onFinding });
      if (result.findings > 0 || result.events !== RECORDED) throw new Error('The record did not verify.');
    });
    const row = (what: string, ms: number): BenchRow => ({ what, value: RECORDED / (ms / 1_000), unit: 'events/s' });
    return [
      row(`recording, ${TRANSACTION} in a transaction, embedded database`, recording),
      row('sealing from the embedded database', sealing),
      row('verifying files against the embedded database', verifying),
    ];
  } finally {
    await database.close();
  }
}

function leaf(): string {
  return leafText({
    id: randomId(),
    kind: 'item.matched',
    version: 1,
    at: new Date().toISOString(),
    actor: 'service',
    subject: `item:${randomId()}`,
    refs: { item: randomId(), verdict: randomId(), matches: 1 },
    commitment: randomBytes(32).toString('hex'),
  });
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
