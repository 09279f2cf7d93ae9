import { sql } from 'kysely';
import { VigieError } from '../errors.js';
import { advisoryLock } from './advisory-lock.js';
import type { Database } from './database.js';
import { MIGRATIONS } from './migrations/all.js';
import type { Migration } from './migrations/migration.js';
import type { Tx } from './schema.js';

const MIGRATION_LIMIT = 3_600_000;

/**
 * Brings the tables up to date: each missing migration in a transaction of its own, under a lock, so that several
 * processes may start at once on one server.
 * @throws VigieError `database-too-new` when a newer Vigie has written the database
 */
export async function migrate(
  database: Pick<Database, 'transaction'>,
  signal?: AbortSignal,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const limits = { timeLimit: MIGRATION_LIMIT, ...(signal === undefined ? {} : { signal }) };
  const newest = migrations.length;
  let applied = await database.transaction(async (tx) => await prepare(tx), limits);
  while (applied < newest) {
    applied = await database.transaction(async (tx) => {
      const before = await prepare(tx);
      const next = migrations[before];
      if (next === undefined) return before;
      await apply(tx, next);
      return next.number;
    }, limits);
  }
  if (applied > newest) {
    throw new VigieError('database-too-new', { detail: `its tables are at ${applied}, this version knows ${newest}` });
  }
}

/** Takes the lock and tells how many migrations were applied. */
async function prepare(tx: Tx): Promise<number> {
  await sql`SET LOCAL statement_timeout = 0`.execute(tx);
  await advisoryLock(tx, 'migrations');
  // Looked up first: IF NOT EXISTS alone writes a notice, and needs the right to create, at every start.
  const { rows } = await sql<{ there: boolean }>`SELECT to_regclass('migration') IS NOT NULL AS there`.execute(tx);
  if (rows[0]?.there !== true) {
    await sql`CREATE TABLE migration (
      number integer PRIMARY KEY,
      name text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`.execute(tx);
    return 0;
  }
  const { newest } = await tx
    .selectFrom('migration')
    .select((eb) => eb.fn.max('number').as('newest'))
    .executeTakeFirstOrThrow();
  return newest ?? 0;
}

async function apply(tx: Tx, migration: Migration): Promise<void> {
  for (const statement of migration.statements) await sql.raw(statement).execute(tx);
  await tx.insertInto('migration').values({ number: migration.number, name: migration.name }).execute();
}
