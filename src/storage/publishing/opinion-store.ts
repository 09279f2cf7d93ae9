import { sql } from 'kysely';
import type { Db, Tx } from '../schema.js';

/** What a member thinks of an entry that it was given. */
export interface MemberOpinion {
  readonly entryId: string;
  readonly memberId: string;
  /** It is what the list says; or it is not. */
  readonly affirmative: boolean;
  /** The type of the signal that matched. */
  readonly signal: string;
  readonly reason: string | null;
  readonly at: Date;
}

interface OpinionRow {
  readonly entry_id: string;
  readonly member_id: string;
  readonly affirmative: boolean;
  readonly signal: string;
  readonly reason: string | null;
  readonly at: Date;
}

const opinionOf = ({ entry_id, member_id, ...rest }: OpinionRow): MemberOpinion => ({
  ...{ entryId: entry_id, memberId: member_id, ...rest },
});

/**
 * Notes what a member thinks of an entry; it takes the place of what the same member thought before.
 * @returns false when it is known already
 */
export async function putOpinion(tx: Tx, listId: string, opinion: Omit<MemberOpinion, 'at'>): Promise<boolean> {
  const { entryId, memberId, affirmative, signal, reason } = opinion;
  const { rows } = await sql`
    INSERT INTO member_opinion (list_id, entry_id, member_id, affirmative, signal, reason)
    VALUES (${listId}, ${entryId}, ${memberId}, ${affirmative}, ${signal}, ${reason})
    ON CONFLICT (list_id, entry_id, member_id) DO UPDATE SET
      affirmative = excluded.affirmative, signal = excluded.signal, reason = excluded.reason, at = now()
    WHERE (member_opinion.affirmative, member_opinion.signal, member_opinion.reason)
      IS DISTINCT FROM (excluded.affirmative, excluded.signal, excluded.reason)
    RETURNING at`.execute(tx);
  return rows.length > 0;
}

/** What all members think of some entries, oldest first. */
export async function opinionsOf(db: Db, listId: string, entryIds: readonly string[]): Promise<MemberOpinion[]> {
  if (entryIds.length === 0) return [];
  const { rows } = await sql<OpinionRow>`
    SELECT entry_id, member_id, affirmative, signal, reason, at FROM member_opinion WHERE list_id = ${listId}
      AND entry_id IN (SELECT jsonb_array_elements_text(${JSON.stringify(entryIds)}::jsonb))
    ORDER BY at, member_id`.execute(db);
  return rows.map(opinionOf);
}

/** What members think of the entries of a list, newest first. */
export async function latestOpinions(db: Db, listId: string, limit: number): Promise<MemberOpinion[]> {
  const { rows } = await sql<OpinionRow>`
    SELECT entry_id, member_id, affirmative, signal, reason, at FROM member_opinion WHERE list_id = ${listId}
    ORDER BY at DESC, entry_id, member_id LIMIT ${limit}`.execute(db);
  return rows.map(opinionOf);
}
