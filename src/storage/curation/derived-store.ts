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

export async function insertDerived(tx: Tx, { id, listId, entry, sealed, proposal }: NewDerived): Promise<void> {
  await tx
    .insertInto('derived_signal')
    .values({ id, list_id: listId, entry_id: entry, sealed, proposal_id: proposal })
    .execute();
}

/** Derived signals of a list, of one entry after the other, by entry id; an entry may have several. Begin with the empty text. */
export async function readDerived(db: Db, listId: string, after: string, entries: number): Promise<StoredDerived[]> {
  const { rows } = await sql<StoredDerived>`
    SELECT id, entry_id AS entry, sealed, withdrawn_at IS NOT NULL AS withdrawn FROM derived_signal
    WHERE list_id = ${listId} AND entry_id IN (
      SELECT DISTINCT entry_id FROM derived_signal WHERE list_id = ${listId} AND entry_id > ${after}
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
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** For each list with derived signals a number that changes whenever they do. */
export async function derivedMarks(db: Db): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .selectFrom('derived_signal')
    .select(['list_id', sql<string>`count(*) || ' ' || count(withdrawn_at)`.as('mark')])
    .groupBy('list_id')
    .execute();
  return new Map(rows.map(({ list_id, mark }) => [list_id, mark]));
}
