import { VigieError } from '../errors.js';

/** A process that a pool starts, lends out and replaces. */
export interface PooledProcess {
  /** Resolves when the process takes its first work; rejects when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  readonly ended: boolean;
  /** How many media it was given. */
  readonly served: number;
  readonly pid: number | undefined;
  /** Resident memory in bytes, of it and of what it started; 0 when it cannot be told. */
  readonly residentBytes: number;
  /** Ends it at once; what it has in hand fails with `error`. */
  kill(error: VigieError): void;
}

export interface ProcessPoolOptions<P extends PooledProcess> {
  readonly processes: number;
  /** How many may wait for a process; one more is refused. */
  readonly queueLimit: number;
  readonly memoryBytes: number;
  /** A process is replaced after so many media, whatever it may have leaked. */
  readonly recycleAfter?: number;
  /** Starts one; throws when it cannot. */
  readonly start: () => P;
}

interface Waiter<P> {
  readonly resolve: (process: P) => void;
  readonly reject: (error: unknown) => void;
}

const RECYCLE_AFTER = 5_000;
/** Share of the memory limit above which an idle process is replaced: what a library keeps is not given back. */
const RECYCLE_ABOVE = 0.5;
const BACKOFF_MS = 100;
const MAXIMUM_BACKOFF_MS = 10_000;

/** A set of processes, each lent to one borrower at a time. One that died, or may have leaked, is replaced. */
export class ProcessPool<P extends PooledProcess> implements AsyncDisposable {
  readonly #options: ProcessPoolOptions<P>;
  readonly #processes = new Set<P>();
  readonly #idle: P[] = [];
  readonly #lent = new Set<P>();
  readonly #waiting: Waiter<P>[] = [];
  #backoff: NodeJS.Timeout | undefined;
  #failures = 0;
  #restarts = 0;
  #closed = false;
  readonly #drained: (() => void)[] = [];

  constructor(options: ProcessPoolOptions<P>) {
    this.#options = options;
  }

  /** How many processes were replaced because they died or were ended. */
  get restarts(): number {
    return this.#restarts;
  }

  /** How many wait for a process. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Process ids and resident bytes, for the figures. */
  get processes(): readonly { readonly pid: number | undefined; readonly residentBytes: number }[] {
    return [...this.#processes].map(({ pid, residentBytes }) => ({ pid, residentBytes }));
  }

  /** Starts the processes now, so that the first borrower does not wait for them. */
  async start(): Promise<void> {
    this.#fill(this.#options.processes);
    if (this.#processes.size === 0) throw new VigieError('decoder-crashed', { detail: 'start' });
    await Promise.all([...this.#processes].map(({ ready }) => ready));
  }

  /**
   * Lends a process, which must be given back with `release`, also when it has ended.
   * @throws VigieError `decoder-busy`, `shutting-down`, `decoder-crashed` when none can be started; the signal's reason
   */
  async acquire(signal?: AbortSignal): Promise<P> {
    signal?.throwIfAborted();
    if (this.#closed) throw new VigieError('shutting-down');
    if (this.#waiting.length >= this.#options.queueLimit) throw new VigieError('decoder-busy', { retryAfter: 1 });
    return await new Promise<P>((resolve, reject) => {
      const abort = () => {
        const at = this.#waiting.indexOf(waiter);
        if (at === -1) return;
        this.#waiting.splice(at, 1);
        waiter.reject(signal?.reason);
        this.#checkDrained();
      };
      const settled = () => signal?.removeEventListener('abort', abort);
      const waiter: Waiter<P> = {
        resolve: (process) => {
          settled();
          resolve(process);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiter);
      this.#next();
    });
  }

  release(process: P): void {
    if (!this.#lent.delete(process)) return;
    if (!process.ended) {
      const { recycleAfter = RECYCLE_AFTER, memoryBytes } = this.#options;
      if (process.served >= recycleAfter || process.residentBytes > memoryBytes * RECYCLE_ABOVE) {
        process.kill(new VigieError('decoder-crashed', { detail: 'recycled' }));
      } else this.#idle.push(process);
    }
    this.#next();
    this.#checkDrained();
  }

  /** Lends no more, waits for those that wait or have borrowed, ends the processes and waits until they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#lent.size + this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
    clearTimeout(this.#backoff);
    const processes = [...this.#processes];
    for (const process of processes) process.kill(new VigieError('shutting-down'));
    await Promise.all(processes.map(({ gone }) => gone));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const process = this.#idle.pop();
      if (process === undefined) {
        this.#fill(Math.min(this.#options.processes, this.#lent.size + this.#waiting.length));
        return;
      }
      if (process.ended) continue;
      this.#lent.add(process);
      this.#waiting.shift()?.resolve(process);
    }
  }

  #checkDrained(): void {
    if (this.#lent.size + this.#waiting.length > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Starts processes until there are `wanted`; after starts that failed only when some time has passed. */
  #fill(wanted: number): void {
    if (this.#backoff !== undefined) return;
    while (this.#processes.size < wanted && this.#backoff === undefined) this.#startOne();
  }

  #startOne(): void {
    let process: P;
    try {
      process = this.#options.start();
    } catch {
      // No descriptors, no processes or no place for temporary files left.
      this.#failedToStart();
      return;
    }
    this.#processes.add(process);
    void process.gone.then(() => this.#lost(process));
    process.ready.then(
      () => {
        this.#failures = 0;
        this.#idle.push(process);
        this.#next();
      },
      () => this.#failedToStart(),
    );
  }

  #lost(process: P): void {
    this.#processes.delete(process);
    const at = this.#idle.indexOf(process);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#closed && this.#waiting.length === 0) return;
    this.#restarts++;
    this.#next();
  }

  #failedToStart(): void {
    if (this.#backoff !== undefined) return;
    this.#failures++;
    const wait = Math.min(MAXIMUM_BACKOFF_MS, BACKOFF_MS * 2 ** this.#failures);
    // Nobody waits for ever for processes that cannot be started.
    if (this.#failures > 5) for (const { reject } of this.#waiting.splice(0)) reject(new VigieError('decoder-crashed'));
    this.#checkDrained();
    if (this.#closed && this.#waiting.length === 0) return;
    this.#backoff = setTimeout(() => {
      this.#backoff = undefined;
      this.#next();
    }, wait);
  }
}
