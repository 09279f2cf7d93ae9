import { VigieError } from '../errors.js';
import { FairQueue } from './fair-queue.js';
import { PgliteThread } from './pglite-thread.js';
import type { SqlBackend, SqlResult, SqlSession } from './sql-backend.js';
import { sqlError } from './sql-error.js';

export interface PgliteBackendOptions {
  readonly directory: string;
  /** Go on when commits do not reach the disk. */
  readonly allowNoFsync: boolean;
  /** Start PostgreSQL with fsync off. */
  readonly fsync: boolean;
  readonly queueLength: number;
  readonly waitLimit: number;
  /** Milliseconds after which a single statement is stopped. */
  readonly statementLimit: number;
}

/** After a failed start the next one waits this long, so that a broken disk is not hammered. */
const COOL_DOWN = 1000;

/** The embedded database: one connection, one user at a time; its thread is started again when it was lost. */
export class PgliteBackend implements SqlBackend {
  readonly #options: PgliteBackendOptions;
  readonly #queue: FairQueue;
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  #thread: PgliteThread | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failure: Error | undefined;
  #closed = false;
  /** Whether the test commit of the last start reached the disk. */
  fsync = false;

  private constructor(options: PgliteBackendOptions) {
    this.#options = options;
    this.#queue = new FairQueue({ length: options.queueLength, waitLimit: options.waitLimit });
  }

  /** @throws VigieError `fsync-not-real`, `disk-full`, `database-unavailable` */
  static async open(options: PgliteBackendOptions, signal?: AbortSignal): Promise<PgliteBackend> {
    const backend = new PgliteBackend(options);
    await backend.#start(signal);
    return backend;
  }

  async acquire(signal: AbortSignal | undefined): Promise<SqlSession> {
    const leave = await this.#queue.enter(signal);
    try {
      const thread = await this.#living();
      return {
        query: (sql, parameters) => this.#query(thread, sql, parameters),
        release: async (broken) => {
          try {
            if (broken && thread.alive) await thread.query('ROLLBACK', []);
          } finally {
            leave();
          }
        },
      };
    } catch (thrown) {
      leave();
      throw thrown;
    }
  }

  async listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(heard));
    try {
      if (listeners.size === 1) await this.#exclusively((thread) => thread.listen(channel, true));
    } catch (thrown) {
      listeners.delete(heard);
      throw sqlError(thrown);
    }
    return async () => {
      listeners.delete(heard);
      if (listeners.size > 0 || this.#closed) return;
      this.#listeners.delete(channel);
      await this.#exclusively((thread) => thread.listen(channel, false));
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      const leave = await this.#queue.enter();
      await this.#thread?.close().finally(leave);
    } catch {
      // Whoever holds the database does not let go, or it cannot write a checkpoint: it ends as in a crash.
      await this.#thread?.kill(new VigieError('database-unavailable', { detail: 'it was closed' }));
    }
  }

  /** Outside of anybody's transaction. */
  async #exclusively(act: (thread: PgliteThread) => Promise<void>): Promise<void> {
    const leave = await this.#queue.enter();
    try {
      await act(await this.#living());
    } finally {
      leave();
    }
  }

  async #query(thread: PgliteThread, sql: string, parameters: readonly unknown[]): Promise<SqlResult> {
    const timer = setTimeout(() => {
      // A statement cannot be interrupted from outside; killing the thread is safe, as any crash is.
      void thread.kill(new VigieError('database-timeout', { detail: 'a statement was stopped' }));
    }, this.#options.statementLimit);
    try {
      return await thread.query(sql, parameters);
    } finally {
      clearTimeout(timer);
    }
  }

  async #living(): Promise<PgliteThread> {
    if (this.#closed) throw new VigieError('database-unavailable', { detail: 'it was closed' });
    if (this.#thread?.alive) return this.#thread;
    if (performance.now() - this.#failedAt < COOL_DOWN && this.#failure !== undefined) throw this.#failure;
    return await this.#start();
  }

  async #start(signal?: AbortSignal): Promise<PgliteThread> {
    const { directory, fsync, allowNoFsync } = this.#options;
    try {
      const started = await PgliteThread.start(
        { directory, fsync },
        (channel, payload) => this.#hear(channel, payload),
        signal,
      );
      if (!started.fsync && !allowNoFsync) {
        await started.thread.close();
        throw new VigieError('fsync-not-real');
      }
      this.#thread = started.thread;
      this.fsync = started.fsync;
      for (const [channel, listeners] of this.#listeners) {
        await started.thread.listen(channel, true);
        for (const heard of listeners) heard('');
      }
      return started.thread;
    } catch (thrown) {
      if (signal?.aborted) throw thrown;
      const error = sqlError(thrown);
      this.#failure =
        error instanceof VigieError
          ? error
          : new VigieError('database-unavailable', { detail: 'the embedded database does not start', cause: error });
      this.#failedAt = performance.now();
      throw this.#failure;
    }
  }

  #hear(channel: string, payload: string): void {
    for (const heard of this.#listeners.get(channel) ?? []) heard(payload);
  }
}
