import { sql } from 'kysely';
import type { Db, Lane, Surface } from '../schema.js';
import { dayOf } from './store-verdicts.js';

/** What an item was told last, with where it was shared. */
export interface ItemVerdict {
  /** UTC day and id: where the next page begins. */
  readonly day: string;
  readonly id: string;
  readonly itemId: string;
  readonly verdict: 'match' | 'no-match' | 'could-not-tell';
  readonly reason: string | null;
  readonly detail: unknown;
  readonly at: Date;
  readonly platform: string;
  readonly surface: Surface;
  readonly lane: Lane;
  readonly room: string | null;
  readonly accountId: string | null;
  /** Only when it was asked for. */
  readonly sealed: Uint8Array | null;
}

export interface VerdictWindow {
  readonly from: Date;
  /** Not itself a part of it. */
  readonly until: Date;
}

const COLUMNS = sql`v.day::text AS day, v.id, v.item_id AS "itemId", v.verdict, v.reason, v.detail, v.at,
  i.platform, i.surface, i.lane, i.room, i.account_id AS "accountId"`;

/** The last verdict of one item; undefined while there is none, or no such item. */
export async function readLastVerdict(db: Db, itemId: string): Promise<ItemVerdict | undefined> {
  const { rows } = await sql<ItemVerdict>`
    SELECT ${COLUMNS}, i.sealed FROM verdict v JOIN item i ON i.id = v.item_id
    WHERE v.item_id = ${itemId} ORDER BY v.at DESC LIMIT 1`.execute(db);
  return rows[0];
}

/**
 * A page of the last verdicts of items, newest days first; within a day in the order of their random ids. A verdict that
 * another one followed, as when an item was looked at again, is left out. Read along the primary key of each day.
 * @param after the last one of the page before
 */
export async function readItemVerdicts(
  db: Db,
  { from, until }: VerdictWindow,
  {
    after,
    limit,
    sealed,
  }: { readonly after?: ItemVerdict | undefined; readonly limit: number; readonly sealed: boolean },
): Promise<readonly ItemVerdict[]> {
  const { day, id } = after ?? { day: '9999-12-31', id: '' };
  const { rows } = await sql<ItemVerdict>`
    SELECT ${COLUMNS},
           CASE WHEN ${sealed}::boolean THEN i.sealed END AS sealed
    FROM verdict v JOIN item i ON i.id = v.item_id
    WHERE v.day >= ${dayOf(from)}::date AND v.day <= ${dayOf(until)}::date AND v.at >= ${from} AND v.at < ${until}
      AND (v.day, v.id) < (${day}::date, ${id}::text)
      AND (v.verdict <> 'could-not-tell' OR NOT EXISTS (
        SELECT FROM verdict later WHERE later.item_id = v.item_id AND later.day >= v.day AND later.at > v.at))
    ORDER BY v.day DESC, v.id DESC LIMIT ${limit}`.execute(db);
  return rows;
}
