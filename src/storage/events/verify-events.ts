import { VigieError } from '../../errors.js';
import type { Database } from '../database.js';
import type { Db } from '../schema.js';
import type { BatchDirectory } from './batch-directory.js';
import { type Batch, faultOfBatch, NO_BATCH } from './batch-file.js';
import { batchesAfter, eventsBetween, type StoredBatch, unsealed } from './batch-store.js';
import type { SealedEvent } from './event-leaf.js';
import type { SubjectKeys } from './subject-keys.js';
import { faultsOfPayloads } from './verify-payloads.js';

export type FindingKind =
  | 'batch-file-missing'
  | 'batch-file-damaged'
  | 'batch-row-altered'
  | 'batch-unknown'
  | 'chain-broken'
  | 'event-altered'
  | 'event-missing'
  | 'event-inserted'
  | 'payload-altered'
  | 'payload-missing'
  | 'payload-inserted'
  | 'erasure-unrecorded';

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
  readonly files: BatchDirectory;
  readonly subjectKeys: SubjectKeys;
  readonly onFinding: (finding: Finding) => void;
  readonly signal?: AbortSignal;
}

const EVERYTHING = 2 ** 31 - 1;
const FIRST_XID = -(2 ** 52);

/** Compares the sealed batches with each other, with the rows of the database, and with the payloads beside them. */
export async function verifyEvents(options: VerifyOptions): Promise<VerifyResult> {
  const { database, files, signal } = options;
  const { db } = database;
  const tail = await unsealed(db);
  let findings = 0;
  const found = (kind: FindingKind, batch: number | null, event: string | null, detail: string): void => {
    findings++;
    options.onFinding({ kind, batch, event, detail });
  };
  const names = new Set((await files.list()).map(({ number, hash }) => `${number}/${hash}`));
  let before = { number: 0, hash: NO_BATCH, untilXid: FIRST_XID };
  let events = 0;
  for (;;) {
    const page = await batchesAfter(db, before.number, 100);
    for (const row of page) {
      signal?.throwIfAborted();
      names.delete(`${row.number}/${row.hash.slice(0, 16)}`);
      if (row.number !== before.number + 1) {
        found('chain-broken', row.number, null, `batch ${before.number + 1} is not in the database`);
      } else if (row.previous !== before.hash) {
        found('chain-broken', row.number, null, 'it does not follow from the batch before');
      }
      const batch = await readBatch(files, row, found);
      const from = Math.min(before.untilXid, row.fromXid);
      if (batch !== undefined) events += await compareRows(db, { ...row, fromXid: from }, batch, options, found);
      before = row;
    }
    if (page.length === 0) break;
  }
  for (const name of names) {
    const detail = 'a sealed file that the database does not know, as after an older backup was restored';
    found('batch-unknown', Number(name.split('/')[0]), null, detail);
  }
  for (const subject of await unrecordedErasures(db)) found('erasure-unrecorded', null, null, subject);
  const { number: batches, hash: head } = before;
  return { batches, events, findings, unsealed: tail.events, oldestUnsealed: tail.oldest, head };
}

type Found = (kind: FindingKind, batch: number | null, event: string | null, detail: string) => void;

async function readBatch(files: BatchDirectory, row: StoredBatch, found: Found): Promise<Batch | undefined> {
  let batch: Batch | undefined;
  try {
    batch = await files.read(row);
  } catch (error) {
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
