/** The SQL of actions. Times are the database's. */
import { type Selectable, sql } from 'kysely';
import { randomId } from '../random-id.js';
import type { ActionState, ActionTable, Db, SubjectKind, Tx } from '../schema.js';

export type ActionRow = Selectable<ActionTable>;

/** What an act is done to, by our own ids; a room by the platform's. */
export interface Subject {
  readonly platform: string;
  readonly kind: SubjectKind;
  readonly id: string;
}

export interface NewAction {
  readonly act: string;
  readonly subject: Subject;
  readonly round: number;
  readonly itemId: string | null;
  readonly verdictId: string | null;
  readonly caseId: string | null;
  readonly listId: string | null;
  readonly entryId: string | null;
  readonly rule: string;
  readonly policyVersion: number | null;
  readonly reason: string;
  readonly message: string | null;
  readonly state: 'proposed' | 'ordered' | 'confirmed' | 'dropped';
  readonly heldBy: string | null;
  readonly outcome: string | null;
  readonly dryRun: boolean;
  readonly undoes: string | null;
  readonly cause: string | null;
  readonly seenAt: Date | null;
  readonly fetchedAt: Date | null;
  readonly verdictAt: Date | null;
  /** `policy`, or the id of a principal; null for what is only proposed. */
  readonly orderedBy: string | null;
}

/** Acts that take something away: they are counted, braked and undone. */
export const TAKING_ACTS = ['remove', 'hide', 'restrict-room', 'close-room', 'suspend-account'] as const;

const now = sql<Date>`now()`;
/** An action that takes another back, and waits or is done. */
const UNDOES: readonly ActionState[] = ['proposed', 'ordered', 'confirmed'];
const ENDED: readonly ActionState[] = ['confirmed', 'dropped', 'given-up', 'refused'];

/** @returns undefined when another has just written the same */
export async function insertAction(tx: Tx, action: NewAction): Promise<ActionRow | undefined> {
  const { subject, state } = action;
  return await tx
    .insertInto('action')
    .values({
      id: randomId(),
      act: action.act,
      platform: subject.platform,
      subject_kind: subject.kind,
      subject_id: subject.id,
      round: action.round,
      item_id: action.itemId,
      verdict_id: action.verdictId,
      case_id: action.caseId,
      list_id: action.listId,
      entry_id: action.entryId,
      rule: action.rule,
      policy_version: action.policyVersion,
      reason: action.reason,
      message: action.message,
      state,
      held_by: action.heldBy,
      dry_run: action.dryRun,
      outcome: action.outcome,
      undoes: action.undoes,
      cause: action.cause,
      seen_at: action.seenAt,
      fetched_at: action.fetchedAt,
      verdict_at: action.verdictAt,
      ordered_by: action.orderedBy,
      ordered_at: action.orderedBy === null ? null : now,
      ended_at: ENDED.includes(state) ? now : null,
    })
    .onConflict((conflict) => conflict.columns(['platform', 'subject_kind', 'subject_id', 'act', 'round']).doNothing())
    .returningAll()
    .executeTakeFirst();
}

