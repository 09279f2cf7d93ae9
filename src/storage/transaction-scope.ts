import { AsyncLocalStorage } from 'node:async_hooks';
import { VigieError } from '../errors.js';

/** Something that holds a connection and can be made to give it up. */
export interface Revocable {
  revoke(reason: Error): void;
}

/** The limits of one transaction: an abort signal and a time. The driver finds it through the asynchronous context. */
export class TransactionScope {
  static readonly #current = new AsyncLocalStorage<TransactionScope>();
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  #lease: Revocable | undefined;
  #over = false;

  /** The transaction that the calling code runs in, if any. */
  static get current(): TransactionScope | undefined {
    const scope = TransactionScope.#current.getStore();
    return scope === undefined || scope.#over ? undefined : scope;
  }

  private constructor(signal: AbortSignal | undefined) {
    this.signal = signal === undefined ? this.#controller.signal : AbortSignal.any([signal, this.#controller.signal]);
  }

  /**
   * Runs `body` as one transaction's scope. When the signal aborts or the time is over, the connection is taken back,
   * the transaction is rolled back, and this rejects, whether `body` has noticed or not.
   */
  static async run<T>(
    limits: { signal?: AbortSignal | undefined; timeLimit: number },
    body: () => Promise<T>,
  ): Promise<T> {
    limits.signal?.throwIfAborted();
    if (TransactionScope.current?.holds) {
      throw new VigieError('internal', { detail: 'a transaction was begun inside another' });
    }
    const scope = new TransactionScope(limits.signal);
    const timer = setTimeout(() => {
      scope.#controller.abort(new VigieError('database-timeout', { detail: 'a transaction took too long' }));
    }, limits.timeLimit);
    const { promise: ended, stop } = scope.#whenAborted();
    try {
      return await Promise.race([TransactionScope.#current.run(scope, body), ended]);
    } finally {
      clearTimeout(timer);
      stop();
      scope.#over = true;
    }
  }

  /** The driver says which connection serves this transaction. A second one would wait for the first for ever. */
  hold(lease: Revocable): void {
    this.#lease = lease;
  }

  get holds(): boolean {
    return this.#lease !== undefined;
  }

  #whenAborted(): { promise: Promise<never>; stop: () => void } {
    let onAbort = (): void => undefined;
    const promise = new Promise<never>((_, reject) => {
      onAbort = () => {
        const reason: unknown = this.signal.reason;
        this.#lease?.revoke(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
        reject(reason);
      };
      this.signal.addEventListener('abort', onAbort, { once: true });
    });
    return { promise, stop: () => this.signal.removeEventListener('abort', onAbort) };
  }
}
