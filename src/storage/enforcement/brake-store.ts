import { type Selectable, sql } from 'kysely';
import { randomId } from '../random-id.js';
import type { Db, EnforcementStopTable, ExemptionTable, Tx } from '../schema.js';

export type StopRow = Selectable<EnforcementStopTable>;
export type ExemptionRow = Selectable<ExemptionTable>;

const now = sql<Date>`now()`;

/** @param platform empty for all @returns the stop, and whether it is new: one that is on already stays as it is */
export async function insertStop(
  tx: Tx,
  platform: string,
  reason: string,
  by: string,
): Promise<{ readonly id: string; readonly fresh: boolean }> {
  const row = await tx
    .insertInto('enforcement_stop')
    .values({ id: randomId(), platform, reason, stopped_by: by })
    .onConflict((conflict) => conflict.column('platform').where('lifted_at', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst();
  if (row !== undefined) return { id: row.id, fresh: true };
  const there = await tx
    .selectFrom('enforcement_stop')
    .select('id')
    .where('platform', '=', platform)
    .where('lifted_at', 'is', null)
    .executeTakeFirst();
  return { id: there?.id ?? '', fresh: false };
}

/** @returns the stop that was on; undefined when there was none */
export async function liftStop(tx: Tx, platform: string, by: string): Promise<StopRow | undefined> {
  return await tx
    .updateTable('enforcement_stop')
    .set({ lifted_by: by, lifted_at: now })
    .where('platform', '=', platform)
    .where('lifted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

/** Those that are on, and the latest that are not. */
export async function listStops(db: Db, limit: number): Promise<StopRow[]> {
  return await db
    .selectFrom('enforcement_stop')
    .selectAll()
    .orderBy(sql`lifted_at IS NOT NULL`)
    .orderBy('stopped_at', 'desc')
    .limit(limit)
    .execute();
}

export interface NewExemption {
  readonly platform: string;
  readonly kind: 'account' | 'room';
  readonly subjectId: string;
  readonly reason: string;
  readonly until: Date;
  readonly by: string;
}

/** Takes the place of the one that is on for the subject. */
export async function insertExemption(tx: Tx, exemption: NewExemption): Promise<ExemptionRow> {
  const { platform, kind, subjectId, reason, until, by } = exemption;
  await tx
    .updateTable('exemption')
    .set({ ended_by: by, ended_at: now })
    .where('platform', '=', platform)
    .where('subject_kind', '=', kind)
    .where('subject_id', '=', subjectId)
    .where('ended_at', 'is', null)
    .execute();
  return await tx
    .insertInto('exemption')
    .values({
      ...{ id: randomId(), platform, subject_kind: kind, subject_id: subjectId, reason, until, granted_by: by },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function endExemption(tx: Tx, id: string, by: string): Promise<ExemptionRow | undefined> {
  return await tx
    .updateTable('exemption')
    .set({ ended_by: by, ended_at: now })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

/** Those that hold first, then the latest. */
export async function listExemptions(db: Db, limit: number): Promise<ExemptionRow[]> {
  return await db
    .selectFrom('exemption')
    .selectAll()
    .orderBy(sql`ended_at IS NOT NULL OR until <= now()`)
    .orderBy('granted_at', 'desc')
    .limit(limit)
    .execute();
}
