import { sql } from 'kysely';
import { VigieError } from '../errors.js';
import { fromNow, jsonb } from './column-values.js';
import type { Lease } from './lease.js';
import type { Db, PlatformState } from './schema.js';

/**
 * Holds on, and says how the connection does.
 * @param heard whether the platform told something since the last time
 * @returns false once another holds it, or a person has changed the platform
 */
export async function renewPlatformLease(
  db: Db,
  { id, holder }: Lease,
  { leaseMs, heard }: { readonly leaseMs: number; readonly heard: boolean },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('platform')
    .set({
      leased_until: fromNow(leaseMs),
      ...(heard ? { heard_at: sql<Date>`now()`, state: 'connected', last_error: null, failures: 0 } : {}),
      ...(heard ? { connected_at: sql<Date>`CASE WHEN state = 'connected' THEN connected_at ELSE now() END` } : {}),
    })
    .where('id', '=', id)
    .where('leased_by', '=', holder)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** @returns undefined when nothing was remembered. */
export async function readPlatformMemory(db: Db, id: string): Promise<unknown> {
  const row = await db.selectFrom('platform').select('memory').where('id', '=', id).executeTakeFirst();
  return row?.memory ?? undefined;
}

/** @throws VigieError `platform-unreachable` when the lease is not ours any more: then another's memory is not overwritten */
export async function rememberForPlatform(db: Db, { id, holder }: Lease, memory: unknown): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('platform')
    .set({ memory: memory === undefined ? null : jsonb(memory) })
    .where('id', '=', id)
    .where('leased_by', '=', holder)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw new VigieError('platform-unreachable', { detail: 'another process holds it now' });
}

export interface EndOfConnection {
  readonly state: PlatformState;
  /** Code of the error that ended it. */
  readonly error: string | null;
  readonly failures: number;
  /** Until it is made again, milliseconds. */
  readonly waitMs: number;
}

/** Writes down how a connection ended, and lets it go. @returns false when it was not ours any more */
export async function endConnection(db: Db, { id, holder }: Lease, end: EndOfConnection): Promise<boolean> {
  const { state, error, failures, waitMs } = end;
  const { numUpdatedRows } = await db
    .updateTable('platform')
    .set({ ...{ state, failures, last_error: error, next_at: fromNow(waitMs) }, leased_by: null, leased_until: null })
    .where('id', '=', id)
    .where('leased_by', '=', holder)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Gives the connection back at once, such as at the end of the service: another process may take it. */
export async function letPlatformGo(db: Db, { id, holder }: Lease): Promise<void> {
  await db
    .updateTable('platform')
    .set({ leased_by: null, leased_until: null })
    .where('id', '=', id)
    .where('leased_by', '=', holder)
    .execute();
}
