/** The SQL of evidence: which media are to be sealed, which are, and which have been destroyed. */
import { type Selectable, sql } from 'kysely';
import { fromNow } from '../column-values.js';
import { randomId } from '../random-id.js';
import type { Db, EvidenceTable, Tx } from '../schema.js';

export type EvidenceRow = Selectable<EvidenceTable>;

const now = sql<Date>`now()`;

/** A medium whose bytes are to be kept. */
export interface WantedMedium {
  readonly ordinal: number;
  /** Where they lie sealed already, as they came with the item. */
  readonly blob: string | null;
  readonly bytes: number | null;
  readonly sha256: Uint8Array | null;
}

/**
 * Writes down that media are to be kept; those that lie sealed already are kept from now on.
 * @param firstMs whoever is about to act seals first; the loop takes what is left after so long
 * @returns what is new
 */
export async function wantEvidence(
  tx: Tx,
  itemId: string,
  media: readonly WantedMedium[],
  { retainMs, firstMs }: { readonly retainMs: number; readonly firstMs: number },
): Promise<readonly EvidenceRow[]> {
  if (media.length === 0) return [];
  return await tx
    .insertInto('evidence')
    .values(
      media.map(({ ordinal, blob, bytes, sha256 }) => ({
        ...{ id: randomId(), item_id: itemId, medium: ordinal, next_at: fromNow(firstMs) },
        ...(blob === null ? {} : { state: 'sealed' as const, blob, bytes, sha256, sealed_at: now }),
        retain_until: fromNow(retainMs),
      })),
    )
    .onConflict((conflict) => conflict.columns(['item_id', 'medium']).doNothing())
    .returningAll()
    .execute();
}

/** Takes media that are to be sealed under a lease: of one item at once, or of any whose time has come. */
export async function claimEvidence(
  db: Db,
  of: { readonly itemId: string } | { readonly most: number },
  leaseMs: number,
): Promise<readonly EvidenceRow[]> {
  const due =
    'itemId' in of
      ? sql`item_id = ${of.itemId} AND attempts = 0`
      : sql`id IN (SELECT id FROM evidence WHERE state = 'wanted' AND next_at <= now()
          ORDER BY next_at LIMIT ${of.most} FOR UPDATE SKIP LOCKED)`;
  const { rows } = await sql<EvidenceRow>`
    UPDATE evidence SET attempts = attempts + 1, next_at = ${fromNow(leaseMs)}
    WHERE state = 'wanted' AND ${due} RETURNING *`.execute(db);
  return rows;
}

/** Whether another is just sealing media of an item for the first time. */
export async function isBeingSealed(db: Db, itemId: string): Promise<boolean> {
  const row = await db
    .selectFrom('evidence')
    .select('id')
    .where('item_id', '=', itemId)
    .where('state', '=', 'wanted')
    .where('attempts', '=', 1)
    .where('last_error', 'is', null)
    .where('next_at', '>', now)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** @returns false when it is not wanted any more */
export async function noteSealed(
  tx: Tx,
  id: string,
  { blob, bytes, sha256 }: { readonly blob: string; readonly bytes: number; readonly sha256: Uint8Array },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('evidence')
    .set({ state: 'sealed', blob, bytes, sha256, sealed_at: now, last_error: null })
    .where('id', '=', id)
    .where('state', '=', 'wanted')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** @param waitMs until it is tried again; null: it cannot be had any more */
export async function noteFailed(tx: Tx, id: string, error: string, waitMs: number | null): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('evidence')
    .set({
      last_error: error,
      ...(waitMs === null ? { state: 'not-had' } : { next_at: fromNow(waitMs) }),
    })
    .where('id', '=', id)
    .where('state', '=', 'wanted')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** Whether sealing anything fails at present for a reason of ours. */
export async function anyUnsealed(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom('evidence')
    .select('id')
    .where('state', '=', 'wanted')
    .where('last_error', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Sealed media whose time is over. */
export async function overdueEvidence(db: Db, limit: number): Promise<readonly EvidenceRow[]> {
  return await db
    .selectFrom('evidence')
    .selectAll()
    .where('state', '=', 'sealed')
    .where('retain_until', '<=', now)
    .orderBy('retain_until')
    .limit(limit)
    .execute();
}

export async function noteDestroyed(tx: Tx, id: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('evidence')
    .set({ state: 'destroyed', blob: null, sha256: null })
    .where('id', '=', id)
    .where('state', '=', 'sealed')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** What of an item is or was kept. */
export async function evidenceOf(db: Db, itemId: string): Promise<readonly EvidenceRow[]> {
  return await db.selectFrom('evidence').selectAll().where('item_id', '=', itemId).orderBy('medium').execute();
}
