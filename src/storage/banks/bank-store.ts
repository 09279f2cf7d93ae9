import { sql } from 'kysely';
import type { Db } from '../schema.js';

/** A list of media as a bank. */
export interface StoredBank {
  readonly name: string;
  readonly listId: string;
  readonly list: string;
  readonly ratio: number;
}

/** All banks by name. Lists of known good are none: what they hold is not looked for. */
export async function listBanks(db: Db): Promise<readonly StoredBank[]> {
  return await banks(db).orderBy('bank.name').execute();
}

export async function findBank(db: Db, name: string): Promise<StoredBank | undefined> {
  return await banks(db).where('bank.name', '=', name).executeTakeFirst();
}

function banks(db: Db) {
  return db
    .selectFrom('bank')
    .innerJoin('list', 'list.id', 'bank.list_id')
    .select(['bank.name', 'list.id as listId', 'list.name as list', 'list.sample_ratio as ratio'])
    .where('list.role', '=', 'block')
    .where('list.content', '=', 'media');
}

/** Lists of media that have no name as a bank yet. */
export async function unnamedLists(db: Db): Promise<readonly { readonly id: string; readonly name: string }[]> {
  return await db
    .selectFrom('list')
    .select(['list.id', 'list.name'])
    .leftJoin('bank', 'bank.list_id', 'list.id')
    .where('bank.name', 'is', null)
    .where('list.role', '=', 'block')
    .where('list.content', '=', 'media')
    .orderBy('list.created_at')
    .orderBy('list.id')
    .execute();
}

/** @returns false when the name is taken, or the list has one or is gone */
export async function nameBank(db: Db, listId: string, name: string): Promise<boolean> {
  const { rows } = await sql`
    INSERT INTO bank (name, list_id) SELECT ${name}, id FROM list WHERE id = ${listId}
    ON CONFLICT DO NOTHING RETURNING name`.execute(db);
  return rows.length > 0;
}

/** @returns false when another bank has the name */
export async function renameBank(db: Db, listId: string, name: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    UPDATE bank SET name = ${name} WHERE list_id = ${listId}
    AND NOT EXISTS (SELECT FROM bank AS other WHERE other.name = ${name} AND other.list_id <> ${listId})`.execute(db);
  return numAffectedRows === 1n;
}
