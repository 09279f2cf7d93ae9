import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { VigieError } from '../errors.js';
import type { SqlBackend, SqlResult, SqlSession } from './sql-backend.js';
import { sqlError } from './sql-error.js';
import { type Revocable, TransactionScope } from './transaction-scope.js';

/** The kysely dialect over either database. */
export function sqlDialect(backend: SqlBackend): Dialect {
  return {
    createDriver: () => new SqlDriver(backend),
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  };
}

class SqlDriver implements Driver {
  readonly #backend: SqlBackend;

  constructor(backend: SqlBackend) {
    this.#backend = backend;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Lease> {
    const scope = TransactionScope.current;
    if (scope?.holds) {
      throw new VigieError('internal', { detail: 'inside a transaction every query must go through it' });
    }
    try {
      const lease = new Lease(await this.#backend.acquire(scope?.signal));
      if (scope?.signal.aborted) {
        await lease.end();
        scope.signal.throwIfAborted();
      }
      scope?.hold(lease);
      return lease;
    } catch (thrown) {
      throw scope?.signal.aborted ? scope.signal.reason : sqlError(thrown);
    }
  }

  async beginTransaction(lease: Lease): Promise<void> {
    // Said first: when the lease is revoked while BEGIN is under way, the transaction must be rolled back all the same.
    lease.inTransaction = true;
    await lease.run('BEGIN');
  }

  async commitTransaction(lease: Lease): Promise<void> {
    await lease.run('COMMIT');
    lease.inTransaction = false;
  }

  /** Always through `release`, which is safe after a revocation and on a lost connection too. */
  async rollbackTransaction(lease: Lease): Promise<void> {
    await lease.end();
  }

  async releaseConnection(lease: Lease): Promise<void> {
    await lease.end();
  }

  async destroy(): Promise<void> {
    await this.#backend.close();
  }
}

/** One use of a connection. It can be taken back while somebody still holds it. */
class Lease implements DatabaseConnection, Revocable {
  readonly #session: SqlSession;
  #running: Promise<unknown> = Promise.resolve();
  #over: Error | undefined;
  inTransaction = false;

  constructor(session: SqlSession) {
    this.#session = session;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affected } = await this.run(query.sql, query.parameters);
    return {
      rows: rows as R[],
      ...(affected === undefined ? {} : { numAffectedRows: BigInt(affected) }),
    };
  }

  // biome-ignore lint/correctness/useYield: large reads go page by page by key, which bounds memory on both databases
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new VigieError('internal', { detail: 'read in pages by key; a stream would hold the connection' });
  }

  async run(statement: string, parameters: readonly unknown[] = []): Promise<SqlResult> {
    if (this.#over !== undefined) throw this.#over;
    const running = this.#session.query(statement, parameters);
    this.#running = running.catch(() => undefined);
    try {
      const result = await running;
      if (this.#over !== undefined) throw this.#over;
      return result;
    } catch (thrown) {
      throw this.#over ?? sqlError(thrown);
    }
  }

  revoke(reason: Error): void {
    void this.end(reason).catch(() => undefined);
  }

  /** Gives the connection back, rolling back what is open. Only the first call does anything. */
  async end(reason: Error = new VigieError('internal', { detail: 'this connection was given back' })): Promise<void> {
    if (this.#over !== undefined) return;
    this.#over = reason;
    await this.#running;
    await this.#session.release(this.inTransaction);
  }
}
