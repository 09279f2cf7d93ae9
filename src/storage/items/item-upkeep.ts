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

/** Waiting items that were given to the stream long ago, oldest first. */
export async function lostItems(db: Db, olderMs: number, limit: number): Promise<readonly Piece[]> {
  const { rows } = await sql<Piece>`
    SELECT id, lane FROM item WHERE state = 'waiting' AND published_at < now() - ${olderMs} * interval '1 millisecond'
    ORDER BY received_at LIMIT ${limit}::int`.execute(db);
  return rows;
}

/** Waiting items that the stream in the database does not hold: the stream was another one when they came. */
export async function itemsWithoutWork(db: Db, limit: number): Promise<readonly Piece[]> {
  const { rows } = await sql<Piece>`
    SELECT id, lane FROM item WHERE state = 'waiting' AND NOT EXISTS (SELECT FROM work WHERE work.id = item.id)
    ORDER BY received_at LIMIT ${limit}::int`.execute(db);
  return rows;
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

/** Which of these blobs belong to an item. */
export async function blobsInUse(db: Db, blobs: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ blob: string }>`
    SELECT blob FROM item_medium WHERE blob = ANY (${blobs}::text[])`.execute(db);
  return new Set(rows.map(({ blob }) => blob));
}

/** Lets go of items that do not wait any more and came before a moment. @returns how many went, at most `limit` */
export async function dropItems(db: Db, before: Date, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    DELETE FROM item WHERE id IN (
      SELECT id FROM item WHERE received_at < ${before} AND state <> 'waiting' LIMIT ${limit}::int)`.execute(db);
  return Number(numAffectedRows);
}
