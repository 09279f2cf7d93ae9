import { type Selectable, sql } from 'kysely';
import { advisoryLock, notify } from './advisory-lock.js';
import type { Db, PolicyVersionTable, Tx } from './schema.js';

/** The NOTIFY channel on which another active policy is hinted at; its payload is the number. */
export const POLICY_CHANNEL = 'vigie_policy';

export type PolicyState = PolicyVersionTable['state']['__select__'];

/** A policy as it is kept: its file as it was written, and what became of it. */
export interface StoredPolicy extends PolicySummary {
  readonly source: string;
}

export interface PolicySummary {
  readonly number: number;
  readonly state: PolicyState;
  readonly note: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly activatedBy: string | null;
  readonly activatedAt: Date | null;
}

/** Lets one transaction at a time add or activate policies; call it first. */
export async function lockPolicies(tx: Tx): Promise<void> {
  await advisoryLock(tx, 'policy');
}

/** @returns the new draft, with the number after the highest. Needs the lock */
export async function insertPolicy(
  tx: Tx,
  { source, note, by }: { readonly source: string; readonly note: string; readonly by: string },
): Promise<StoredPolicy> {
  const row = await tx
    .insertInto('policy_version')
    .values({
      number: sql<number>`(SELECT coalesce(max(number), 0) + 1 FROM policy_version)`,
      source,
      note,
      created_by: by,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return policyOf(row);
}

/** Makes a policy the active one; the one that was becomes retired. Needs the lock. */
export async function activatePolicy(tx: Tx, number: number, by: string): Promise<StoredPolicy> {
  await tx.updateTable('policy_version').set({ state: 'retired' }).where('state', '=', 'active').execute();
  const row = await tx
    .updateTable('policy_version')
    .set({ state: 'active', activated_by: by, activated_at: sql<Date>`now()` })
    .where('number', '=', number)
    .returningAll()
    .executeTakeFirstOrThrow();
  await notify(tx, POLICY_CHANNEL, String(number));
  return policyOf(row);
}

/** All versions, newest first, without their files: each may be long. */
export async function listPolicies(db: Db, limit: number): Promise<readonly PolicySummary[]> {
  const rows = await db
    .selectFrom('policy_version')
    .select(['number', 'state', 'note', 'created_by', 'created_at', 'activated_by', 'activated_at'])
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  return rows.map(summaryOf);
}

export async function findPolicy(db: Db | Tx, number: number): Promise<StoredPolicy | undefined> {
  const row = await db.selectFrom('policy_version').selectAll().where('number', '=', number).executeTakeFirst();
  return row && policyOf(row);
}

export async function findActivePolicy(db: Db | Tx): Promise<StoredPolicy | undefined> {
  const row = await db.selectFrom('policy_version').selectAll().where('state', '=', 'active').executeTakeFirst();
  return row && policyOf(row);
}

/** The number alone, as it is asked for all the time; undefined when none is active. */
export async function activePolicyNumber(db: Db): Promise<number | undefined> {
  const row = await db.selectFrom('policy_version').select('number').where('state', '=', 'active').executeTakeFirst();
  return row?.number;
}

function policyOf(row: Selectable<PolicyVersionTable>): StoredPolicy {
  return { ...summaryOf(row), source: row.source };
}

function summaryOf(row: Omit<Selectable<PolicyVersionTable>, 'source'>): PolicySummary {
  const { number, state, note } = row;
  return {
    ...{ number, state, note },
    ...{ createdBy: row.created_by, createdAt: row.created_at },
    ...{ activatedBy: row.activated_by, activatedAt: row.activated_at },
  };
}
