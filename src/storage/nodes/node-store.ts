import { sql } from 'kysely';
import type { Db, NodeRole } from '../schema.js';

/** A process as all others see it. Every time is the database's: the clocks of processes may jump and differ. */
export interface NodeView {
  readonly id: string;
  /** Of the machine, or as it was named. */
  readonly name: string;
  readonly role: NodeRole;
  readonly version: string;
  /** Its verdicts take every list change up to this one into account. */
  readonly appliedSeq: number;
  readonly ready: boolean;
  readonly startedAt: Date;
  readonly seenAt: Date;
  readonly leftAt: Date | null;
  /** Milliseconds since it was last heard of. */
  readonly silentMs: number;
}

export interface NodeState {
  readonly appliedSeq: number;
  readonly ready: boolean;
}

const silentMs = sql<number>`(extract(epoch FROM now() - seen_at) * 1000)::float8`;

/** Enters a node, or enters it again when it was forgotten or said to have left while it slept. */
export async function writeNode(
  db: Db,
  { id, name, role, version }: Pick<NodeView, 'id' | 'name' | 'role' | 'version'>,
  { appliedSeq, ready }: NodeState,
): Promise<void> {
  const state = { applied_seq: appliedSeq, ready };
  await db
    .insertInto('node')
    .values({ id, name, role, version, ...state })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...state, seen_at: sql<Date>`now()`, left_at: null }))
    .execute();
}

/** Says that a node is gone for certain: it has left, or another process has taken its data directory over. */
export async function markLeft(db: Db, id: string): Promise<void> {
  await db
    .updateTable('node')
    .set({ left_at: sql<Date>`now()`, ready: false })
    .where('id', '=', id)
    .where('left_at', 'is', null)
    .execute();
}

/** Says so of all nodes, as after a restore. @returns their ids */
export async function markAllLeft(db: Db): Promise<readonly string[]> {
  await db.updateTable('node').set({ left_at: sql<Date>`now()`, ready: false }).where('left_at', 'is', null).execute();
  return (await db.selectFrom('node').select('id').execute()).map(({ id }) => id);
}

/** Every node that is not forgotten, oldest first. */
export async function readNodes(db: Db): Promise<NodeView[]> {
  const rows = await db.selectFrom('node').selectAll().select(silentMs.as('silent_ms')).orderBy('started_at').execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    role: row.role,
    version: row.version,
    appliedSeq: row.applied_seq,
    ready: row.ready && row.left_at === null,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    leftAt: row.left_at,
    silentMs: Math.max(0, row.silent_ms),
  }));
}

/** Whether a node is gone for certain. One that is silent may only be cut off. */
export async function hasLeft(db: Db, id: string): Promise<boolean> {
  const row = await db.selectFrom('node').select('left_at').where('id', '=', id).executeTakeFirst();
  return row !== undefined && row.left_at !== null;
}

/** Lets go of nodes that left, or were last heard of, so long ago. @returns their ids */
export async function forgetNodes(db: Db, olderMs: number): Promise<readonly string[]> {
  const rows = await db
    .deleteFrom('node')
    .where(sql<boolean>`coalesce(left_at, seen_at) < now() - ${olderMs}::float8 * interval '1 millisecond'`)
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}
