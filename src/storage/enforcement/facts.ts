import { sql } from 'kysely';
import type { Db } from '../schema.js';
import type { ActionRow, Subject } from './action-store.js';

/** What an act is about, as far as it decides whether it may be done. */
export interface FactsOf {
  readonly subject: Subject;
  readonly itemId: string | null;
  /** The entry that it rests on. */
  readonly listId: string | null;
  readonly entryId: string | null;
}

/** What the database says at this moment of everything that can keep an act from being done. */
export interface Facts {
  /** Null: there is no such platform, or it is switched off for good. */
  readonly dryRun: boolean | null;
  readonly stopped: boolean;
  readonly exempt: boolean;
  /** The item is no longer there on its platform, as far as we were told. */
  readonly gone: boolean;
  /** False as well when nothing is rested on. */
  readonly listGone: boolean;
  readonly listWithoutEffect: boolean;
  readonly silenced: boolean;
  readonly disputed: boolean;
}

/** All facts in one look, so that they are of one moment. An item's author and room may be exempt as well. */
export async function readFacts(db: Db, of: FactsOf): Promise<Facts> {
  const { itemId, listId, entryId } = of;
  const { platform, kind, id } = of.subject;
  const { rows } = await sql<Facts>`
    SELECT p.dry_run AS "dryRun",
      EXISTS (SELECT FROM enforcement_stop WHERE lifted_at IS NULL AND platform IN ('', ${platform})) AS stopped,
      EXISTS (
        SELECT FROM exemption WHERE platform = ${platform} AND ended_at IS NULL AND until > now()
          AND (subject_kind, subject_id) IN (
            ('account', CASE ${kind} WHEN 'account' THEN ${id} ELSE i.account_id END),
            ('room', CASE ${kind} WHEN 'room' THEN ${id} ELSE i.room END)
          )
      ) AS exempt,
      i.gone_at IS NOT NULL AS gone,
      ${listId}::text IS NOT NULL AND l.id IS NULL AS "listGone",
      coalesce(l.shadow OR l.role <> 'block' OR l.expires_at <= now(), false) AS "listWithoutEffect",
      coalesce(s.silenced, false) AS silenced, coalesce(s.disputed, false) AS disputed
    FROM (SELECT 1) AS one
    LEFT JOIN platform AS p ON p.name = ${platform}
    LEFT JOIN item AS i ON i.id = ${itemId}
    LEFT JOIN list AS l ON l.id = ${listId}
    LEFT JOIN LATERAL (
      SELECT bool_or(status IN ('withdrawn', 'inactive')) AS silenced, bool_or(status = 'disputed') AS disputed
      FROM entry_status WHERE list_id = ${listId} AND entry_id = ${entryId}
    ) AS s ON true`.execute(db);
  return rows[0] as Facts;
}

/** What an action is about. */
export function aboutAction(action: ActionRow): FactsOf {
  const { platform, subject_kind: kind, subject_id: id, item_id: itemId, list_id: listId, entry_id: entryId } = action;
  return { subject: { platform, kind, id }, itemId, listId, entryId };
}
