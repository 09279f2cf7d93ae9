/** How long removals took, from the times that actions keep. */
import { sql } from 'kysely';
import type { Db } from '../schema.js';

/** The parts of the way from a shared item to its confirmed removal, and the whole of it. */
export const STAGES = [
  ['fetch', 'seen_at', 'fetched_at'],
  ['verdict', 'fetched_at', 'verdict_at'],
  ['order', 'verdict_at', 'ordered_at'],
  ['confirm', 'ordered_at', 'ended_at'],
  ['whole', 'seen_at', 'ended_at'],
] as const;

export type StageName = (typeof STAGES)[number][0];

/** What half, and what all but one in a hundred, took at the most; in seconds. */
export interface StageTimes {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

export type RemovalTimes = Readonly<Record<StageName, StageTimes>>;

/** Removals that are looked at, the latest: more say nothing new, and a flood costs no more than this. */
export const MOST_REMOVALS = 100_000;

/**
 * Removals that rules have ordered and the platform confirmed; what waited for a person, was done in a dry run or was gone
 * already says nothing of how fast it goes.
 * The conditions are those of the index `action_removed`: 0.8 s for 100,000 removals in the embedded database, 0.2 s in PostgreSQL.
 */
export async function readRemovalTimes(db: Db, platform: string, hours: number): Promise<RemovalTimes> {
  const figures = STAGES.map(([stage, from, to]) => {
    const took = sql`extract(epoch FROM ${sql.ref(to)} - ${sql.ref(from)})::float8`;
    const at = (share: number) => sql`percentile_disc(${sql.lit(share)}) WITHIN GROUP (ORDER BY greatest(0, ${took}))
      FILTER (WHERE ${sql.ref(from)} IS NOT NULL AND ${sql.ref(to)} IS NOT NULL)`;
    return sql`json_build_object('count', count(${took}), 'p50', ${at(0.5)}, 'p99', ${at(0.99)}) AS ${sql.ref(stage)}`;
  });
  const { rows } = await sql<RemovalTimes>`
    WITH recent AS (
      SELECT seen_at, fetched_at, verdict_at, ordered_at, ended_at FROM action
      WHERE platform = ${platform} AND ended_at > now() - make_interval(hours => ${hours})
        AND state = 'confirmed' AND outcome = 'done' AND NOT dry_run AND ordered_by = 'policy'
        AND act IN ('remove', 'hide')
      ORDER BY ended_at DESC LIMIT ${sql.lit(MOST_REMOVALS)}
    )
    SELECT ${sql.join(figures)} FROM recent`.execute(db);
  return rows[0] as RemovalTimes;
}
