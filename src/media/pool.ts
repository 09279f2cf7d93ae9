import { VigieError } from '../errors.js';
import { entryPoint } from '../runtime/entry-point.js';
import { DecoderProcess } from './decoder-process.js';
import { FORMATS } from './hash-medium.js';
import type { HashMode, MediaSignals } from './media-signals.js';
import { sniff } from './sniff.js';

export interface MediaPoolOptions {
  readonly processes: number;
  readonly maxPixels: number;
  readonly maxFrames: number;
  /** Longest time for one medium, from when a process takes it. */
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** How many media may wait; one more is refused. */
  readonly queueLimit: number;
  /** A process is replaced after so many media, whatever it may have leaked. */
  readonly recycleAfter?: number;
  /** The program of the processes; another one only in tests. */
  readonly entry?: string;
}

interface Job {
  readonly bytes: Uint8Array;
  readonly mode: HashMode;
  readonly onHandedOver: (() => void) | undefined;
  readonly resolve: (signals: MediaSignals) => void;
  readonly reject: (error: unknown) => void;
  decoder?: DecoderProcess;
  graceClock?: NodeJS.Timeout;
  over: boolean;
}

const RECYCLE_AFTER = 5_000;
/** Share of the memory limit above which an idle process is replaced: what a library keeps is not given back. */
const RECYCLE_ABOVE = 0.5;
/** How long a decoder may go on with a medium that nobody waits for: shorter than it takes to start another one. */
const GIVEN_UP_MS = 1_000;
const BACKOFF_MS = 100;
const MAXIMUM_BACKOFF_MS = 10_000;

/**
 * A set of decoder processes. A medium is given to one process at a time; a process that takes too long, too much
 * memory, or dies, is ended and replaced, and only its own medium fails.
 */
export class MediaPool implements AsyncDisposable {
  readonly formats: readonly string[] = FORMATS;
  readonly #options: MediaPoolOptions;
  readonly #entry: string;
  readonly #decoders = new Set<DecoderProcess>();
  readonly #idle: DecoderProcess[] = [];
  readonly #waiting: Job[] = [];
  readonly #running = new Set<Job>();
  #backoff: NodeJS.Timeout | undefined;
  #failures = 0;
  #restarts = 0;
  #closed = false;
  readonly #drained: (() => void)[] = [];

  constructor(options: MediaPoolOptions) {
    this.#options = options;
    this.#entry = options.entry ?? entryPoint(import.meta.url, './worker.js');
  }

  /** How many processes were replaced because they died or were ended. */
  get restarts(): number {
    return this.#restarts;
  }

