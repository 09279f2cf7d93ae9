import { Worker } from 'node:worker_threads';
import { VigieError } from '../errors.js';
import { entryPoint } from '../runtime/entry-point.js';
import type { PgliteFailure, PgliteReply, PgliteRequest, PgliteWorkerData } from './pglite-protocol.js';
import type { SqlResult } from './sql-backend.js';

interface Pending {
  readonly resolve: (result: SqlResult) => void;
  readonly reject: (reason: unknown) => void;
}

type WithoutId<R> = R extends unknown ? Omit<R, 'id'> : never;

/** One life of the embedded database's thread. When it has ended, a new one must be started. */
export class PgliteThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #heard: (channel: string, payload: string) => void;
  #id = 0;
  #ended: Error | undefined;
  #exited: Promise<void>;

  private constructor(worker: Worker, heard: (channel: string, payload: string) => void) {
    this.#worker = worker;
    this.#heard = heard;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
  }

  /**
   * Starts the thread and waits until the database has recovered and answers.
   * @returns the thread, and whether a test commit was seen to reach the disk
   * @throws the failure of the start: a VigieError, or an error with a `code`
   */
  static async start(
    data: PgliteWorkerData,
    heard: (channel: string, payload: string) => void,
    signal?: AbortSignal,
  ): Promise<{ thread: PgliteThread; fsync: boolean }> {
    signal?.throwIfAborted();
    const worker = new Worker(entryPoint(import.meta.url, './pglite-worker.js'), { workerData: data, env: {} });
    const thread = new PgliteThread(worker, heard);
    const abort = (): void => void worker.terminate();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const fsync = await new Promise<boolean>((resolve, reject) => {
        worker.on('error', (error) => {
          thread.#end(error);
          reject(error);
        });
        worker.on('exit', () => {
          const reason = signal?.aborted ? signal.reason : lost('its thread ended');
          thread.#end(lost('its thread ended'));
          reject(reason);
        });
        worker.on('message', (message: PgliteReply) => {
          if (message.kind === 'ready') resolve(message.fsync);
          else if (message.kind === 'start-failed') reject(errorOf(message.failure));
          else thread.#receive(message);
        });
      });
      return { thread, fsync };
    } catch (thrown) {
      await worker.terminate();
      throw thrown;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** False once the thread has ended or is about to. */
  get alive(): boolean {
    return this.#ended === undefined;
  }

  query(sql: string, parameters: readonly unknown[]): Promise<SqlResult> {
    return this.#send({ kind: 'query', sql, parameters });
  }

  async listen(channel: string, on: boolean): Promise<void> {
    await this.#send({ kind: on ? 'listen' : 'unlisten', channel });
  }

  /** Checkpoint, close, end. */
  async close(): Promise<void> {
    if (this.#ended === undefined) await this.#send({ kind: 'close' });
    this.#end(lost('it was closed'));
    await this.#exited;
  }

  /** Ends the thread at once, as a kill would: what was committed is there at the next start. */
  async kill(reason: Error): Promise<void> {
    this.#end(reason);
    await this.#worker.terminate();
  }

  #send(request: WithoutId<PgliteRequest>): Promise<SqlResult> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      const id = ++this.#id;
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }

  #receive(message: Exclude<PgliteReply, { kind: 'ready' | 'start-failed' }>): void {
    if (message.kind === 'notification') {
      this.#heard(message.channel, message.payload);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.kind === 'result') pending?.resolve({ rows: message.rows, affected: message.affected });
    else if (message.kind === 'failure') pending?.reject(errorOf(message.failure));
    else {
      const error = message.failure.code === 'ENOSPC' ? new VigieError('disk-full') : lost('its engine stopped');
      pending?.reject(error);
      void this.kill(error);
    }
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

function lost(detail: string): VigieError {
  return new VigieError('database-unavailable', { detail: `the embedded database: ${detail}`, retryAfter: 1 });
}

function errorOf(failure: PgliteFailure): Error {
  const { message, code, constraint } = failure;
  return Object.assign(new Error(message), { ...(code && { code }), ...(constraint && { constraint }) });
}
