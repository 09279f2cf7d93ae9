import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, VigieError } from '../errors.js';
import { SqlError } from './sql-error.js';

export interface GatherOptions<In, Out> {
  /** Does a batch as a whole or not at all, and gives one result for each entry, in order. It may be done again. */
  readonly act: (batch: readonly In[]) => Promise<readonly Out[]>;
  /** Entries in one batch at the most. */
  readonly most?: number;
  /** Entries that may wait; one more is refused. */
  readonly limit?: number;
  /** Milliseconds that the first entry of a batch waits for others. */
  readonly gatherMs?: number;
  /**
   * Milliseconds that entries wait at the most while batches follow each other: six times as long as the last batch took,
   * so that storing takes no more than a seventh of the time of the database, and batches grow with the load.
   */
  readonly paceMs?: number;
  /** Milliseconds that an entry waits at the most for a database that is away. */
  readonly patienceMs?: number;
}

interface Entry<In, Out> {
  readonly value: In;
  readonly since: number;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

const PACE_FACTOR = 6;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Gathers single acts on the database into batches: what arrives while a batch is under way makes the next one (group
 * commit). While the database is away a batch is tried again; a batch that the database refuses is halved until the
 * entry at fault stands alone, so that it harms no other.
 */
export class Gather<In, Out> {
  readonly #act: (batch: readonly In[]) => Promise<readonly Out[]>;
  readonly #most: number;
  readonly #limit: number;
  readonly #gatherMs: number;
  readonly #paceMs: number;
  readonly #patienceMs: number;
  // Batches hold the entries of many callers: none of their asynchronous contexts (transaction, principal) may leak in.
  readonly #context = new AsyncResource('vigie.gather');
  #waiting: Entry<In, Out>[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  #hurry: () => void = () => undefined;
  /** Milliseconds that the next batch may wait. */
  #pause = 0;

  constructor(options: GatherOptions<In, Out>) {
    this.#act = options.act;
    this.#most = options.most ?? 256;
    this.#limit = options.limit ?? 10_000;
    this.#gatherMs = options.gatherMs ?? 2;
    this.#paceMs = options.paceMs ?? 0;
    this.#patienceMs = options.patienceMs ?? 30_000;
  }

  /**
   * @param urgent somebody waits for the answer: the batch begins without a pause
   * @returns the entry's result, once its batch is committed
   * @throws VigieError `database-busy` when too many wait, `shutting-down`; what the act throws for this entry
   */
  add(value: In, urgent = false): Promise<Out> {
    if (this.#closed) return Promise.reject(new VigieError('shutting-down'));
    if (this.#waiting.length >= this.#limit) {
      return Promise.reject(new VigieError('database-busy', { detail: 'too much waits to be stored', retryAfter: 2 }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ value, since: performance.now(), resolve, reject });
      if (urgent || this.#waiting.length >= this.#most) this.#hurry();
      this.#running ??= this.#context.runInAsyncScope(() => this.#run());
    });
  }

  /** Refuses what is new and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#hurry();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // A full batch has nobody to wait for.
      if (this.#waiting.length < this.#most && !this.#closed) await this.#rest();
      const batch = this.#waiting.splice(0, this.#most);
      const begun = performance.now();
      await this.#settle(batch);
      const took = performance.now() - begun;
      this.#pause = batch.length > 1 ? Math.min(this.#paceMs, PACE_FACTOR * took) : 0;
    }
    this.#running = undefined;
  }

  async #rest(): Promise<void> {
    await sleep(this.#gatherMs);
    if (this.#pause <= this.#gatherMs) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#pause - this.#gatherMs);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = () => undefined;
  }

  async #settle(batch: readonly Entry<In, Out>[]): Promise<void> {
    const until = (batch[0]?.since ?? 0) + this.#patienceMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const results = await this.#act(batch.map(({ value }) => value));
        batch.forEach(({ resolve }, i) => {
          resolve(results[i] as Out);
        });
        return;
      } catch (error) {
        if (isPassing(error) && performance.now() + pause < until) {
          await sleep(pause);
        } else if (isPassing(error) || concernsAll(error) || batch.length === 1) {
          for (const { reject } of batch) reject(error);
          return;
        } else {
          const half = batch.length >> 1;
          await this.#settle(batch.slice(0, half));
          await this.#settle(batch.slice(half));
          return;
        }
      }
    }
  }
}

const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'database-unavailable',
  'database-busy',
  'database-timeout',
  'disk-full',
]);
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';

/** Whether trying the same again makes sense. */
export function isPassing(error: unknown): boolean {
  if (error instanceof SqlError) return error.sqlState === SERIALIZATION_FAILURE || error.sqlState === DEADLOCK;
  return error instanceof VigieError && PASSING.has(error.code);
}

function concernsAll(error: unknown): boolean {
  return error instanceof VigieError && error.code === 'queue-full';
}
