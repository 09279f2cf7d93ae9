import pg from 'pg';
import { VigieError } from '../errors.js';
import { POSTGRES_TYPES } from './column-values.js';
import { PostgresListener } from './postgres-listener.js';
import type { SqlBackend, SqlSession } from './sql-backend.js';

export interface PostgresBackendOptions {
  readonly url: string;
  readonly connections: number;
  readonly queueLength: number;
  readonly waitLimit: number;
  readonly statementLimit: number;
  /** Milliseconds after which the server ends a transaction that stands idle. */
  readonly idleLimit: number;
}

/** A PostgreSQL server through a bounded pool; lost connections are replaced as they are needed. */
export class PostgresBackend implements SqlBackend {
  readonly #pool: pg.Pool;
  readonly #listener: PostgresListener;
  readonly #queueLength: number;
  #closed = false;

  constructor(options: PostgresBackendOptions) {
    this.#queueLength = options.queueLength;
    const connection = {
      connectionString: options.url,
      application_name: 'vigie',
      connectionTimeoutMillis: options.waitLimit,
      keepAlive: true,
      types: POSTGRES_TYPES,
    };
    this.#pool = new pg.Pool({
      ...connection,
      max: options.connections,
      idleTimeoutMillis: 60_000,
      statement_timeout: options.statementLimit,
      idle_in_transaction_session_timeout: options.idleLimit,
    });
    // The pool drops a connection that fails while idle; the next query opens another.
    this.#pool.on('error', () => undefined);
    this.#listener = new PostgresListener(connection);
  }

  async acquire(signal: AbortSignal | undefined): Promise<SqlSession> {
    signal?.throwIfAborted();
    if (this.#closed) throw new VigieError('database-unavailable', { detail: 'it was closed' });
    if (this.#pool.waitingCount >= this.#queueLength) {
      throw new VigieError('database-busy', { detail: 'the waiting line is full', retryAfter: 1 });
    }
    const client = await this.#connect(signal);
    // An error between two queries would otherwise end the process; the next query reports it.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    return {
      query: async (sql, parameters) => {
        const result = await client.query<Record<string, unknown>>(sql, [...parameters]);
        return {
          rows: result.rows,
          affected: result.command === 'SELECT' ? undefined : (result.rowCount ?? undefined),
        };
      },
      release: async (broken) => {
        client.off('error', ignore);
        if (broken) client.once('error', ignore);
        client.release(broken);
      },
    };
  }

  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, heard);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#listener.close();
    await this.#pool.end();
  }

  /** The pool knows no abort: a connection that arrives after it is given back at once. */
  async #connect(signal: AbortSignal | undefined): Promise<pg.PoolClient> {
    const connecting = this.#pool.connect();
    if (signal === undefined) return await connecting;
    return await new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      connecting.then(
        (client) => {
          signal.removeEventListener('abort', abort);
          if (signal.aborted) client.release();
          else resolve(client);
        },
        (thrown) => {
          signal.removeEventListener('abort', abort);
          reject(thrown);
        },
      );
    });
  }
}
