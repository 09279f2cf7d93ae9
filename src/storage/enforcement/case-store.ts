import { type Selectable, sql } from 'kysely';
import { fromNow } from '../column-values.js';
import { randomId } from '../random-id.js';
import type { CaseDecision, Db, ModerationCaseTable, Tx } from '../schema.js';
import type { Subject } from './action-store.js';

export type CaseRow = Selectable<ModerationCaseTable>;

export interface CaseDraft {
  readonly subject: Subject;
  /** In kebab-case. */
  readonly cause: string;
  /** From 0 to 100; `Cases` brings anything else into the range. */
  readonly priority: number;
  readonly itemId: string | null;
  readonly verdictId: string | null;
  /** Reports of users that come with it. */
  readonly reports?: number;
  readonly openedBy: string;
  readonly dueInMs: number;
}

/** Opens a case, or lets the one that is open for the subject grow. @returns its id, and whether it is new */
export async function openCase(tx: Tx, draft: CaseDraft): Promise<{ readonly id: string; readonly fresh: boolean }> {
  const { subject, cause, priority, itemId, verdictId, reports = 0, openedBy, dueInMs } = draft;
  const id = randomId();
  const row = await tx
    .insertInto('moderation_case')
    .values({
      ...{ id, subject_kind: subject.kind, subject_id: subject.id, platform: subject.platform },
      ...{ priority, cause, item_id: itemId, verdict_id: verdictId, reports, opened_by: openedBy },
      due: fromNow(dueInMs),
    })
    .onConflict((conflict) =>
      conflict.columns(['platform', 'subject_kind', 'subject_id']).where('state', '=', 'open').doUpdateSet({
        priority: sql<number>`greatest(moderation_case.priority, excluded.priority)`,
        reports: sql<number>`moderation_case.reports + excluded.reports`,
        due: sql<Date>`least(moderation_case.due, excluded.due)`,
      }),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id: row.id, fresh: row.id === id };
}

/** Whether so many cases of a cause are open on a platform, or more. */
export async function hasOpenCases(db: Db, platform: string, cause: string, most: number): Promise<boolean> {
  const open = db
    .selectFrom('moderation_case')
    .select('id')
    .where('state', '=', 'open')
    .where('cause', '=', cause)
    .where('platform', '=', platform);
  return (
    (await open
      .offset(most - 1)
      .limit(1)
      .executeTakeFirst()) !== undefined
  );
}

/** Open cases of some items that have a cause, and that no user has reported. @returns their ids */
export async function unreportedCases(db: Db, cause: string, itemIds: readonly string[]): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('moderation_case')
    .select('id')
    .where('state', '=', 'open')
    .where('cause', '=', cause)
    .where('reports', '=', 0)
    .where(sql<boolean>`item_id = ANY (${itemIds}::text[])`)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

export interface CaseFilter {
  readonly state: 'open' | 'decided';
  readonly platform?: string | undefined;
  readonly limit: number;
  /** Id of a case: only those that come after it in the order of the list. */
  readonly after?: string | undefined;
}

/** A case with who shared what it is about: our own id of the account. */
export type ShownCase = CaseRow & { readonly account_id: string | null };

const selectShown = (db: Db) =>
  db
    .selectFrom('moderation_case')
    .leftJoin('item', 'item.id', 'moderation_case.item_id')
    .selectAll('moderation_case')
    .select('item.account_id');

/** Open ones by priority, then the oldest; decided ones latest first. */
export async function listCases(db: Db, { state, platform, limit, after }: CaseFilter): Promise<ShownCase[]> {
  const query = selectShown(db)
    .where('moderation_case.state', '=', state)
    .$if(platform !== undefined, (some) => some.where('moderation_case.platform', '=', platform ?? ''))
    .$if(after !== undefined, (some) => some.where(behind(state, after ?? '')))
    .limit(limit);
  if (state === 'decided') return await query.orderBy('decided_at', 'desc').orderBy('moderation_case.id').execute();
  return await query.orderBy('priority', 'desc').orderBy('opened_at').orderBy('moderation_case.id').execute();
}

/** By the row itself: a Date would cut its microseconds. A case that was decided meanwhile keeps its place. */
function behind(state: CaseFilter['state'], after: string) {
  const of = sql`SELECT FROM moderation_case AS last WHERE last.id = ${after}`;
  const place =
    state === 'decided'
      ? sql`(last.decided_at, moderation_case.id) > (moderation_case.decided_at, last.id)`
      : sql`(last.priority, moderation_case.opened_at, moderation_case.id) > (moderation_case.priority, last.opened_at, last.id)`;
  return sql<boolean>`EXISTS (${of} AND ${place})`;
}

export async function findCase(db: Db, id: string): Promise<ShownCase | undefined> {
  return await selectShown(db).where('moderation_case.id', '=', id).executeTakeFirst();
}

/** @returns the case as it is now; undefined when it is not open */
export async function closeCase(
  tx: Tx,
  id: string,
  decision: CaseDecision,
  by: string,
  sealed: Uint8Array,
): Promise<CaseRow | undefined> {
  return await tx
    .updateTable('moderation_case')
    .set({ state: 'decided', decision, decided_by: by, decided_at: sql<Date>`now()`, sealed })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .returningAll()
    .executeTakeFirst();
}
