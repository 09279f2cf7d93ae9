import { sql } from 'kysely';
import { VigieError } from '../errors.js';
import { fromNow, jsonb } from './column-values.js';
import { type Lease, type LeaseOrder, leaseDue } from './lease.js';
import type { Db, SourceOutcome, Tx } from './schema.js';
import type { HeldChange, RemovalWindow, SetAsideCounts, SourceCounts } from './source-store.js';

/** Takes the source that has waited longest among those that are due. @returns undefined when none is */
export async function leaseDueSource(db: Db, order: LeaseOrder): Promise<Lease | undefined> {
  return await leaseDue(db, 'source', order, { set: sql`, tried_at = now()`, where: sql`list_id IS NOT NULL` });
}

/** @returns false once another holds it, or a person has changed the source */
export async function renewLease(db: Db, { id, holder }: Lease, leaseMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('source')
    .set({ leased_until: fromNow(leaseMs) as unknown as Date })
    .where('id', '=', id)
    .where('leased_by', '=', holder)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** What is stored of a source with the changes of its list. */
export interface SourceProgress {
  readonly checkpoint: unknown;
  readonly counts: SourceCounts;
  readonly setAside: SetAsideCounts;
  readonly unused: Readonly<Record<string, number>>;
  readonly removals: RemovalWindow | undefined;
  /** Whether something new came. */
  readonly news: boolean;
  /** True when the version of the list stays as it is, and stands for the new checkpoint too. */
  readonly sameVersion: boolean;
  /** Everything was told that had to be told again. */
  readonly toldAnew: boolean;
}

/**
 * Moves the checkpoint, in the transaction of what it stands for.
 * @throws VigieError `source-busy` when the lease is not ours any more; then nothing of the transaction must stay
 */
export async function saveSourceProgress(tx: Tx, lease: Lease, progress: SourceProgress): Promise<void> {
  const { checkpoint, counts, setAside, unused, removals, news, sameVersion, toldAnew } = progress;
  const kept = checkpoint === undefined ? null : jsonb<unknown>(checkpoint);
  const row = await tx
    .updateTable('source')
    .set({
      checkpoint: kept,
      counts: jsonb<unknown>(counts),
      set_aside: jsonb<unknown>(setAside),
      unused: jsonb<unknown>(unused),
      removals: removals === undefined ? null : jsonb<unknown>(removals),
      ...(toldAnew ? { anew: false } : {}),
      ...(news ? { changed_at: sql`now()` as unknown as Date } : {}),
    })
    .where('id', '=', lease.id)
    .where('leased_by', '=', lease.holder)
    .returning('list_id')
    .executeTakeFirst();
  if (row === undefined) throw new VigieError('source-busy');
  if (!sameVersion || row.list_id === null) return;
  await tx
    .updateTable('list_version')
    .set({ checkpoint: kept })
    .where('list_id', '=', row.list_id)
    .where('state', '=', 'current')
    .execute();
}

export interface SyncEnd {
  readonly outcome: SourceOutcome;
  readonly error: string | null;
  readonly failures: number;
  /** Until the next one. */
  readonly waitMs: number;
  /** What waits for a person; null when nothing does, undefined when that is as it was. */
  readonly held: HeldChange | null | undefined;
}

/** Writes down how a sync has ended, and lets the source go. @returns false when it was not ours any more */
export async function endSync(tx: Tx, { id, holder }: Lease, end: SyncEnd): Promise<boolean> {
  const { outcome, error, failures, waitMs, held } = end;
  const { numUpdatedRows } = await tx
    .updateTable('source')
    .set({
      ...{ state: outcome, last_error: error, failures, leased_by: null, leased_until: null },
      ...(held === undefined ? {} : { held: held === null ? null : jsonb<unknown>(held) }),
      next_at: fromNow(waitMs),
      ...(outcome === 'up-to-date' ? { synced_at: sql`now()` as unknown as Date } : {}),
    })
    .where('id', '=', id)
    .where('leased_by', '=', holder)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Lets a source go without a word; another process may go on at once. */
export async function letGo(db: Db, { id, holder }: Lease): Promise<void> {
  await db
    .updateTable('source')
    .set({ leased_by: null, leased_until: null, next_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('leased_by', '=', holder)
    .execute();
}
