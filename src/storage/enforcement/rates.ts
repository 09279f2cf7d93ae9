import { sql } from 'kysely';
import type { Db } from '../schema.js';
import { TAKING_ACTS } from './action-store.js';

/** How many acts rules have ordered in the last hour, each counted up to a bound. */
export interface Rates {
  readonly platform: number;
  readonly list: number;
  readonly entry: number;
}

const TAKING = sql`act IN (${sql.join(TAKING_ACTS.map((act) => sql.lit(act)))})`;

/** Acts that take something away; what rules order of the rest needs no brake. */
const TAKES = sql`${TAKING} AND ordered_by = 'policy'
  AND ordered_at > now() - interval '1 hour'`;

export async function readRates(
  db: Db,
  of: { readonly platform: string; readonly listId: string | null; readonly entryId: string | null },
  bounds: Rates,
): Promise<Rates> {
  const { platform, listId, entryId } = of;
  const counted = (where: ReturnType<typeof sql>, bound: number) =>
    sql`(SELECT count(*)::int FROM (SELECT FROM action WHERE ${where} AND ${TAKES} LIMIT ${bound}) AS counted)`;
  const { rows } = await sql<Rates>`SELECT
    ${counted(sql`platform = ${platform}`, bounds.platform)} AS platform,
    ${counted(sql`list_id = ${listId}`, bounds.list)} AS list,
    ${counted(sql`list_id = ${listId} AND entry_id = ${entryId}`, bounds.entry)} AS entry`.execute(db);
  return rows[0] as Rates;
}

/** What is over a bound in the last hour. */
export interface OverRate {
  readonly what: 'platform' | 'list' | 'entry';
  readonly platform: string | null;
  readonly listId: string | null;
  readonly entryId: string | null;
  readonly count: number;
}

/** The busiest first, a hundred at the most. What was held for its rate counts too. */
export async function overRates(db: Db, bounds: Rates): Promise<readonly OverRate[]> {
  const { rows } = await sql<OverRate>`
    WITH recent AS MATERIALIZED (
      SELECT platform, list_id, entry_id FROM action
      WHERE proposed_at > now() - interval '1 hour' AND (ordered_by = 'policy' OR held_by = 'rate')
        AND ${TAKING}
    )
    SELECT 'platform' AS what, platform, NULL AS "listId", NULL AS "entryId", count(*)::int AS count
      FROM recent GROUP BY platform HAVING count(*) > ${bounds.platform}
    UNION ALL SELECT 'list', NULL, list_id, NULL, count(*)::int
      FROM recent WHERE list_id IS NOT NULL GROUP BY list_id HAVING count(*) > ${bounds.list}
    UNION ALL SELECT 'entry', NULL, list_id, entry_id, count(*)::int
      FROM recent WHERE list_id IS NOT NULL GROUP BY list_id, entry_id HAVING count(*) > ${bounds.entry}
    ORDER BY count DESC LIMIT 100`.execute(db);
  return rows;
}
