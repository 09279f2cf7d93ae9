import { sql } from 'kysely';
import type { Db, Tx } from '../schema.js';
import type { Told } from './verdict-record.js';

/** The UTC day of a moment, as YYYY-MM-DD. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/**
 * Stores a batch in one statement: items that still wait are moved on, their verdicts and those without an item are
 * inserted and counted in the roll-up of their minute, media are noted for their copies, and those that were looked at
 * lose their bytes' names. Doing it
 * again adds nothing: a verdict that is there is not counted twice, an item that was told stays as it is.
 * @param batch each item at most once
 * @returns ids of the verdicts that were stored
 */
export async function storeVerdicts(db: Db | Tx, batch: readonly Told[]): Promise<ReadonlySet<string>> {
  const rows = batch.map(({ verdict, moves, copies = [] }) => ({
    day: dayOf(verdict.at),
    id: verdict.id,
    item_id: verdict.itemId,
    medium: verdict.medium,
    verdict: verdict.verdict,
    reason: verdict.reason,
    detail: verdict.detail,
    engine: verdict.engine,
    applied_seq: verdict.appliedSeq,
    node: verdict.node,
    at: verdict.at,
    surface: verdict.surface,
    milliseconds: verdict.milliseconds,
    moves: moves ?? null,
    copies,
  }));
  const stored = await sql<{ id: string }>`
    WITH told AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS t (
        day date, id text, item_id text, medium smallint, verdict text, reason text, detail jsonb, engine text,
        applied_seq bigint, node text, at timestamptz, surface text, milliseconds double precision, moves text, copies jsonb)
    ), moved AS (
      UPDATE item SET state = told.moves, told_at = CASE WHEN told.moves = 'told' THEN told.at END
      FROM told WHERE item.id = told.item_id AND told.moves IS NOT NULL AND item.state = 'waiting'
      RETURNING item.id, item.state
    ), stored AS (
      INSERT INTO verdict (day, id, item_id, medium, verdict, reason, detail, engine, applied_seq, node, at)
      SELECT day, id, item_id, medium, verdict, reason, detail, engine, applied_seq, node, at FROM told
      WHERE moves IS NULL OR item_id IN (SELECT id FROM moved)
      ON CONFLICT (day, id) DO NOTHING RETURNING id
    ), counted AS (
      INSERT INTO verdict_minute AS m (minute, node, surface, verdict, reason, count, milliseconds)
      SELECT date_trunc('minute', at), node, surface, verdict, coalesce(reason, ''), count(*), sum(milliseconds)
      FROM told JOIN stored USING (id) GROUP BY 1, 2, 3, 4, 5
      ON CONFLICT (minute, node, surface, verdict, reason)
      DO UPDATE SET count = m.count + excluded.count, milliseconds = m.milliseconds + excluded.milliseconds
    ), copied AS (
      INSERT INTO item_copy (medium, item_id, ordinal)
      SELECT c.medium, moved.id, c.ordinal FROM told JOIN moved ON moved.id = told.item_id,
        jsonb_to_recordset(told.copies) AS c (medium bigint, ordinal smallint)
      ON CONFLICT DO NOTHING
    ), looked_at AS (
      UPDATE item_medium SET blob = NULL FROM moved
      WHERE item_id = moved.id AND moved.state = 'told' AND blob IS NOT NULL
    )
    SELECT id FROM stored`.execute(db);
  return new Set(stored.rows.map(({ id }) => id));
}
