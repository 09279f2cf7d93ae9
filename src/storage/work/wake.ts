import { abortable } from '../../runtime/abortable.js';

/** A hint that something may have come. Whoever waits is woken by it, and by the end of its wait all the same. */
export class Wake {
  #waiters = new Set<() => void>();

  ring(): void {
    const woken = this.#waiters;
    this.#waiters = new Set();
    for (const wake of woken) wake();
  }

  /** Hears of every ring from now on. Call it before looking, so that nothing that comes while looking is missed. */
  arm(): Armed {
    let wake: () => void = () => undefined;
    const rung = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiters.add(wake);
    const drop = (): void => void this.#waiters.delete(wake);
    return {
      drop,
      wait: async (waitMs, signal) => {
        const timer = setTimeout(wake, waitMs);
        try {
          await abortable(rung, signal);
        } finally {
          clearTimeout(timer);
          drop();
        }
      },
    };
  }
}

interface Armed {
  /** Waits for the ring, no longer than so many milliseconds. @throws the signal's reason */
  wait(waitMs: number, signal: AbortSignal): Promise<void>;
  /** There is nothing to wait for. */
  drop(): void;
}

/**
 * Calls `act` soon, once for all calls that come meanwhile: a thousand pieces are one hint.
 * @returns the function to call, and one that ends it
 */
export function coalesced(afterMs: number, act: () => void): { readonly call: () => void; readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    call: () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        act();
      }, afterMs);
      timer.unref();
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
