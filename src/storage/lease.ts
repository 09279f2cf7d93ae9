import { type RawBuilder, sql } from 'kysely';
import { fromNow } from './column-values.js';
import type { Db } from './schema.js';

/** The one process that works on a row of `source` or `platform` holds this; times are the database's. */
export interface Lease {
  readonly id: string;
  readonly holder: string;
}

export interface LeaseOrder {
  readonly holder: string;
  readonly leaseMs: number;
  /** Ids that are not taken. */
  readonly except: readonly string[];
}

type Leased = 'source' | 'platform';

/**
 * Takes what has waited longest among those that are enabled and due.
 * @param more.set what is set besides
 * @param more.where what must hold besides
 * @returns undefined when none is due
 */
export async function leaseDue(
  db: Db,
  table: Leased,
  { holder, leaseMs, except }: LeaseOrder,
  more: { readonly set: RawBuilder<unknown>; readonly where: RawBuilder<unknown> } = { set: sql``, where: sql`true` },
): Promise<Lease | undefined> {
  const { rows } = await sql<{ id: string }>`
    UPDATE ${sql.table(table)} SET leased_by = ${holder}, leased_until = ${fromNow(leaseMs)} ${more.set}
    WHERE id = (
      SELECT id FROM ${sql.table(table)}
      WHERE enabled AND next_at <= now() AND (leased_until IS NULL OR leased_until < now()) AND ${more.where}
        AND id NOT IN (SELECT jsonb_array_elements_text(${JSON.stringify(except)}::jsonb))
      ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id`.execute(db);
  const [row] = rows;
  return row && { id: row.id, holder };
}

/** Leases that an earlier process on an embedded database has left: nobody else can hold one. */
export async function freeLeases(db: Db, table: Leased): Promise<void> {
  await sql`UPDATE ${sql.table(table)} SET leased_by = NULL, leased_until = NULL`.execute(db);
}
