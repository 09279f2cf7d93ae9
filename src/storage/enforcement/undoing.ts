import type { Db } from '../schema.js';
import { type ActionRow, TAKING_ACTS } from './action-store.js';

/** Actions that take something away, or wait to do so. */
const selectTaking = (db: Db) =>
  db
    .selectFrom('action')
    .selectAll()
    .where('undoes', 'is', null)
    .where('act', 'in', [...TAKING_ACTS])
    .where('state', 'in', ['proposed', 'ordered', 'failed', 'confirmed']);

export async function actionsOfItems(db: Db, itemIds: readonly string[]): Promise<readonly ActionRow[]> {
  if (itemIds.length === 0) return [];
  return await selectTaking(db)
    .where('subject_kind', '=', 'item')
    .where('subject_id', 'in', [...itemIds])
    .execute();
}

/** A page by id. */
export async function actionsOfEntry(
  db: Db,
  { listId, entryId }: { readonly listId: string; readonly entryId: string },
  after: string,
  limit: number,
): Promise<readonly ActionRow[]> {
  return await selectTaking(db)
    .where('list_id', '=', listId)
    .where('entry_id', '=', entryId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function isUndone(db: Db, id: string): Promise<boolean> {
  const row = await db
    .selectFrom('action')
    .select('id')
    .where('undoes', '=', id)
    .where('state', 'in', ['proposed', 'ordered', 'confirmed'])
    .executeTakeFirst();
  return row !== undefined;
}
