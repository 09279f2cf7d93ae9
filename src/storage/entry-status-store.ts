import { sql } from 'kysely';
import { appendListChange } from './list-change-log.js';
import { lockList } from './list-store.js';
import type { Db, EntryStatusName, EntryStatusRow, Tx } from './schema.js';

/** Entries named by one row of the change log. */
const AT_ONCE = 10_000;

export interface EntryStatusChange {
  readonly listId: string;
  readonly entryIds: readonly string[];
  readonly status: EntryStatusName;
  readonly reason: string | null;
  /** Id of the principal. */
  readonly changedBy: string | null;
}

/**
 * Sets the status of entries, whether or not they had one. That they exist is the caller's to know: entries live in
 * segments.
 * @returns the sequence number of the (last) change; every process has taken it in once it has applied that
 * @throws VigieError `list-not-found`
 */
export async function setEntryStatus(tx: Tx, change: EntryStatusChange): Promise<number> {
  const { listId, status, reason, changedBy } = change;
  await lockList(tx, listId);
  const entryIds = [...new Set(change.entryIds)];
  for (let from = 0; from < entryIds.length; from += AT_ONCE) {
    const entries = JSON.stringify(entryIds.slice(from, from + AT_ONCE));
    await sql`
      INSERT INTO entry_status (list_id, entry_id, status, reason, changed_by)
      SELECT ${listId}, id, ${status}, ${reason}, ${changedBy} FROM jsonb_array_elements_text(${entries}::jsonb) AS id
      ON CONFLICT (list_id, entry_id) DO UPDATE SET
        status = excluded.status, reason = excluded.reason, changed_by = excluded.changed_by, changed_at = now()
    `.execute(tx);
  }
  let seq = 0;
  for (let from = 0; from < entryIds.length || seq === 0; from += AT_ONCE) {
    const entries = entryIds.slice(from, from + AT_ONCE);
    seq = await appendListChange(tx, { kind: 'entry', listId, payload: { status, entries } });
  }
  return seq;
}

/** A page of the entries of a list that have a status, by entry id. Begin with the empty text. */
export async function readEntryStatuses(
  db: Db,
  listId: string,
  after: string,
  limit: number,
): Promise<EntryStatusRow[]> {
  return await db
    .selectFrom('entry_status')
    .selectAll()
    .where('list_id', '=', listId)
    .where('entry_id', '>', after)
    .orderBy('entry_id')
    .limit(limit)
    .execute();
}

/** The statuses of some entries; those without one are left out. */
export async function findEntryStatuses(
  db: Db,
  listId: string,
  entryIds: readonly string[],
): Promise<EntryStatusRow[]> {
  if (entryIds.length === 0) return [];
  return await db
    .selectFrom('entry_status')
    .selectAll()
    .where('list_id', '=', listId)
    .where('entry_id', 'in', [...entryIds])
    .execute();
}
