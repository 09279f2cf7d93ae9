import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Work, WorkStream } from '../storage/work/work-stream.js';

export interface ScanLoopOptions {
  readonly stream: WorkStream;
  readonly handle: (work: Work, signal: AbortSignal) => Promise<void>;
  /** Items that are handled at once: more than there are decoders, so that these never wait for the database. */
  readonly atOnce: number;
  /** Whether verdicts can be given now. While not, nothing is taken. */
  readonly ready: () => boolean;
  /** Told what kept an item from its end; it comes again. */
  readonly failed: (error: unknown) => void;
  /** Milliseconds that what has begun may take when the loop is closed. */
  readonly drainMs?: number;
}

const WAIT_MS = 5_000;
const PAUSE_MS = 500;
const DRAIN_MS = 20_000;

/** Takes work from the stream and keeps a bounded number of items under way, until it is closed. */
export class ScanLoop {
  readonly #options: ScanLoopOptions;
  readonly #underWay = new Map<Work, Promise<void>>();
  readonly #since = new WeakMap<Work, number>();
  readonly #stop = new AbortController();
  readonly #cut = new AbortController();
  #freed: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #extending: NodeJS.Timeout | undefined;

  constructor(options: ScanLoopOptions) {
    this.#options = options;
    // Everything that is under way listens, and what is under way is bounded.
    setMaxListeners(0, this.#stop.signal, this.#cut.signal);
  }

  /** How many items are under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  start(): void {
    const { leaseMs } = this.#options.stream;
    this.#extending = setInterval(() => {
      const before = performance.now() - leaseMs / 4;
      for (const work of this.#underWay.keys()) {
        if ((this.#since.get(work) ?? 0) < before) work.extend().catch(this.#options.failed);
      }
    }, leaseMs / 4);
    this.#extending.unref();
    this.#running = this.#run();
  }

  /** Takes nothing more, lets what has begun come to its end, and gives back what takes too long. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('closed'));
    this.#freed();
    const timer = setTimeout(() => this.#cut.abort(new Error('closed')), this.#options.drainMs ?? DRAIN_MS);
    await this.#running;
    await Promise.all(this.#underWay.values());
    clearTimeout(timer);
    clearInterval(this.#extending);
  }

  async #run(): Promise<void> {
    const { stream, atOnce, ready, failed } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const free = atOnce - this.#underWay.size;
      // Several at a time: each asking costs the database as much as one.
      if (free < Math.max(1, atOnce / 4)) {
        await new Promise<void>((resolve) => {
          this.#freed = resolve;
        });
      } else if (!ready()) {
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      } else {
        try {
          for (const work of await stream.take({ most: free, waitMs: WAIT_MS, signal })) this.#begin(work);
        } catch (error) {
          if (signal.aborted) return;
          failed(error);
          await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
        }
      }
    }
  }

  #begin(work: Work): void {
    const { handle, failed } = this.#options;
    const done = handle(work, this.#cut.signal)
      .catch(failed)
      .finally(() => {
        this.#underWay.delete(work);
        this.#freed();
      });
    this.#underWay.set(work, done);
    this.#since.set(work, performance.now());
  }
}
