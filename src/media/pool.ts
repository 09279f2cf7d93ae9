import { VigieError } from '../errors.js';
import { abortable } from '../runtime/abortable.js';
import { entryPoint } from '../runtime/entry-point.js';
import { DecoderProcess } from './decoder-process.js';
import { FORMATS } from './hash-medium.js';
import type { HashMode, MediaSignals } from './media-signals.js';
import { ProcessPool } from './process-pool.js';
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

interface HashOptions {
  readonly mode: HashMode;
  readonly signal?: AbortSignal;
  readonly onHandedOver?: () => void;
}

/** How long a decoder may go on with a medium that nobody waits for: shorter than it takes to start another one. */
const GIVEN_UP_MS = 1_000;

/**
 * A set of decoder processes. A medium is given to one process at a time; a process that takes too long, too much
 * memory, or dies, is ended and replaced, and only its own medium fails.
 */
export class MediaPool implements AsyncDisposable {
  readonly formats: readonly string[] = FORMATS;
  readonly #options: MediaPoolOptions;
  readonly #pool: ProcessPool<DecoderProcess>;

  constructor(options: MediaPoolOptions) {
    const { memoryBytes, timeoutMs, entry = entryPoint(import.meta.url, './worker.js') } = options;
    this.#options = options;
    this.#pool = new ProcessPool({
      ...options,
      start: () => new DecoderProcess({ entry, memoryBytes, timeoutMs }),
    });
  }

  /** How many processes were replaced because they died or were ended. */
  get restarts(): number {
    return this.#pool.restarts;
  }

  /** How many media wait for a process. */
  get waiting(): number {
    return this.#pool.waiting;
  }

  /** Process ids and resident bytes, for the figures. */
  get processes(): readonly { readonly pid: number | undefined; readonly residentBytes: number }[] {
    return this.#pool.processes;
  }

  /** Starts the processes now, so that the first medium does not wait for them. */
  async start(): Promise<void> {
    await this.#pool.start();
  }

  /**
   * Decodes and hashes a medium. `onHandedOver` is called when a decoder has got it; not when that fails before.
   * @throws VigieError: what is wrong with the medium or was done to its decoder (status 422), or `decoder-busy`; the
   * signal's reason when it aborts
   */
  async hash(bytes: Uint8Array, options: HashOptions): Promise<MediaSignals> {
    options.signal?.throwIfAborted();
    if (this.#pool.closed) throw new VigieError('shutting-down');
    if (bytes.length === 0) throw new VigieError('media-empty', { medium: sniff(bytes) });
    try {
      return await this.#decode(bytes, options);
    } catch (error) {
      if (!(error instanceof VigieError) || error.medium !== undefined) throw error;
      const detail = error.detail === undefined ? {} : { detail: error.detail };
      const retryAfter = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
      throw new VigieError(error.code, { ...detail, ...retryAfter, cause: error.cause, medium: sniff(bytes) });
    }
  }

  /** Takes no more media, waits for those that it has, ends the processes and waits until they are gone. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #decode(bytes: Uint8Array, { mode, signal, onHandedOver }: HashOptions): Promise<MediaSignals> {
    const { maxPixels, maxFrames } = this.#options;
    const decoder = await this.#pool.acquire(signal);
    if (signal?.aborted) {
      this.#pool.release(decoder);
      throw signal.reason;
    }
    let grace: NodeJS.Timeout | undefined;
    // A decoder cannot be asked to stop half way.
    const giveUp = () => {
      grace = setTimeout(() => decoder.kill(new VigieError('decoder-crashed', { detail: 'given up' })), GIVEN_UP_MS);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    const decoding = decoder.hash({ mode, maxPixels, maxFrames }, bytes, onHandedOver).finally(() => {
      clearTimeout(grace);
      signal?.removeEventListener('abort', giveUp);
      this.#pool.release(decoder);
    });
    decoding.catch(() => undefined);
    return await abortable(decoding, signal);
  }
}
