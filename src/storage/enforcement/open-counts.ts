/** How much is open. Ask `inIndexOrder`, so that no more is read than is counted. */
import { sql } from 'kysely';
import { MOST_COUNTED } from '../queue-figures.js';
import type { ActionState, Db } from '../schema.js';

/** Acts that are not at their end, by state; of all together the oldest, up to a bound. */
export async function countOpenActions(db: Db, most = MOST_COUNTED): Promise<ReadonlyMap<ActionState, number>> {
  const { rows } = await sql<{ state: ActionState; count: number }>`
    SELECT state, count(*)::int AS count FROM (
      SELECT state FROM action WHERE state IN ('proposed', 'ordered', 'failed') ORDER BY proposed_at LIMIT ${most}::int
    ) AS open GROUP BY state`.execute(db);
  return new Map(rows.map(({ state, count }) => [state, count]));
}

/** Cases that wait for a decision, up to a bound. */
export async function countOpenCases(db: Db, most = MOST_COUNTED): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM (
      SELECT FROM moderation_case WHERE state = 'open' ORDER BY priority DESC, opened_at LIMIT ${most}::int
    ) AS open`.execute(db);
  return rows[0]?.count ?? 0;
}

/** How many acts wait for people, by platform and reason; of all that are open the oldest, up to a bound. */
export async function countHeld(
  db: Db,
  most = MOST_COUNTED,
): Promise<readonly { readonly platform: string; readonly heldBy: string; readonly count: number }[]> {
  const { rows } = await sql<{ platform: string; heldBy: string; count: number }>`
    SELECT platform, held_by AS "heldBy", count(*)::int AS count FROM (
      SELECT state, platform, held_by FROM action WHERE state IN ('proposed', 'ordered', 'failed')
      ORDER BY proposed_at LIMIT ${most}::int
    ) AS open WHERE state = 'proposed' AND held_by IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`.execute(db);
  return rows;
}
