import { sql } from 'kysely';
import type { Db, Tx } from '../schema.js';
import type { ActionRow } from './action-store.js';

/**
 * Takes orders back that are not just being sent: their effects are dropped, and they wait for a person.
 * @param platform undefined for all
 * @returns the actions as they are now
 */
export async function holdOrdered(tx: Tx, platform: string | undefined, limit: number): Promise<readonly ActionRow[]> {
  const { rows } = await sql<ActionRow>`
    WITH waiting AS (
      SELECT o.id FROM action AS a JOIN outbox AS o ON o.id = a.effect_id
      WHERE a.state = 'ordered' AND o.state = 'pending' AND (o.leased_until IS NULL OR o.leased_until <= now())
        AND (${platform ?? null}::text IS NULL OR a.platform = ${platform ?? null})
      ORDER BY o.position LIMIT ${limit} FOR UPDATE OF o SKIP LOCKED
    ), dropped AS (
      UPDATE outbox SET state = 'dropped', last_error = 'stop', finished_at = now(), leased_by = NULL, leased_until = NULL
      FROM waiting WHERE outbox.id = waiting.id RETURNING outbox.id
    )
    UPDATE action SET state = 'proposed', held_by = 'stop', effect_id = NULL
    FROM dropped WHERE action.effect_id = dropped.id AND action.state = 'ordered' RETURNING action.*`.execute(tx);
  return rows;
}

/** Ids of actions that wait since a stop, a page by id. */
export async function stoppedActions(
  db: Db,
  { platform, after }: { readonly platform: string | undefined; readonly after: string },
  limit: number,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('action')
    .select('id')
    .where('state', '=', 'proposed')
    .where('held_by', '=', 'stop')
    .where('id', '>', after)
    .$if(platform !== undefined, (query) => query.where('platform', '=', platform ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** Platforms for which orders have waited for their first attempt for so long: no process holds the connection. */
export async function neglectedPlatforms(
  db: Db,
  waitMs: number,
): Promise<readonly { readonly platform: string; readonly count: number }[]> {
  const { rows } = await sql<{ platform: string; count: number }>`
    SELECT a.platform, count(*)::int AS count FROM action AS a JOIN outbox AS o ON o.id = a.effect_id
    WHERE a.state = 'ordered' AND o.state = 'pending' AND o.attempts = 0
      AND o.next_at < now() - ${waitMs}::float8 * interval '1 millisecond'
    GROUP BY 1`.execute(db);
  return rows;
}

/** An entry that is doubted since, and for which something is taken down on a platform. */
export interface DoubtedEntry {
  readonly listId: string;
  readonly entryId: string;
  readonly status: string;
  readonly count: number;
}

/**
 * Entries that were withdrawn or disputed of late, after something was done for them, and of which nobody was told since.
 * What was undone, or is being undone, does not count.
 */
export async function doubtedEntries(db: Db, sinceMs: number, kind: string): Promise<readonly DoubtedEntry[]> {
  const { rows } = await sql<DoubtedEntry>`
    SELECT s.list_id AS "listId", s.entry_id AS "entryId", max(s.status) AS status, count(DISTINCT a.id)::int AS count
    FROM entry_status AS s JOIN action AS a ON a.list_id = s.list_id AND a.entry_id = s.entry_id
    WHERE s.status IN ('withdrawn', 'disputed') AND s.changed_at > now() - ${sinceMs}::float8 * interval '1 millisecond'
      AND a.state = 'confirmed' AND a.undoes IS NULL AND NOT a.dry_run AND a.act NOT IN ('notify-author', 'notify-room')
      AND NOT EXISTS (SELECT FROM action AS u WHERE u.undoes = a.id AND u.state IN ('ordered', 'confirmed'))
      AND NOT EXISTS (
        SELECT FROM attention AS t WHERE t.kind = ${kind} AND t.cause = s.list_id || ' ' || s.entry_id
          AND t.last_at >= s.changed_at
      )
    GROUP BY 1, 2 LIMIT 100`.execute(db);
  return rows;
}
