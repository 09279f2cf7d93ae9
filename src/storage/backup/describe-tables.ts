import { sql } from 'kysely';
import { VigieError } from '../../errors.js';
import type { Tx } from '../schema.js';

export interface Column {
  readonly name: string;
  /** As PostgreSQL writes it, such as `timestamp with time zone`. */
  readonly type: string;
  readonly identity: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  readonly partitions: readonly { readonly name: string; readonly bound: string }[];
}

/** The table that says which migrations were applied; it is made by migrating, not by filling. */
const OWN = 'migration';

/**
 * The tables of the database as its catalogue has them, so that none can be forgotten; those that others refer to
 * come first.
 */
export async function describeTables(tx: Tx): Promise<readonly Table[]> {
  const { rows } = await sql<{
    name: string;
    columns: Column[];
    keys: string[];
    parents: string[];
    parts: Table['partitions'];
  }>`
    SELECT c.relname::text AS name,
      (SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod),
          'identity', attidentity <> '') ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
      (SELECT coalesce(json_agg(a.attname ORDER BY k.place), '[]') FROM pg_constraint p
        CROSS JOIN unnest(p.conkey) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE p.conrelid = c.oid AND p.contype = 'p') AS keys,
      (SELECT coalesce(json_agg(DISTINCT f.relname), '[]') FROM pg_constraint r JOIN pg_class f ON f.oid = r.confrelid
        WHERE r.conrelid = c.oid AND r.contype = 'f' AND r.confrelid <> c.oid) AS parents,
      (SELECT coalesce(json_agg(json_build_object('name', p.relname, 'bound', pg_get_expr(p.relpartbound, p.oid))
          ORDER BY p.relname), '[]')
        FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent = c.oid) AS parts
    FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname <> ${OWN}
    ORDER BY c.relname COLLATE "C"
  `.execute(tx);
  const waiting = new Map(rows.map((row) => [row.name, row]));
  const ordered: Table[] = [];
  while (waiting.size > 0) {
    const free = [...waiting.values()].filter(({ parents }) => parents.every((parent) => !waiting.has(parent)));
    if (free.length === 0) throw new VigieError('internal', { detail: 'tables that refer to each other' });
    for (const { name, columns, keys, parts } of free) {
      waiting.delete(name);
      if (keys.length === 0) throw new VigieError('internal', { detail: `the table ${name} has no primary key` });
      ordered.push({ name, columns, primaryKey: keys, partitions: parts });
    }
  }
  return ordered;
}

/** How values are written as text and read again is the session's matter: the same on both sides, and exact. */
export async function exactText(tx: Tx): Promise<void> {
  await sql`SET LOCAL TimeZone = 'UTC'`.execute(tx);
  await sql`SET LOCAL DateStyle = 'ISO, YMD'`.execute(tx);
  await sql`SET LOCAL extra_float_digits = 3`.execute(tx);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
