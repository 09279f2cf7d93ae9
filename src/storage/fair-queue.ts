import { VigieError } from '../errors.js';

interface Waiter {
  readonly enter: () => void;
  left: boolean;
}

export interface QueueOptions {
  /** How many may wait; one more is refused with `database-busy`. */
  readonly length: number;
  /** Milliseconds after which a waiter gives up with `database-busy`. */
  readonly waitLimit: number;
}

/** One at a time, in the order of asking. Whoever is let in holds the place until calling the function received. */
export class FairQueue {
  readonly #options: QueueOptions;
  readonly #waiting: Waiter[] = [];
  #taken = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.filter((waiter) => !waiter.left).length;
  }

  /**
   * Waits for the place.
   * @returns the function that gives it back; calling it again does nothing
   * @throws VigieError `database-busy`, or the signal's reason
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#taken) await this.#wait(signal);
    this.#taken = true;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#next();
    };
  }

  /** The place goes from hand to hand without ever being free in between, so that nobody overtakes. */
  #next(): void {
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) {
      if (waiter.left) continue;
      waiter.enter();
      return;
    }
    this.#taken = false;
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.length >= this.#options.length && this.waiting >= this.#options.length) {
      throw new VigieError('database-busy', { detail: 'the waiting line is full', retryAfter: 1 });
    }
    return new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const leave = (reason: unknown): void => {
        waiter.left = true;
        settle();
        reject(reason);
      };
      const waiter: Waiter = {
        left: false,
        enter: () => {
          settle();
          resolve();
        },
      };
      const onAbort = (): void => leave(signal?.reason);
      const timer = setTimeout(
        () => leave(new VigieError('database-busy', { detail: 'waited too long for a turn', retryAfter: 1 })),
        this.#options.waitLimit,
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }
}