/** The action of the last round, with whether it was undone since. */
export async function latestAction(
  db: Db,
  act: string,
  { platform, kind, id }: Subject,
): Promise<(ActionRow & { readonly undone: boolean }) | undefined> {
  return await db
    .selectFrom('action')
    .selectAll()
    .select(({ exists, selectFrom }) =>
      exists(
        selectFrom('action as undo')
          .select('undo.id')
          .whereRef('undo.undoes', '=', 'action.id')
          .where('undo.state', 'in', [...UNDOES]),
      )
        .$castTo<boolean>()
        .as('undone'),
    )
    .where('platform', '=', platform)
    .where('subject_kind', '=', kind)
    .where('subject_id', '=', id)
    .where('act', '=', act)
    .orderBy('round', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** What changes with the state; the rest stays. */
export interface ActionChange {
  readonly state: ActionState;
  readonly heldBy?: string | null;
  readonly outcome?: string | null;
  readonly dryRun?: boolean;
  readonly orderedBy?: string;
  readonly effectId?: string | null;
}

/**
 * Moves an action on. Several that try wait for each other, and one succeeds.
 * @returns the row as it is now; undefined when it is in none of the states it may come from
 */
export async function moveAction(
  tx: Tx,
  id: string,
  from: readonly ActionState[],
  { state, heldBy, outcome, dryRun, orderedBy, effectId }: ActionChange,
): Promise<ActionRow | undefined> {
  return await tx
    .updateTable('action')
    .set({
      state,
      ended_at: ENDED.includes(state) ? now : null,
      ...(heldBy === undefined ? {} : { held_by: heldBy }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(dryRun === undefined ? {} : { dry_run: dryRun }),
      ...(effectId === undefined ? {} : { effect_id: effectId }),
      ...(orderedBy === undefined ? {} : { ordered_by: orderedBy, ordered_at: now }),
    })
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .returningAll()
    .executeTakeFirst();
}

export async function setEffect(tx: Tx, id: string, effectId: string): Promise<void> {
  await tx.updateTable('action').set({ effect_id: effectId }).where('id', '=', id).execute();
}

export async function findAction(db: Db, id: string): Promise<ActionRow | undefined> {
  return await db.selectFrom('action').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function actionOfEffect(db: Db, effectId: string): Promise<ActionRow | undefined> {
  return await db.selectFrom('action').selectAll().where('effect_id', '=', effectId).executeTakeFirst();
}

export interface ActionFilter {
  /** `open`: what waits for a person, a platform, or a decision on its failure. */
  readonly state?: ActionState | 'open' | undefined;
  readonly platform?: string | undefined;
  readonly heldBy?: string | undefined;
  readonly itemId?: string | undefined;
  readonly act?: string | undefined;
  readonly caseId?: string | undefined;
  readonly limit: number;
  /** Id of an action: only what was proposed before it. */
  readonly before?: string | undefined;
}

/** An action with how its delivery stands. */
export type ShownAction = ActionRow & {
  readonly attempts: number | null;
  readonly next_at: Date | null;
  readonly last_error: string | null;
  /** Null when the list is gone, or it rests on none. */
  readonly list_name: string | null;
  /** Id of the action that takes it back; where the platform cannot do that, its author was told instead. */
  readonly undone_by: string | null;
};

const OPEN: readonly ActionState[] = ['proposed', 'ordered', 'failed'];

/** Newest first. */
export async function listActions(db: Db, filter: ActionFilter): Promise<ShownAction[]> {
  const { state, platform, heldBy, itemId, act, caseId, limit, before } = filter;
  return await selectShown(db)
    .$if(state === 'open', (query) => query.where('action.state', 'in', [...OPEN]))
    .$if(state !== undefined && state !== 'open', (query) => query.where('action.state', '=', state as ActionState))
    .$if(platform !== undefined, (query) => query.where('action.platform', '=', platform ?? ''))
    .$if(heldBy !== undefined, (query) => query.where('action.held_by', '=', heldBy ?? ''))
    .$if(itemId !== undefined, (query) => query.where('action.item_id', '=', itemId ?? ''))
    .$if(act !== undefined, (query) => query.where('action.act', '=', act ?? ''))
    .$if(caseId !== undefined, (query) => query.where('action.case_id', '=', caseId ?? ''))
    .$if(before !== undefined, (query) =>
      // By the row itself: a Date would cut its microseconds, and acts of one verdict share their moment.
      query.where(
        sql<boolean>`(action.proposed_at, action.id) < (SELECT proposed_at, id FROM action WHERE id = ${before})`,
      ),
    )
    .orderBy('action.proposed_at', 'desc')
    .orderBy('action.id', 'desc')
    .limit(limit)
    .execute();
}

export async function showAction(db: Db, id: string): Promise<ShownAction | undefined> {
  return await selectShown(db).where('action.id', '=', id).executeTakeFirst();
}

const selectShown = (db: Db) =>
  db
    .selectFrom('action')
    .leftJoin('outbox', 'outbox.id', 'action.effect_id')
    .leftJoin('list', 'list.id', 'action.list_id')
    .selectAll('action')
    .select(['outbox.attempts', 'outbox.next_at', 'outbox.last_error', 'list.name as list_name'])
    .select(({ selectFrom }) =>
      selectFrom('action as undo')
        .select('undo.id')
        .whereRef('undo.undoes', '=', 'action.id')
        .where(({ or, and, eb }) =>
          or([
            eb('undo.state', 'in', [...UNDOES]),
            and([eb('undo.state', '=', 'dropped'), eb('undo.outcome', '=', 'act-unsupported')]),
          ]),
        )
        .limit(1)
        .as('undone_by'),
    );
