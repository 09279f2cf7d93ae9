import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Kysely, sql } from 'kysely';
import { migrate } from './migrate.js';
import type { Migration } from './migrations/migration.js';
import { PgliteBackend } from './pglite-backend.js';
import { PostgresBackend } from './postgres-backend.js';
import type { Db, Schema, Tx } from './schema.js';
import { sqlDialect } from './sql-driver.js';
import { TransactionScope } from './transaction-scope.js';

export interface TransactionOptions {
  /** Aborting rolls back and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds; 60 s when not given. */
  readonly timeLimit?: number;
}

export interface Database {
  readonly db: Db;
  readonly dialect: 'embedded' | 'server';
  /** Whether a commit is on the disk when it is acknowledged: tested for the embedded database, the server's word for a server. */
  readonly fsync: boolean;
  /**
   * Runs `act` in one transaction; it commits when `act` returns and rolls back when it throws. All its queries must
   * go through `tx`. An abort while the commit itself is under way rejects although the commit may stand. On the embedded database transactions run one at a time, in the order in which they were asked for.
   * @throws VigieError `database-unavailable`, `database-busy`, `database-timeout`, `disk-full`; SqlError; what `act` throws
   */
  transaction<T>(act: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Hears of `notify` on a channel. Only a hint: it can be lost, and an empty payload means that some may have been.
   * @returns the function that ends it
   */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>;
  /** The version of PostgreSQL, in its own words. */
  version(): Promise<string>;
  /** Waits for what is running; the embedded database writes a checkpoint. */
  close(): Promise<void>;
}

/** Where the data are: the directory of the embedded database, or the URL of a PostgreSQL server. */
export type DatabasePlace = { readonly dataDir: string } | { readonly url: string };

export interface DatabaseOptions {
  /** Go on although the embedded database does not write through to the disk. */
  readonly allowNoFsync?: boolean;
  /** False runs the embedded database without writing through at all, for tests; needs `allowNoFsync`. */
  readonly fsync?: boolean;
  readonly signal?: AbortSignal;
  /** Connections to a server. */
  readonly connections?: number;
  /** How many may wait for a connection; one more gets `database-busy`. */
  readonly queueLength?: number;
  /** Milliseconds that a query waits for a connection. */
  readonly waitLimit?: number;
  /** Milliseconds that one statement may take. */
  readonly statementLimit?: number;
  /** Only the first of the migrations, for a restore of older tables. */
  readonly migrations?: readonly Migration[];
}

const TRANSACTION_LIMIT = 60_000;

/**
 * Opens the database and brings its tables up to date. The caller owns the directory (see DataDir): the embedded
 * database has no lock of its own.
 * @throws VigieError `database-unavailable`, `database-too-new`, `fsync-not-real`, `disk-full`
 */
export async function openDatabase(place: DatabasePlace, options: DatabaseOptions = {}): Promise<Database> {
  const { allowNoFsync = false, fsync = true, signal, connections = 10 } = options;
  const limits = {
    queueLength: options.queueLength ?? 10_000,
    waitLimit: options.waitLimit ?? 30_000,
    statementLimit: options.statementLimit ?? 120_000,
  };
  if ('dataDir' in place) {
    await mkdir(dirname(place.dataDir), { recursive: true });
    const backend = await PgliteBackend.open({ directory: place.dataDir, allowNoFsync, fsync, ...limits }, signal);
    return await ready(new OpenDatabase('embedded', backend, () => backend.fsync), options);
  }
  const backend = new PostgresBackend({ url: place.url, connections, idleLimit: TRANSACTION_LIMIT * 2, ...limits });
  const database = new OpenDatabase('server', backend, () => serverFsync);
  let serverFsync = false;
  await ready(database, options);
  const { rows } = await sql<{ fsync: string }>`SELECT current_setting('fsync') AS fsync`.execute(database.db);
  serverFsync = rows[0]?.fsync === 'on';
  return database;
}

async function ready(database: OpenDatabase, { signal, migrations }: DatabaseOptions): Promise<OpenDatabase> {
  try {
    await migrate(database, signal, migrations);
    return database;
  } catch (thrown) {
    await database.close();
    throw thrown;
  }
}

class OpenDatabase implements Database {
  readonly db: Db;
  readonly dialect: 'embedded' | 'server';
  readonly #backend: PgliteBackend | PostgresBackend;
  readonly #fsync: () => boolean;

  constructor(dialect: 'embedded' | 'server', backend: PgliteBackend | PostgresBackend, fsync: () => boolean) {
    this.dialect = dialect;
    this.db = new Kysely<Schema>({ dialect: sqlDialect(backend) });
    this.#backend = backend;
    this.#fsync = fsync;
  }

  get fsync(): boolean {
    return this.#fsync();
  }

  async transaction<T>(act: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const { signal, timeLimit = TRANSACTION_LIMIT } = options;
    return await TransactionScope.run({ signal, timeLimit }, () => this.db.transaction().execute(act));
  }

  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#backend.listen(channel, heard);
  }

  async version(): Promise<string> {
    const { rows } = await sql<{ version: string }>`SELECT current_setting('server_version') AS version`.execute(
      this.db,
    );
    return rows[0]?.version ?? 'unknown';
  }

  async close(): Promise<void> {
    await this.db.destroy();
    await this.#backend.close();
  }
}
