import { sql } from 'kysely';
import type { Db } from './schema.js';

/**
 * The tables of the database as text: columns, constraints and indexes in the words of the catalogue. The same on
 * every version of PostgreSQL, so that a difference is a real one.
 */
export async function schemaSnapshot(db: Db): Promise<string> {
  const { rows } = await sql<{ line: string }>`
    WITH ours AS (
      SELECT c.oid, c.relname FROM pg_class c
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ), lines AS (
      SELECT relname, 1 AS part, attnum::int AS place,
        'column ' || attname || ' ' || format_type(atttypid, atttypmod)
          || CASE WHEN attnotnull THEN ' not null' ELSE '' END
          || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS line
      FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      UNION ALL
      SELECT relname, 2, 0, 'constraint ' || conname || ' ' || pg_get_constraintdef(k.oid)
      FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid AND k.contype <> 'n'
      UNION ALL
      SELECT relname, 3, 0, regexp_replace(pg_get_indexdef(i.indexrelid), ' ON [a-z_]+\\.', ' ON ')
      FROM ours JOIN pg_index i ON i.indrelid = ours.oid
    )
    SELECT relname || ': ' || line AS line FROM lines ORDER BY relname COLLATE "C", part, place, line COLLATE "C"
  `.execute(db);
  return `${rows.map(({ line }) => line).join('\n')}\n`;
}
