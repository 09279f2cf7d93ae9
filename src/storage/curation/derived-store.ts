import { sql } from 'kysely';
import type { Db, Tx } from '../schema.js';

/** Derived signals of one entry, as they lie in the database. */
export interface StoredDerived {
  readonly id: string;
  readonly entry: string;
  readonly sealed: Uint8Array;
  readonly withdrawn: boolean;
}

export interface NewDerived {
  readonly id: string;
  readonly listId: string;
  readonly entry: string;
  readonly sealed: Uint8Array;
  readonly proposal: string;
}

/** Derived signals of one entry that wait for the approval of their proposal. */
export type WaitingDerived = Omit<NewDerived, 'listId' | 'proposal'>;

export async function insertDerived(tx: Tx, { id, listId, entry, sealed, proposal }: NewDerived): Promise<void> {
  await tx
    .insertInto('derived_signal')
    .values({ id, list_id: listId, entry_id: entry, sealed, proposal_id: proposal, approved_at: sql<Date>`now()` })
    .execute();
}

/** Writes down what waits: nothing of it acts until `approveWaiting`. */
export async function insertWaiting(
  db: Db,
  { listId, proposal }: Pick<NewDerived, 'listId' | 'proposal'>,
  waiting: readonly WaitingDerived[],
): Promise<void> {
  if (waiting.length === 0) return;
  const rows = waiting.map(({ id, entry, sealed }) => ({ id, entry_id: entry, sealed }));
  await db
    .insertInto('derived_signal')
    .values(rows.map((row) => ({ ...row, list_id: listId, proposal_id: proposal, approved_at: null })))
    .execute();
}

/** From now on what waited for a proposal acts. @returns for how many entries */
export async function approveWaiting(tx: Tx, proposal: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('derived_signal')
    .set({ approved_at: sql<Date>`now()` })
    .where('proposal_id', '=', proposal)
    .where('approved_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Lets go of what waited for a proposal. */
export async function dropWaiting(db: Db, proposal: string): Promise<void> {
  await db.deleteFrom('derived_signal').where('proposal_id', '=', proposal).where('approved_at', 'is', null).execute();
}

/** Lets go of what waits for a proposal that never came, as its file was not read to the end. */
export async function sweepWaiting(db: Db): Promise<void> {
  await sql`
    DELETE FROM derived_signal WHERE approved_at IS NULL AND made_at < now() - interval '1 day'
    AND NOT EXISTS (SELECT FROM proposal WHERE proposal.id = proposal_id)`.execute(db);
}

/** Derived signals of a list, of one entry after the other, by entry id; an entry may have several. Begin with the empty text. */
export async function readDerived(db: Db, listId: string, after: string, entries: number): Promise<StoredDerived[]> {
  const { rows } = await sql<StoredDerived>`
    SELECT id, entry_id AS entry, sealed, withdrawn_at IS NOT NULL AS withdrawn FROM derived_signal
    WHERE list_id = ${listId} AND approved_at IS NOT NULL AND entry_id IN (
      SELECT DISTINCT entry_id FROM derived_signal WHERE list_id = ${listId} AND entry_id > ${after} AND approved_at IS NOT NULL
      ORDER BY entry_id LIMIT ${entries})
    ORDER BY entry_id, approved_at, id`.execute(db);
  return rows;
}

/** Takes back what was derived of an entry. @returns how many rows that were */
export async function withdrawDerived(tx: Tx, listId: string, entryId: string, by: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('derived_signal')
    .set({ withdrawn_at: sql<Date>`now()`, withdrawn_by: by })
    .where('list_id', '=', listId)
    .where('entry_id', '=', entryId)
    .where('withdrawn_at', 'is', null)
    .where('approved_at', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** For each list with derived signals a number that changes whenever they do. */
export async function derivedMarks(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('derived_signal')
    .select(['list_id', sql<string>`count(*) || ' ' || count(withdrawn_at)`.as('mark')])
    .where('approved_at', 'is not', null)
    .groupBy('list_id')
    .execute();
  return new Map(rows.map(({ list_id, mark }) => [list_id, mark]));
}
