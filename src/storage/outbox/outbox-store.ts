/** The SQL of the outbox. Times are the database's, so that the clocks of the nodes do not matter. */
import { sql } from 'kysely';
import { fromNow } from '../column-values.js';
import type { Db, OutboxState, Tx } from '../schema.js';
import type { Conclusion } from './effect-kind.js';

/** The part of a subject before the first slash: who receives it. */
export const receiverOf = (subject: string): string => subject.split('/', 1)[0] ?? subject;

const receiverColumn = sql<string>`split_part(subject, '/', 1)`;

export interface NewEffect {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly idempotencyKey: string;
  readonly sealed: Uint8Array;
  readonly cause: string | null;
  /** Why it is dropped at once. */
  readonly dropped: string | undefined;
}

/** @returns false when an effect with this idempotency key was written before */
export async function insertEffect(tx: Tx, effect: NewEffect): Promise<boolean> {
  const { id, kind, subject, sealed, cause, dropped } = effect;
  const row = await tx
    .insertInto('outbox')
    .values({
      ...{ id, kind, subject, idempotency_key: effect.idempotencyKey, sealed, cause },
      ...(dropped === undefined ? {} : { state: 'dropped', last_error: dropped, finished_at: sql<Date>`now()` }),
    })
    .onConflict((conflict) => conflict.column('idempotency_key').doNothing())
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** An effect under a lease of ours. */
export interface LeasedEffect {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly idempotencyKey: string;
  readonly sealed: Uint8Array;
  /** This one included. */
  readonly attempts: number;
  readonly lease: string;
}

export interface Claim {
  /** Names the lease; only who knows it can end it. */
  readonly lease: string;
  readonly leaseMs: number;
  readonly kinds: readonly string[];
  /** Of some of these kinds, only what is for these receivers. */
  readonly held: ReadonlyMap<string, readonly string[]>;
  /** Receivers that have had enough for now. */
  readonly except: readonly string[];
  readonly most: number;
}

/**
 * Takes what is due under a lease: of each subject only the first that is not finished, so that one is in flight at a
 * time and nothing overtakes. Whoever takes at the same moment gets others (SKIP LOCKED). A lease that ran out makes its
 * effect due again, as `next_at` stands at its end.
 */
export async function claimEffects(
  db: Db,
  { lease, leaseMs, kinds, held, except, most }: Claim,
): Promise<LeasedEffect[]> {
  if (kinds.length === 0 || most < 1) return [];
  const only = [...held]
    .filter(([, receivers]) => receivers.length > 0)
    .map(
      ([kind, receivers]) =>
        sql`AND (o.kind <> ${kind} OR split_part(o.subject, '/', 1) IN (${sql.join([...receivers])}))`,
    );
  const { rows } = await sql<Omit<LeasedEffect, 'lease'>>`
    WITH due AS (
      SELECT o.id FROM outbox AS o
      WHERE o.state = 'pending' AND o.next_at <= now() AND o.kind IN (${sql.join(kinds)})
        ${except.length === 0 ? sql`` : sql`AND split_part(o.subject, '/', 1) NOT IN (${sql.join(except)})`}
        ${sql.join(only, sql` `)}
        AND NOT EXISTS (
          SELECT FROM outbox AS earlier
          WHERE earlier.subject = o.subject AND earlier.position < o.position AND earlier.state IN ('pending', 'exhausted')
        )
      ORDER BY o.next_at, o.position
      LIMIT ${most}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox SET leased_by = ${lease}, leased_until = ${fromNow(leaseMs)}, next_at = ${fromNow(leaseMs)}, attempts = attempts + 1
    FROM due WHERE outbox.id = due.id
    RETURNING outbox.id, kind, subject, idempotency_key AS "idempotencyKey", sealed, attempts
  `.execute(db);
  return rows.map((row) => ({ ...row, lease }));
}

export type Ending =
  | { readonly state: 'delivered'; readonly result: unknown }
  | { readonly state: 'dropped' | 'exhausted'; readonly error: string }
  | { readonly state: 'pending'; readonly error: string; readonly waitMs: number }
  /** As if it had not been taken. */
  | { readonly state: 'released' };

/** Ends a lease. @returns false when it is not ours any more, and nothing was changed */
export async function endLease(
  db: Db,
  { id, lease }: Pick<LeasedEffect, 'id' | 'lease'>,
  ending: Ending,
): Promise<boolean> {
  const finished = ending.state === 'delivered' || ending.state === 'dropped';
  const { numUpdatedRows } = await db
    .updateTable('outbox')
    .set({
      leased_by: null,
      leased_until: null,
      ...(finished ? { finished_at: sql<Date>`now()` } : {}),
      ...(ending.state === 'released'
        ? { attempts: sql<number>`attempts - 1`, next_at: sql<Date>`now()` }
        : { state: ending.state, last_error: 'error' in ending ? ending.error : null }),
      ...(ending.state === 'pending' ? { next_at: fromNow(ending.waitMs) } : {}),
    })
    .where('id', '=', id)
    .where('leased_by', '=', lease)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** An effect as people see it: never its payload. */
export interface Effect {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly state: OutboxState;
  readonly attempts: number;
  readonly inFlight: boolean;
  readonly nextAt: Date;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

const selectEffects = (db: Db) =>
  db
    .selectFrom('outbox')
    .select([
      ...(['id', 'kind', 'subject', 'state', 'attempts'] as const),
      'next_at as nextAt',
      'last_error as lastError',
      'created_at as createdAt',
      'finished_at as finishedAt',
      sql<boolean>`coalesce(state = 'pending' AND leased_until > now(), false)`.as('inFlight'),
    ]);

/** Effects of a state, the oldest first; finished ones latest first. */
export async function listEffects(db: Db, state: OutboxState | 'waiting', limit: number): Promise<Effect[]> {
  const states: OutboxState[] = state === 'waiting' ? ['pending', 'exhausted'] : [state];
  const query = selectEffects(db).where('state', 'in', states).limit(limit);
  const waiting = states.some((each) => each === 'pending' || each === 'exhausted');
  return await (waiting ? query.orderBy('position') : query.orderBy('finished_at', 'desc')).execute();
}

export async function findEffect(db: Db, id: string): Promise<Effect | undefined> {
  return await selectEffects(db).where('id', '=', id).executeTakeFirst();
}

/** Makes a waiting effect due now, with all its attempts again. @returns false when it is finished or in flight */
export async function makeDue(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await waitingRow(tx, id)
    .set({ state: 'pending', attempts: 0, next_at: sql<Date>`now()`, leased_by: null, leased_until: null })
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Gives a waiting effect up. @returns false when it is finished or in flight */
export async function giveUpEffect(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await waitingRow(tx, id)
    .set({ state: 'given-up', finished_at: sql<Date>`now()`, leased_by: null, leased_until: null })
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/**
 * Ends an effect of which its receiver has told by itself, also while it is being delivered once more.
 * @returns false when it was never tried, or is finished; when what failed is to fail
 */
export async function concludeEffect(tx: Tx, id: string, ending: Conclusion): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('outbox')
    .set({ state: ending.state, leased_by: null, leased_until: null })
    .set(
      ending.state === 'delivered' ? { last_error: null, finished_at: sql<Date>`now()` } : { last_error: ending.error },
    )
    .where('id', '=', id)
    .where('attempts', '>', 0)
    .where('state', 'in', ending.state === 'delivered' ? ['pending', 'exhausted'] : ['pending'])
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

const waitingRow = (tx: Tx, id: string) =>
  tx
    .updateTable('outbox')
    .where('id', '=', id)
    .where('state', 'in', ['pending', 'exhausted'])
    .where(({ or, eb }) => or([eb('leased_until', 'is', null), eb('leased_until', '<=', sql<Date>`now()`)]));

/** Whether anything of a kind for a receiver has run out of attempts. */
export async function anyExhausted(db: Db, kind: string, receiver: string): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .select('id')
    .where('state', '=', 'exhausted')
    .where('kind', '=', kind)
    .where(receiverColumn, '=', receiver)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Makes exhausted what has been due for so long without anybody here knowing its kind. @returns what, at most 100 */
export async function exhaustStranded(
  tx: Tx,
  kinds: readonly string[],
  dueForMs: number,
): Promise<{ readonly id: string; readonly kind: string; readonly subject: string; readonly attempts: number }[]> {
  return await tx
    .updateTable('outbox')
    .set({ state: 'exhausted', last_error: 'effect-unknown', leased_by: null, leased_until: null })
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('outbox')
        .select('id')
        .where('state', '=', 'pending')
        .where('next_at', '<', fromNow(-dueForMs))
        .$if(kinds.length > 0, (query) => query.where('kind', 'not in', kinds))
        .orderBy('next_at')
        .limit(100)
        .forUpdate()
        .skipLocked(),
    )
    .returning(['id', 'kind', 'subject', 'attempts'])
    .execute();
}

/** Forgets what was finished before a time, and with it its idempotency keys. @returns how many, at most 10,000 */
export async function forgetFinished(db: Db, keepMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('outbox')
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('outbox')
        .select('id')
        .where('finished_at', '<', fromNow(-keepMs))
        .orderBy('finished_at')
        .limit(10_000),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** How many are not finished, by state. */
export async function countEffects(db: Db): Promise<{ readonly pending: number; readonly exhausted: number }> {
  const rows = await db
    .selectFrom('outbox')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('state', 'in', ['pending', 'exhausted'])
    .groupBy('state')
    .execute();
  const of = (state: OutboxState): number => rows.find((row) => row.state === state)?.count ?? 0;
  return { pending: of('pending'), exhausted: of('exhausted') };
}
