import { sql } from 'kysely';
import type { Db, MatchOpinion, Tx } from '../schema.js';

/** What a person says of one match of a verdict. */
export interface Judgement {
  readonly id: string;
  readonly listId: string;
  readonly entry: string;
  readonly verdict: string;
  /** Ordinal of the medium. */
  readonly medium: number;
  readonly opinion: MatchOpinion;
  /** Type of the signal that matched. */
  readonly signal: string;
  /** The list was tried out: nothing followed from the match. */
  readonly shadow: boolean;
  readonly reason: string;
  readonly by: string;
}

/** How often matches of a list were confirmed and refuted; those of its time in shadow apart. */
export interface JudgementCounts {
  readonly confirmed: number;
  readonly refuted: number;
  readonly shadowConfirmed: number;
  readonly shadowRefuted: number;
}

/** Stores a judgement; one on the same match is replaced. */
export async function putJudgement(tx: Tx, judgement: Judgement): Promise<void> {
  const { id, listId, entry, verdict, medium, opinion, signal, shadow, reason, by } = judgement;
  await tx
    .insertInto('judgement')
    .values({
      ...{ id, medium, opinion, signal, shadow, reason },
      list_id: listId,
      entry_id: entry,
      verdict_id: verdict,
      judged_by: by,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['verdict_id', 'list_id', 'entry_id'])
        .doUpdateSet({ opinion, reason, judged_by: by, judged_at: sql<Date>`now()` }),
    )
    .execute();
}

export async function judgementCounts(db: Db, listId: string): Promise<JudgementCounts> {
  const { rows } = await sql<JudgementCounts>`
    SELECT count(*) FILTER (WHERE opinion = 'confirmed' AND NOT shadow) AS confirmed,
           count(*) FILTER (WHERE opinion = 'refuted' AND NOT shadow) AS refuted,
           count(*) FILTER (WHERE opinion = 'confirmed' AND shadow) AS "shadowConfirmed",
           count(*) FILTER (WHERE opinion = 'refuted' AND shadow) AS "shadowRefuted"
    FROM judgement WHERE list_id = ${listId}`.execute(db);
  return rows[0] ?? { confirmed: 0, refuted: 0, shadowConfirmed: 0, shadowRefuted: 0 };
}

/** Whether a person has confirmed a match of an entry by one of some types of signals, and stands by it. */
export async function isConfirmed(
  db: Db,
  listId: string,
  entryId: string,
  signals: readonly string[],
): Promise<boolean> {
  const row = await db
    .selectFrom('judgement')
    .select('id')
    .where('list_id', '=', listId)
    .where('entry_id', '=', entryId)
    .where('opinion', '=', 'confirmed')
    .where('signal', 'in', [...signals])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Notes what a source is told of one of its entries.
 * @returns the round, when it was told something else before or nothing; undefined when it knows
 */
export async function noteSourceOpinion(
  tx: Tx,
  listId: string,
  entryId: string,
  opinion: MatchOpinion,
): Promise<number | undefined> {
  const { rows } = await sql<{ round: number }>`
    INSERT INTO source_opinion AS o (list_id, entry_id, opinion, round) VALUES (${listId}, ${entryId}, ${opinion}, 1)
    ON CONFLICT (list_id, entry_id) DO UPDATE SET opinion = excluded.opinion, round = o.round + 1
    WHERE o.opinion <> excluded.opinion
    RETURNING round`.execute(tx);
  return rows[0]?.round;
}

/** A stored verdict, found by its id alone: the partitions are looked at from today backwards, each by its own key. */
export async function findVerdict(db: Db, id: string, days: number) {
  const { rows } = await sql<{ itemId: string | null; verdict: string; detail: unknown }>`
    SELECT v.item_id AS "itemId", v.verdict, v.detail
    FROM generate_series(0, ${days}::int) AS back
    CROSS JOIN LATERAL (
      SELECT item_id, verdict, detail FROM verdict
      WHERE day = ((now() AT TIME ZONE 'UTC')::date + 1 - back) AND id = ${id}) AS v
    LIMIT 1`.execute(db);
  return rows[0];
}
