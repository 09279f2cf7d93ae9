import { sql } from 'kysely';
import type { Db, Lane, Tx } from '../schema.js';

interface Piece {
  readonly id: string;
  readonly lane: Lane;
}

/**
 * Items that were set aside wait again, as if they had just been handed in; the verdict that could not be told goes.
 * @returns those that were set aside indeed
 */
export async function reopenItems(tx: Tx, ids: readonly string[], published: boolean): Promise<readonly Piece[]> {
  const { rows } = await sql<Piece>`
    WITH reopened AS (
      UPDATE item SET state = 'waiting', published_at = CASE WHEN ${published}::boolean THEN now() END
      WHERE id = ANY (${ids}::text[]) AND state = 'set-aside' RETURNING id, lane
    ), untold AS (DELETE FROM verdict WHERE item_id IN (SELECT id FROM reopened))
    SELECT id, lane FROM reopened`.execute(tx);
  return rows;
}

/** Waiting items that were not given to the stream, oldest first. @param olderMs those of this moment are just being given */
export async function unpublishedItems(db: Db, olderMs: number, limit: number): Promise<readonly Piece[]> {
  const { rows } = await sql<Piece>`
    SELECT id, lane FROM item WHERE state = 'waiting' AND published_at IS NULL
      AND received_at < now() - ${olderMs} * interval '1 millisecond'
    ORDER BY received_at LIMIT ${limit}::int`.execute(db);
  return rows;
}

/** Waiting items of a lane that were given to the stream long ago, oldest first. */
export async function lostItems(db: Db, lane: Lane, olderMs: number, limit: number): Promise<readonly Piece[]> {
  const { rows } = await sql<Piece>`
    SELECT id, lane FROM item WHERE state = 'waiting' AND lane = ${lane}
      AND published_at < now() - ${olderMs} * interval '1 millisecond'
    ORDER BY received_at LIMIT ${limit}::int`.execute(db);
  return rows;
}

/** A place in the waiting items of a lane, by age. */
export interface WaitingPlace {
  /** As the database writes it: a Date would cut the microseconds. */
  readonly at: string;
  readonly id: string;
}

/**
 * Of the next waiting items of a lane, oldest first, those that the stream in the database does not hold: the stream was
 * another one when they came. A portion at a time: a million that wait must not be compared at each look.
 * @returns where the next portion begins; undefined after the last
 */
export async function itemsWithoutWork(
  db: Db,
  lane: Lane,
  after: WaitingPlace | undefined,
  limit: number,
): Promise<{ readonly pieces: readonly Piece[]; readonly next: WaitingPlace | undefined }> {
  const { rows } = await sql<Piece & { at: string; held: boolean }>`
    SELECT id, lane, received_at::text AS at, EXISTS (SELECT FROM work WHERE work.id = looked.id) AS held FROM (
      SELECT id, lane, received_at FROM item WHERE state = 'waiting' AND lane = ${lane}
        ${after === undefined ? sql`` : sql`AND (received_at, id) > (${after.at}::timestamptz, ${after.id})`}
      ORDER BY received_at, id LIMIT ${limit}::int) AS looked`.execute(db);
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    pieces: rows.filter(({ held }) => !held).map(({ id }) => ({ id, lane })),
    next: last === undefined ? undefined : { at: last.at, id: last.id },
  };
}

export async function markPublished(db: Db, ids: readonly string[]): Promise<void> {
  await sql`UPDATE item SET published_at = now() WHERE id = ANY (${ids}::text[]) AND state = 'waiting'`.execute(db);
}

/** How many items wait, counted up to a bound. */
export async function countWaiting(db: Db, bound: number): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    SELECT count(*) AS waiting FROM (SELECT FROM item WHERE state = 'waiting' LIMIT ${bound}::int) AS w`.execute(db);
  return rows[0]?.waiting ?? 0;
}

export async function databaseNow(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('a statement without FROM gives one row');
  return row.now;
}

/** The database's clock, and since when the oldest waiting item of the live lane waits. */
export async function oldestWaiting(db: Db): Promise<{ readonly now: Date; readonly oldest: Date | null }> {
  const { rows } = await sql<{ now: Date; oldest: Date | null }>`
    SELECT clock_timestamp() AS now,
      (SELECT min(received_at) FROM item WHERE state = 'waiting' AND lane = 'live') AS oldest`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('a statement without FROM gives one row');
  return row;
}

/** Which of these blobs belong to an item. */
export async function blobsInUse(db: Db, blobs: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ blob: string }>`
    SELECT blob FROM item_medium WHERE blob = ANY (${blobs}::text[])
    UNION SELECT blob FROM evidence WHERE blob = ANY (${blobs}::text[])`.execute(db);
  return new Set(rows.map(({ blob }) => blob));
}

/** Lets go of items that do not wait any more and came before a moment. @returns how many went, at most `limit` */
export async function dropItems(db: Db, before: Date, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM item WHERE id IN (
      SELECT id FROM item WHERE received_at < ${before} AND state <> 'waiting' LIMIT ${limit}::int)`.execute(db);
  return Number(numAffectedRows);
}
