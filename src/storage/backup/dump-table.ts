import { sql } from 'kysely';
import type { Tx } from '../schema.js';
import { type Column, quoted, type Table } from './describe-tables.js';

const PAGE_BYTES = 4 * 2 ** 20;
const MOST_ROWS = 2_000;

/**
 * The rows of a table in the order of its primary key, each a JSON array of texts and nulls: bytes in base64, all else
 * as PostgreSQL writes it, so that no driver can round a number or a time.
 * @param tx has `exactText`
 */
export async function* dumpRows(tx: Tx, { name, columns, primaryKey }: Table): AsyncGenerator<string> {
  const values = columns.map(textOf).join(', ');
  const order = primaryKey.map((column) => `${quoted(column)}${collation(columns, column)}`).join(', ');
  await sql
    .raw(
      `DECLARE dump NO SCROLL CURSOR FOR SELECT json_build_array(${values})::text AS line FROM ${quoted(name)} ORDER BY ${order}`,
    )
    .execute(tx);
  let rows = 100;
  for (;;) {
    const page = await sql.raw<{ line: string }>(`FETCH ${rows} FROM dump`).execute(tx);
    let bytes = 0;
    for (const { line } of page.rows) {
      bytes += line.length;
      yield line;
    }
    if (page.rows.length < rows) break;
    // Rows are of all sizes; a page is held in memory twice.
    rows = Math.max(1, Math.min(MOST_ROWS, rows * 4, Math.floor((rows * PAGE_BYTES) / Math.max(1, bytes))));
  }
  await sql`CLOSE dump`.execute(tx);
}

function textOf({ name, type }: Column): string {
  const column = quoted(name);
  return type === 'bytea' ? `translate(encode(${column}, 'base64'), E'\\n', '')` : `${column}::text`;
}

/** The same order on every machine. */
function collation(columns: readonly Column[], name: string): string {
  return columns.find((column) => column.name === name)?.type === 'text' ? ' COLLATE "C"' : '';
}
