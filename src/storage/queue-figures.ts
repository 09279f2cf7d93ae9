import { sql } from 'kysely';
import type { Db } from './schema.js';

/** How much waits, where, and for how long. */
export interface QueueFigures {
  /** The oldest of the pieces of each lane that come next. */
  readonly work: readonly { readonly lane: string; readonly oldestSeconds: number }[];
  /** Counts end at `MOST_COUNTED`. */
  readonly itemsWaiting: number;
  readonly outbox: readonly { readonly state: string; readonly count: number; readonly oldestSeconds: number }[];
  readonly attention: readonly { readonly kind: string; readonly count: number }[];
  readonly eventsUnsealed: number;
  /** The last verifications of the record of events that came to an end; `at` in Unix time. */
  readonly verified: readonly { readonly part: string; readonly at: number; readonly faults: number }[];
  readonly nodes: readonly { readonly role: string; readonly ready: boolean; readonly count: number }[];
}

/** A million rows that wait must not be counted at each look. */
export const MOST_COUNTED = 100_000;
const NEXT_PIECES = 1_000;

/**
 * One statement; what it counts has partial indexes, so that what is done costs nothing, and is counted up to a bound.
 * Ask `inIndexOrder`, so that no more is read than is counted.
 */
export async function queueFigures(db: Db, most = MOST_COUNTED): Promise<QueueFigures> {
  const { rows } = await sql<{ figures: QueueFigures }>`SELECT json_build_object(
    'work', (SELECT coalesce(json_agg(w), '[]') FROM (
      SELECT lane, extract(epoch FROM now() - min(queued_at)) AS "oldestSeconds" FROM (
        (SELECT lane, queued_at FROM work WHERE lane = 'live' ORDER BY available_at LIMIT ${Math.min(NEXT_PIECES, most)}::int) UNION ALL
        (SELECT lane, queued_at FROM work WHERE lane = 'backfill' ORDER BY available_at LIMIT ${Math.min(NEXT_PIECES, most)}::int)
      ) AS next GROUP BY lane) AS w),
    'itemsWaiting', (SELECT count(*) FROM (
      SELECT FROM item WHERE state = 'waiting' LIMIT ${most}::int) AS i),
    'outbox', (SELECT coalesce(json_agg(o), '[]') FROM (
      SELECT state, count(*), extract(epoch FROM now() - min(created_at)) AS "oldestSeconds" FROM (
        (SELECT state, created_at FROM outbox WHERE state = 'pending' ORDER BY next_at LIMIT ${most}::int) UNION ALL
        (SELECT state, created_at FROM outbox WHERE state = 'exhausted' LIMIT ${most}::int)
      ) AS unfinished GROUP BY state) AS o),
    'attention', (SELECT coalesce(json_agg(a), '[]') FROM (
      SELECT kind, count(*) FROM attention WHERE state <> 'resolved' GROUP BY kind) AS a),
    'eventsUnsealed', (SELECT count(*) FROM (SELECT FROM event
      WHERE xid >= coalesce((SELECT until_xid FROM event_batch ORDER BY number DESC LIMIT 1), -9223372036854775808)
      ORDER BY xid LIMIT ${most}::int) AS e),
    'verified', (SELECT coalesce(json_agg(v), '[]') FROM (
      SELECT part, extract(epoch FROM verified_at) AS at,
        (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(verified_found)) AS faults
      FROM event_verification WHERE verified_at IS NOT NULL) AS v),
    'nodes', (SELECT coalesce(json_agg(n), '[]') FROM (
      SELECT role, ready, count(*) FROM node WHERE left_at IS NULL AND seen_at > now() - interval '1 minute'
      GROUP BY role, ready) AS n)
  ) AS figures`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('a statement without FROM gives one row');
  return row.figures;
}
