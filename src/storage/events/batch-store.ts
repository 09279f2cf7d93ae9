import { sql } from 'kysely';
import { MOST_COUNTED } from '../queue-figures.js';
import type { Db, Tx } from '../schema.js';
import { type BatchHeader, NO_BATCH } from './batch-file.js';
import type { BatchName } from './batch-files.js';
import { leafText, sealedEventOf } from './event-leaf.js';

/** A batch as the database knows it. Its events are those with `fromXid <= xid < untilXid`. */
export interface StoredBatch extends BatchHeader {
  readonly fromXid: number;
  readonly untilXid: number;
}

export interface PendingEvent {
  readonly id: string;
  readonly xid: number;
  readonly at: Date;
  readonly leaf: string;
}

/** The batch that was sealed last; one of number 0 when there is none. */
export async function lastBatch(db: Db): Promise<{ readonly number: number; readonly hash: string; untilXid: number }> {
  const row = await db.selectFrom('event_batch').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? { number: 0, hash: NO_BATCH, untilXid: 0 } : storedBatch(row);
}

/** Batches after a number, oldest first. */
export async function batchesAfter(db: Db, number: number, limit: number): Promise<StoredBatch[]> {
  const rows = await db
    .selectFrom('event_batch')
    .selectAll()
    .where('number', '>', number)
    .orderBy('number')
    .limit(limit)
    .execute();
  return rows.map(storedBatch);
}

export async function insertBatch(tx: Tx, batch: StoredBatch): Promise<void> {
  const { number, fromXid, untilXid, events, root, previous, hash, sealedAt } = batch;
  await tx
    .insertInto('event_batch')
    .values({
      number,
      from_xid: fromXid,
      until_xid: untilXid,
      events,
      root: Buffer.from(root, 'hex'),
      previous: Buffer.from(previous, 'hex'),
      hash: Buffer.from(hash, 'hex'),
      sealed_at: new Date(sealedAt),
    })
    .execute();
}

/** Those of the files whose batch has no row. */
export async function namesWithoutRow(db: Db, names: readonly BatchName[]): Promise<readonly BatchName[]> {
  if (names.length === 0) return [];
  const numbers = [...new Set(names.map(({ number }) => number))];
  const rows = await db.selectFrom('event_batch').select(['number', 'hash']).where('number', 'in', numbers).execute();
  const known = new Set(rows.map((row) => `${row.number}/${Buffer.from(row.hash).toString('hex').slice(0, 16)}`));
  return names.filter(({ number, hash }) => !known.has(`${number}/${hash}`));
}

/**
 * The number below which every transaction has ended: what is not there of these now, will never be. A plain sequence
 * would not do: a transaction that took a low number may commit after one with a higher number was read.
 */
export async function settledXid(db: Db): Promise<number> {
  const { rows } = await sql<{ xid: number }>`
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid`.execute(db);
  return rows[0]?.xid ?? 0;
}

/** Events with `from <= xid < until`, at most `limit`, by xid. The leaf is what is sealed of each. */
export async function eventsBetween(db: Db, from: number, until: number, limit: number): Promise<PendingEvent[]> {
  const rows = await db
    .selectFrom('event')
    .selectAll()
    .where('xid', '>=', from)
    .where('xid', '<', until)
    .orderBy('xid')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ id: row.id, xid: row.xid, at: row.at, leaf: leafText(sealedEventOf(row)) }));
}

/** How many events are not sealed yet, counted up to a bound, and since when the oldest of them waits. */
export async function unsealed(
  db: Db,
  most = MOST_COUNTED,
): Promise<{ readonly events: number; readonly oldest: Date | null }> {
  const { untilXid } = await lastBatch(db);
  const { events, oldest } = await db
    .selectFrom(db.selectFrom('event').select('at').where('xid', '>=', untilXid).orderBy('xid').limit(most).as('open'))
    .select((eb) => [eb.fn.countAll<number>().as('events'), eb.fn.min('at').as('oldest')])
    .executeTakeFirstOrThrow();
  return { events, oldest };
}

interface BatchRow {
  readonly number: number;
  readonly from_xid: number;
  readonly until_xid: number;
  readonly events: number;
  readonly root: Uint8Array;
  readonly previous: Uint8Array;
  readonly hash: Uint8Array;
  readonly sealed_at: Date;
}

function storedBatch(row: BatchRow): StoredBatch {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return {
    format: 1,
    number: row.number,
    events: row.events,
    root: hex(row.root),
    previous: hex(row.previous),
    hash: hex(row.hash),
    sealedAt: row.sealed_at.toISOString(),
    fromXid: row.from_xid,
    untilXid: row.until_xid,
  };
}
