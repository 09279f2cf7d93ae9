import { sql } from 'kysely';
import type { Db, Tx } from '../schema.js';

/** Says until when an entry holds; null for without an end. What was said before is over. */
export async function setEntryTerm(tx: Tx, listId: string, entryId: string, until: Date | null): Promise<void> {
  await tx.deleteFrom('entry_term').where('list_id', '=', listId).where('entry_id', '=', entryId).execute();
  if (until !== null) await tx.insertInto('entry_term').values({ list_id: listId, entry_id: entryId, until }).execute();
}

/** Until when an entry holds, or held; null for without an end. */
export async function findEntryTerm(db: Db, listId: string, entryId: string): Promise<Date | null> {
  const row = await db
    .selectFrom('entry_term')
    .select('until')
    .where('list_id', '=', listId)
    .where('entry_id', '=', entryId)
    .executeTakeFirst();
  return row?.until ?? null;
}

/** Lists that have entries whose time is over, by the database's clock. Asked several times a second: a look at a partial index. */
export async function listsWithDueTerms(db: Db): Promise<string[]> {
  const { rows } = await sql<{ list_id: string }>`
    SELECT DISTINCT list_id FROM (
      SELECT list_id FROM entry_term WHERE ended_at IS NULL AND until <= now() LIMIT 10000) AS due`.execute(db);
  return rows.map(({ list_id }) => list_id);
}

/** Marks terms of a list that are over. @returns the entries, at most `limit` */
export async function endDueTerms(tx: Tx, listId: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ entry_id: string }>`
    UPDATE entry_term SET ended_at = now() WHERE list_id = ${listId} AND entry_id IN (
      SELECT entry_id FROM entry_term
      WHERE list_id = ${listId} AND ended_at IS NULL AND until <= now() ORDER BY entry_id LIMIT ${limit} FOR UPDATE)
    RETURNING entry_id`.execute(tx);
  return rows.map(({ entry_id }) => entry_id);
}
