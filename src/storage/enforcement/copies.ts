/** Which items an entry matched, and which media items share: how a decision on one reaches all. */
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import type { Db, Tx } from '../schema.js';

/** A medium as it is compared with those of other items: 63 bits of a keyed digest of its SHA-256, in decimal. */
export function copyKey(key: Uint8Array, sha256: Uint8Array): string {
  const digest = createHmac('sha256', key).update('item-copy').update(sha256).digest();
  return (digest.readBigUInt64BE(0) >> 1n).toString();
}

export interface ItemEntry {
  readonly medium: number;
  readonly listId: string;
  readonly entryId: string;
}

export async function noteMatches(tx: Tx, itemId: string, matches: readonly ItemEntry[]): Promise<void> {
  if (matches.length === 0) return;
  await tx
    .insertInto('item_match')
    .values(
      matches.map(({ medium, listId, entryId }) => ({ item_id: itemId, medium, list_id: listId, entry_id: entryId })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The lists and entries that an item matched. */
export async function matchesOf(db: Db, itemId: string): Promise<readonly ItemEntry[]> {
  return await db
    .selectFrom('item_match')
    .select(['medium', 'list_id as listId', 'entry_id as entryId'])
    .where('item_id', '=', itemId)
    .execute();
}

/** An item that a decision on another one reaches, and by which entry, if by one. */
export interface Reached {
  readonly itemId: string;
  readonly platform: string;
  readonly listId: string | null;
  readonly entryId: string | null;
}

export interface Reach {
  readonly itemId: string;
  /** Media of the item whose copies are meant. */
  readonly media: readonly number[];
  readonly entries: readonly Pick<ItemEntry, 'listId' | 'entryId'>[];
  readonly siblings: boolean;
}

/** Items that share a medium with one, match the same entries, or were shared together with it; a page by item id. */
export async function reachedItems(db: Db, reach: Reach, after: string, limit: number): Promise<readonly Reached[]> {
  const { itemId, media, entries, siblings } = reach;
  const { rows } = await sql<Reached>`
    WITH found AS (
      SELECT c.item_id, NULL AS list_id, NULL AS entry_id FROM item_copy AS own
        JOIN item_copy AS c USING (medium)
        WHERE own.item_id = ${itemId} AND own.ordinal = ANY (${media}::smallint[])
      UNION ALL SELECT m.item_id, m.list_id, m.entry_id
        FROM jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) AS e ("listId" text, "entryId" text)
        JOIN item_match AS m ON m.list_id = e."listId" AND m.entry_id = e."entryId"
      UNION ALL SELECT s.id, NULL, NULL FROM item AS own JOIN item AS s USING (platform, album)
        WHERE own.id = ${itemId} AND ${siblings}::boolean
    )
    SELECT DISTINCT ON (item.id) item.id AS "itemId", item.platform, list_id AS "listId", entry_id AS "entryId"
    FROM found JOIN item ON item.id = found.item_id
    WHERE item.id > ${after} AND item.id <> ${itemId}
    ORDER BY item.id, list_id NULLS FIRST LIMIT ${limit}`.execute(db);
  return rows;
}
