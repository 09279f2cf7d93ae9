import { type Selectable, sql } from 'kysely';
import { MOST_COUNTED } from '../queue-figures.js';
import type { AttentionState, AttentionTable, Db, Tx } from '../schema.js';
import { ATTENTION_KINDS, type AttentionKind } from './attention-kinds.js';

/** Something that needs somebody. */
export interface Attention {
  readonly id: string;
  readonly kind: AttentionKind;
  readonly title: string;
  readonly cause: string;
  readonly subject: string;
  readonly state: AttentionState;
  /** How often it has occurred. */
  readonly count: number;
  /** How many items wait behind it. */
  readonly backlog: number;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly due: Date;
  readonly overdue: boolean;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly alarmedAt: Date | null;
  readonly changedBy: string | null;
  readonly note: string | null;
  readonly resolvedAt: Date | null;
}

export interface AttentionFilter {
  /** Those that are not resolved when left out. */
  readonly state?: AttentionState | undefined;
  readonly kind?: AttentionKind | undefined;
  /** Only those whose due has passed without their being resolved. */
  readonly overdue?: boolean | undefined;
  readonly limit: number;
  /** A backlog is counted up to so many items. */
  readonly counted?: number;
}

type Row = Selectable<AttentionTable> & { readonly backlog: number; readonly overdue: boolean };

const select = (db: Db, counted = MOST_COUNTED) =>
  db
    .selectFrom('attention')
    .selectAll()
    .select(({ selectFrom, fn }) => [
      selectFrom(
        selectFrom('attention_backlog')
          .select('item_id')
          .whereRef('attention_id', '=', 'attention.id')
          .limit(counted)
          .as('waiting'),
      )
        .select(fn.countAll<number>().as('count'))
        .$asScalar()
        .$notNull()
        .as('backlog'),
      sql<boolean>`state <> 'resolved' AND due < now()`.as('overdue'),
    ]);

/** What needs somebody, the most urgent first; a backlog is counted up to a bound; resolved ones latest first. */
export async function listAttention(
  db: Db,
  { state, kind, overdue = false, limit, counted }: AttentionFilter,
): Promise<Attention[]> {
  let query = select(db, counted).limit(limit);
  if (state === undefined || overdue) query = query.where('state', '<>', 'resolved');
  if (state !== undefined) query = query.where('state', '=', state);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (overdue) query = query.where('due', '<', sql<Date>`now()`);
  query = state === 'resolved' ? query.orderBy('resolved_at', 'desc') : query.orderBy('due');
  return (await query.orderBy('id').execute()).map(attentionOf);
}

export async function findAttention(db: Db, id: string): Promise<Attention | undefined> {
  const row = await select(db).where('id', '=', id).executeTakeFirst();
  return row && attentionOf(row);
}

/** How many are open or acknowledged, by kind; kinds without any are left out. */
export async function countAttention(db: Db): Promise<ReadonlyMap<AttentionKind, number>> {
  const rows = await db
    .selectFrom('attention')
    .select(({ fn }) => ['kind', fn.countAll<number>().as('count')])
    .where('state', '<>', 'resolved')
    .groupBy('kind')
    .execute();
  return new Map(rows.map(({ kind, count }) => [kind as AttentionKind, count]));
}

/** Sets the state of one that is not resolved. @returns its kind; undefined when there is no such open one */
export async function changeAttention(
  tx: Tx,
  id: string,
  change: { readonly state: 'acknowledged' | 'resolved'; readonly by: string; readonly note: string | null },
): Promise<AttentionKind | undefined> {
  const row = await tx
    .updateTable('attention')
    .set({
      state: change.state,
      changed_by: change.by,
      ...(change.note === null ? {} : { note: change.note }),
      ...(change.state === 'resolved' ? { resolved_at: sql<Date>`now()` } : {}),
    })
    .where('id', '=', id)
    .where('state', '<>', 'resolved')
    .returning('kind')
    .executeTakeFirst();
  return row?.kind as AttentionKind | undefined;
}

/** Takes items out of a backlog that joined it no later than a time. @returns their ids */
export async function takeBacklog(tx: Tx, id: string, until: Date, most: number): Promise<string[]> {
  const rows = await tx
    .deleteFrom('attention_backlog')
    .where('attention_id', '=', id)
    .where('item_id', 'in', ({ selectFrom }) =>
      selectFrom('attention_backlog')
        .select('item_id')
        .where('attention_id', '=', id)
        .where('at', '<=', until)
        .orderBy('item_id')
        .limit(most),
    )
    .returning('item_id')
    .execute();
  return rows.map((row) => row.item_id);
}

/** Forgets those that were resolved before a time. @returns how many */
export async function forgetResolved(db: Db, keepMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('attention')
    .where('state', '=', 'resolved')
    .where('resolved_at', '<', sql<Date>`now() - ${keepMs}::float8 * interval '1 millisecond'`)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('attention_backlog').select('item_id').whereRef('attention_id', '=', 'attention.id'))),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

function attentionOf(row: Row): Attention {
  // Only raiseAttention writes this table, with kinds of the catalogue; one of a newer version has no title here.
  const kind = row.kind as AttentionKind;
  return {
    id: row.id,
    kind,
    title: Object.hasOwn(ATTENTION_KINDS, kind) ? ATTENTION_KINDS[kind].title : kind,
    cause: row.cause,
    subject: row.subject,
    state: row.state,
    count: Number(row.count),
    backlog: Number(row.backlog),
    detail: row.detail as Readonly<Record<string, unknown>>,
    due: row.due,
    overdue: row.overdue,
    firstAt: row.first_at,
    lastAt: row.last_at,
    alarmedAt: row.alarmed_at,
    changedBy: row.changed_by,
    note: row.note,
    resolvedAt: row.resolved_at,
  };
}
