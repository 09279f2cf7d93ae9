import { sql } from 'kysely';
import type { Db } from './schema.js';

/** That an entry matched a medium. */
export interface MatchedMedium {
  /** Name of the list. */
  readonly list: string;
  readonly entry: string;
  /** 63 bits of a keyed digest of the medium, as a decimal number. */
  readonly medium: string;
}

/** An entry that matched many different media. */
export interface FloodingEntry {
  readonly listId: string;
  readonly list: string;
  readonly entry: string;
  /** How many different media, those of the window. */
  readonly media: number;
}

/**
 * Notes matches, each medium of an entry once, whichever node saw it. Entries that are silent, and those that a person
 * has restored, are left out: there is nothing to be decided of them any more.
 * @param limit from so many different media on it is a flood
 * @returns the entries among these that flood
 */
export async function noteMedia(
  db: Db,
  matches: readonly MatchedMedium[],
  { limit, windowMs }: { readonly limit: number; readonly windowMs: number },
): Promise<readonly FloodingEntry[]> {
  const batch = JSON.stringify(matches);
  // In one order in every process, so that none waits for one that waits for it.
  await sql`
    INSERT INTO entry_medium (list_id, entry_id, medium)
    SELECT DISTINCT list.id, told.entry, told.medium
    FROM jsonb_to_recordset(${batch}::jsonb) AS told (list text, entry text, medium bigint)
    JOIN list ON list.name = told.list
    WHERE NOT EXISTS (
      SELECT FROM entry_status AS s
      WHERE s.list_id = list.id AND s.entry_id = told.entry AND (
        s.status IN ('withdrawn', 'inactive') OR (s.status = 'active' AND s.origin IN ('person', 'quarantine'))
      )
    )
    ORDER BY 1, 2, 3
    ON CONFLICT (list_id, entry_id, medium) DO UPDATE SET at = now()
  `.execute(db);
  const { rows } = await sql<FloodingEntry>`
    SELECT m.list_id AS "listId", list.name AS list, m.entry_id AS entry, count(*) AS media
    FROM entry_medium AS m JOIN list ON list.id = m.list_id
    JOIN (SELECT DISTINCT list, entry FROM jsonb_to_recordset(${batch}::jsonb) AS t (list text, entry text)) AS told
      ON told.list = list.name AND told.entry = m.entry_id
    WHERE m.at > now() - ${windowMs}::float8 * interval '1 millisecond'
    GROUP BY 1, 2, 3 HAVING count(*) >= ${limit}
  `.execute(db);
  return rows.map((row) => ({ ...row, media: Number(row.media) }));
}

/** Forgets the media of an entry. */
export async function forgetMediaOf(db: Db, listId: string, entry: string): Promise<void> {
  await db.deleteFrom('entry_medium').where('list_id', '=', listId).where('entry_id', '=', entry).execute();
}

/** Forgets media that were matched longer ago than the window. @returns how many */
export async function forgetOldMedia(db: Db, windowMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('entry_medium')
    .where('at', '<', sql<Date>`now() - ${windowMs}::float8 * interval '1 millisecond'`)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
