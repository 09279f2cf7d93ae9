import { VigieError } from '../../errors.js';
import { advisoryLock } from '../advisory-lock.js';
import type { Database } from '../database.js';
import type { Db } from '../schema.js';
import { type Batch, faultOfBatch, NO_BATCH } from './batch-file.js';
import type { BatchFiles, BatchName } from './batch-files.js';
import { batchesAfter, eventsBetween, namesWithoutRow, type StoredBatch, unsealed } from './batch-store.js';
import type { SealedEvent } from './event-leaf.js';
import type { SubjectKeys } from './subject-keys.js';
import { faultsOfPayloads } from './verify-payloads.js';

/** What can be amiss with the record. */
export const FINDING_KINDS = [
  'batch-file-missing',
  'batch-file-damaged',
  'batch-row-altered',
  'batch-unknown',
  'chain-broken',
  'event-altered',
  'event-missing',
  'event-inserted',
  'payload-altered',
  'payload-missing',
  'payload-inserted',
  'erasure-unrecorded',
] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing that does not fit. */
export interface Finding {
  readonly kind: FindingKind;
  readonly batch: number | null;
  readonly event: string | null;
  readonly detail: string;
}

export interface VerifyResult {
  readonly batches: number;
  readonly events: number;
  readonly findings: number;
  /** Events that no batch holds yet: what was changed among these is not noticed. */
  readonly unsealed: number;
  readonly oldestUnsealed: Date | null;
  /** Hash of the last batch: kept elsewhere, it proves later that nothing before it was changed. */
  readonly head: string;
}

export interface VerifyOptions {
  readonly database: Database;
  readonly files: BatchFiles;
  readonly subjectKeys: SubjectKeys;
  readonly onFinding: (finding: Finding) => void;
  readonly signal?: AbortSignal;
}

const EVERYTHING = 2 ** 31 - 1;
const FIRST_XID = -(2 ** 52);
const LAST_XID = Number.MAX_SAFE_INTEGER;
const NAMES_AT_ONCE = 1_000;

/** How far a comparison has come: everything up to this batch. */
export interface VerifiedTo {
  readonly number: number;
  readonly hash: string;
  /** Events of the batch itself. */
  readonly events: number;
}

export const NOTHING_VERIFIED: VerifiedTo = { number: 0, hash: NO_BATCH, events: 0 };

/** Compares the sealed batches with each other, with the rows of the database, and with the payloads beside them. */
export async function verifyEvents(options: VerifyOptions): Promise<VerifyResult> {
  const { db } = options.database;
  const tail = await unsealed(db, EVERYTHING);
  let findings = 0;
  const counting: VerifyOptions = {
    ...options,
    onFinding: (finding) => {
      findings++;
      options.onFinding(finding);
    },
  };
  let at = NOTHING_VERIFIED;
  let events = 0;
  for await (at of verifyBatches(counting)) events += at.events;
  await verifyAround(counting);
  const { number: batches, hash: head } = at;
  return { batches, events, findings, unsealed: tail.events, oldestUnsealed: tail.oldest, head };
}

/**
 * Compares batch after batch from one on that was verified before, and says after each how far it is. That one must be
 * there still, as it was.
 */
export async function* verifyBatches(
  options: VerifyOptions,
  after: VerifiedTo = NOTHING_VERIFIED,
): AsyncGenerator<VerifiedTo, void> {
  const { database, files, signal } = options;
  const { db } = database;
  const found = foundBy(options);
  let before = { number: 0, hash: NO_BATCH, untilXid: FIRST_XID };
  if (after.number > 0) {
    const [known] = await batchesAfter(db, after.number - 1, 1);
    if (known?.number !== after.number || known.hash !== after.hash) {
      found('chain-broken', after.number, null, 'it is not the one that was verified before');
    }
    before = known?.number === after.number ? known : { ...after, untilXid: LAST_XID };
  }
  for (;;) {
    const page = await batchesAfter(db, before.number, 100);
    for (const row of page) {
      signal?.throwIfAborted();
      if (row.number !== before.number + 1) {
        found('chain-broken', row.number, null, `batch ${before.number + 1} is not in the database`);
      } else if (row.previous !== before.hash) {
        found('chain-broken', row.number, null, 'it does not follow from the batch before');
      }
      const batch = await readBatch(files, row, found);
      const from = Math.min(before.untilXid, row.fromXid);
      const events = batch === undefined ? 0 : await compareRows(db, { ...row, fromXid: from }, batch, options, found);
      before = row;
      yield { number: row.number, hash: row.hash, events };
    }
    if (page.length === 0) return;
  }
}

