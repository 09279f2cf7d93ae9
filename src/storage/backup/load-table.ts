import { sql } from 'kysely';
import { VigieError } from '../../errors.js';
import type { Tx } from '../schema.js';
import { type Column, quoted, type Table } from './describe-tables.js';

const PAGE_BYTES = 4 * 2 ** 20;
const MOST_ROWS = 2_000;

/**
 * Fills a table from what `dumpRows` gave. Sequences of identity columns go on after the last value.
 * @param tx has `exactText`
 * @param sealedUntil see `placeOf`
 * @returns the number of rows
 */
export async function loadRows(
  tx: Tx,
  { name, columns }: Table,
  lines: AsyncIterable<string>,
  sealedUntil: string | null,
): Promise<number> {
  const into = `INSERT INTO ${quoted(name)} (${columns.map((column) => quoted(column.name)).join(', ')}) OVERRIDING SYSTEM VALUE`;
  const values = columns.map((column, at) => typed(name, column, at, sealedUntil)).join(', ');
  let rows = 0;
  let page: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const filled = sql`${sql.raw(`${into} SELECT ${values} FROM json_array_elements(`)}${`[${page.join(',')}]`}${sql.raw('::json) AS row(v)')}`;
    await filled.execute(tx);
    rows += page.length;
    page = [];
    bytes = 0;
  };
  for await (const line of lines) {
    page.push(line);
    bytes += line.length;
    if (bytes >= PAGE_BYTES || page.length >= MOST_ROWS) await flush();
  }
  if (page.length > 0) await flush();
  for (const column of columns.filter(({ identity }) => identity)) await resume(tx, name, column.name);
  return rows;
}

/** The partitions as they were, for rows need theirs before they go in. */
export async function makePartitions(tx: Tx, { name, partitions }: Pick<Table, 'name' | 'partitions'>): Promise<void> {
  for (const { name: part, bound } of partitions) {
    if (!/^(DEFAULT|FOR VALUES [\w\s()',:+-]+)$/.test(bound))
      throw new VigieError('backup-damaged', { detail: 'a partition' });
    await sql.raw(`CREATE TABLE IF NOT EXISTS ${quoted(part)} PARTITION OF ${quoted(name)} ${bound}`).execute(tx);
  }
}

function typed(table: string, { name, type }: Column, at: number, sealedUntil: string | null): string {
  const text = `(v->>${at})`;
  if (type === 'bytea') return `decode(${text}, 'base64')`;
  const value = `${text}::${type}`;
  const isXid = (table === 'event' && name === 'xid') || (table === 'event_batch' && /^(from|until)_xid$/.test(name));
  return isXid ? placeOf(table, value, sealedUntil) : value;
}

/**
 * Events stand in the order of their transactions, and another cluster counts its transactions from elsewhere. So what
 * is sealed moves below zero, where no transaction of the new cluster ever is, keeping its order; what is not sealed yet
 * belongs to the restoring transaction.
 */
function placeOf(table: string, value: string, sealedUntil: string | null): string {
  const until = `${sealedUntil ?? '0'}::bigint`;
  const moved = `${value} - ${until}`;
  if (table === 'event_batch') return moved;
  const own = 'pg_current_xact_id()::text::bigint';
  return sealedUntil === null ? own : `CASE WHEN ${value} < ${until} THEN ${moved} ELSE ${own} END`;
}

async function resume(tx: Tx, table: string, column: string): Promise<void> {
  const last = sql.raw(`SELECT max(${quoted(column)}) AS last FROM ${quoted(table)}`);
  await sql`SELECT setval(pg_get_serial_sequence(${quoted(table)}, ${column}), last) FROM (${last}) AS rows WHERE last IS NOT NULL`.execute(
    tx,
  );
}