  /** How many media wait for a process. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Process ids and resident bytes, for the figures. */
  get processes(): readonly { readonly pid: number | undefined; readonly residentBytes: number }[] {
    return [...this.#decoders].map(({ pid, residentBytes }) => ({ pid, residentBytes }));
  }

  /** Starts the processes now, so that the first medium does not wait for them. */
  async start(): Promise<void> {
    this.#fill(this.#options.processes);
    if (this.#decoders.size === 0) throw new VigieError('decoder-crashed', { detail: 'start' });
    await Promise.all([...this.#decoders].map(({ ready }) => ready));
  }

  /**
   * Decodes and hashes a medium. `onHandedOver` is called when a decoder has got it; not when that fails before.
   * @throws VigieError: what is wrong with the medium or was done to its decoder (status 422), or `decoder-busy`; the
   * signal's reason when it aborts
   */
  async hash(
    bytes: Uint8Array,
    options: { readonly mode: HashMode; readonly signal?: AbortSignal; readonly onHandedOver?: () => void },
  ): Promise<MediaSignals> {
    const { mode, signal, onHandedOver } = options;
    signal?.throwIfAborted();
    if (this.#closed) throw new VigieError('shutting-down');
    if (bytes.length === 0) throw new VigieError('media-empty', { medium: sniff(bytes) });
    if (this.#waiting.length >= this.#options.queueLimit) throw new VigieError('decoder-busy', { retryAfter: 1 });
    try {
      return await new Promise<MediaSignals>((resolve, reject) => {
        const abort = () => this.#giveUp(job, signal?.reason);
        const settle = () => {
          job.over = true;
          signal?.removeEventListener('abort', abort);
        };
        const job: Job = {
          bytes,
          mode,
          onHandedOver,
          over: false,
          resolve: (signals) => {
            settle();
            resolve(signals);
          },
          reject: (error) => {
            settle();
            reject(error);
          },
        };
        signal?.addEventListener('abort', abort, { once: true });
        this.#waiting.push(job);
        this.#next();
      });
    } catch (error) {
      if (!(error instanceof VigieError) || error.medium !== undefined) throw error;
      const detail = error.detail === undefined ? {} : { detail: error.detail };
      const retryAfter = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
      throw new VigieError(error.code, { ...detail, ...retryAfter, cause: error.cause, medium: sniff(bytes) });
    }
  }

  /** Takes no more media, waits for those that it has, ends the processes and waits until they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#running.size + this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
    clearTimeout(this.#backoff);
    const decoders = [...this.#decoders];
    for (const decoder of decoders) decoder.kill(new VigieError('shutting-down'));
    await Promise.all(decoders.map(({ gone }) => gone));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #giveUp(job: Job, reason: unknown): void {
    if (job.over) return;
    const at = this.#waiting.indexOf(job);
    if (at !== -1) this.#waiting.splice(at, 1);
    job.reject(reason);
    // A decoder cannot be asked to stop half way.
    const givenUp = () => job.decoder?.kill(new VigieError('decoder-crashed', { detail: 'given up' }));
    if (job.decoder !== undefined) job.graceClock = setTimeout(givenUp, GIVEN_UP_MS);
    this.#checkDrained();
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const decoder = this.#idle.pop();
      if (decoder === undefined) {
        this.#fill(Math.min(this.#options.processes, this.#running.size + this.#waiting.length));
        return;
      }
      if (decoder.ended) continue;
      const job = this.#waiting.shift();
      if (job !== undefined) this.#run(job, decoder);
    }
  }

  #run(job: Job, decoder: DecoderProcess): void {
    const { maxPixels, maxFrames } = this.#options;
    job.decoder = decoder;
    this.#running.add(job);
    decoder
      .hash({ mode: job.mode, maxPixels, maxFrames }, job.bytes, job.onHandedOver)
      .then(job.resolve, job.reject)
      .finally(() => {
        clearTimeout(job.graceClock);
        this.#running.delete(job);
        if (!decoder.ended) this.#free(decoder);
        this.#next();
        this.#checkDrained();
      });
  }

  #free(decoder: DecoderProcess): void {
    const { recycleAfter = RECYCLE_AFTER, memoryBytes } = this.#options;
    if (decoder.served >= recycleAfter || decoder.residentBytes > memoryBytes * RECYCLE_ABOVE) {
      decoder.kill(new VigieError('decoder-crashed', { detail: 'recycled' }));
    } else this.#idle.push(decoder);
  }

  #checkDrained(): void {
    if (this.#running.size + this.#waiting.length > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Starts processes until there are `wanted`; after starts that failed only when some time has passed. */
  #fill(wanted: number): void {
    if (this.#backoff !== undefined) return;
    while (this.#decoders.size < wanted && this.#backoff === undefined) this.#startOne();
  }

  #startOne(): void {
    const { memoryBytes, timeoutMs } = this.#options;
    let decoder: DecoderProcess;
    try {
      decoder = new DecoderProcess({ entry: this.#entry, memoryBytes, timeoutMs });
    } catch {
      // No descriptors, no processes or no place for temporary files left.
      this.#failedToStart();
      return;
    }
    this.#decoders.add(decoder);
    void decoder.gone.then(() => this.#lost(decoder));
    decoder.ready.then(
      () => {
        this.#failures = 0;
        this.#idle.push(decoder);
        this.#next();
      },
      () => this.#failedToStart(),
    );
  }

  #lost(decoder: DecoderProcess): void {
    this.#decoders.delete(decoder);
    const at = this.#idle.indexOf(decoder);
    if (at !== -1) this.#idle.splice(at, 1);
    if (this.#closed && this.#waiting.length === 0) return;
    this.#restarts++;
    this.#next();
  }

  #failedToStart(): void {
    if (this.#backoff !== undefined) return;
    this.#failures++;
    const wait = Math.min(MAXIMUM_BACKOFF_MS, BACKOFF_MS * 2 ** this.#failures);
    // Nobody waits for ever for decoders that cannot be started.
    if (this.#failures > 5) for (const job of this.#waiting.splice(0)) job.reject(new VigieError('decoder-crashed'));
    this.#checkDrained();
    if (this.#closed && this.#waiting.length === 0) return;
    this.#backoff = setTimeout(() => {
      this.#backoff = undefined;
      this.#next();
    }, wait);
  }
}