/** What is looked for once, and not batch by batch: files that no batch names, and subjects that went without a word. */
export async function verifyAround(options: VerifyOptions): Promise<void> {
  const { database, files, signal } = options;
  const found = foundBy(options);
  let page: BatchName[] = [];
  const look = async (): Promise<void> => {
    signal?.throwIfAborted();
    for (const { number } of await withoutRow(database, page)) {
      const detail = 'a sealed file that the database does not know, as after an older backup was restored';
      found('batch-unknown', number, null, detail);
    }
    page = [];
  };
  for await (const name of files.list()) {
    page.push(name);
    if (page.length === NAMES_AT_ONCE) await look();
  }
  await look();
  for (const subject of await unrecordedErasures(database.db)) found('erasure-unrecorded', null, null, subject);
}

type Found = (kind: FindingKind, batch: number | null, event: string | null, detail: string) => void;

function foundBy({ onFinding }: VerifyOptions): Found {
  return (kind, batch, event, detail) => onFinding({ kind, batch, event, detail });
}

/** The files that the database does not know. One that is just being written gets its row while we wait for the sealer. */
async function withoutRow(database: Database, names: readonly BatchName[]): Promise<readonly BatchName[]> {
  const unknown = await namesWithoutRow(database.db, names);
  if (unknown.length === 0) return [];
  return await database.transaction(async (tx) => {
    await advisoryLock(tx, 'event-seal');
    return await namesWithoutRow(tx, unknown);
  });
}

async function readBatch(files: BatchFiles, row: StoredBatch, found: Found): Promise<Batch | undefined> {
  let batch: Batch | undefined;
  try {
    batch = await files.read(row);
  } catch (error) {
    // The files are away, and say nothing of themselves.
    if (error instanceof VigieError && error.code === 'store-unavailable') throw error;
    const missing = error instanceof VigieError && error.code === 'blob-not-found';
    const detail = missing ? 'the file of the batch is not there' : VigieError.from(error).message;
    found(missing ? 'batch-file-missing' : 'batch-file-damaged', row.number, null, detail);
    return undefined;
  }
  const fault = batch === undefined ? 'it is no batch' : faultOfBatch(batch);
  if (batch === undefined || fault !== undefined) {
    found('batch-file-damaged', row.number, null, fault ?? 'it is no batch');
    return undefined;
  }
  for (const field of ['number', 'events', 'root', 'previous', 'hash', 'sealedAt'] as const) {
    if (batch.header[field] !== row[field]) found('batch-row-altered', row.number, null, field);
  }
  return batch;
}

async function compareRows(
  db: Db,
  row: StoredBatch,
  { leaves }: Batch,
  { subjectKeys }: VerifyOptions,
  found: Found,
): Promise<number> {
  const rows = await eventsBetween(db, row.fromXid, row.untilXid, EVERYTHING);
  const sealed = new Map(leaves.map((leaf) => [(JSON.parse(leaf) as SealedEvent).id, leaf]));
  const unchanged: SealedEvent[] = [];
  for (const { id, leaf } of rows) {
    const was = sealed.get(id);
    sealed.delete(id);
    if (was === undefined) found('event-inserted', row.number, id, 'the sealed batch does not hold it');
    else if (was === leaf) unchanged.push(JSON.parse(leaf) as SealedEvent);
    else found('event-altered', row.number, id, changedFields(was, leaf).join(', '));
  }
  for (const id of sealed.keys()) found('event-missing', row.number, id, 'its row is gone');
  for (const { event, kind, detail } of await faultsOfPayloads(db, subjectKeys, unchanged)) {
    found(kind, row.number, event, detail);
  }
  return leaves.length;
}

function changedFields(was: string, is: string): string[] {
  const [a, b] = [JSON.parse(was) as Record<string, unknown>, JSON.parse(is) as Record<string, unknown>];
  return Object.keys(a).filter((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]));
}

/** Subjects whose key was destroyed without an event that says so. */
async function unrecordedErasures(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('subject_key')
    .select('subject')
    .where('erased_at', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('event')
            .select('id')
            .whereRef('event.subject', '=', 'subject_key.subject')
            .where('kind', '=', 'subject.erased'),
        ),
      ),
    )
    .execute();
  return rows.map(({ subject }) => subject);
}
