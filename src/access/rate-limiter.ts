/** So often something may happen: `count` times in `seconds`, in any distribution over them. */
export interface Rate {
  readonly count: number;
  readonly seconds: number;
}

interface Bucket {
  /** What may still happen at `at`; below zero when one act has cost more than there was. */
  left: number;
  at: number;
}

/** A bucket is forgotten when this many others were used since; by then it is nearly always full again. */
const REMEMBERED = 20_000;
/** Nobody is sent away for longer. */
const LONGEST_S = 60;

/**
 * Token buckets by name, in the memory of this process. A bucket holds what its rate gives in `seconds`, and refills
 * evenly. An act passes while anything is left, and pays what it costs even into debt: so an act whose cost is known
 * only once it was read can be let in first and charged afterwards.
 */
export class RateLimiter {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Lets one act in.
   * @param rate undefined for no limit
   * @returns undefined when it may go on; else the seconds after which another try makes sense
   */
  take(name: string, rate: Rate | undefined, cost = 1): number | undefined {
    if (rate === undefined) return undefined;
    const bucket = this.#refill(name, rate);
    if (bucket.left < 1) return this.#wait(bucket, rate);
    bucket.left -= cost;
    return undefined;
  }

  /** Charges for what was let in already. */
  charge(name: string, rate: Rate | undefined, cost: number): void {
    if (rate === undefined || cost <= 0) return;
    this.#refill(name, rate).left -= cost;
  }

  /** Seconds after which `take` would pass; undefined when it would pass now. Takes nothing. */
  check(name: string, rate: Rate | undefined): number | undefined {
    if (rate === undefined) return undefined;
    const bucket = this.#refill(name, rate);
    return bucket.left < 1 ? this.#wait(bucket, rate) : undefined;
  }

  #wait({ left }: Bucket, { count, seconds }: Rate): number {
    return Math.min(LONGEST_S, Math.max(1, Math.ceil(((1 - left) * seconds) / count)));
  }

  #refill(name: string, { count, seconds }: Rate): Bucket {
    const now = this.#now();
    const known = this.#buckets.get(name);
    if (known === undefined) {
      if (this.#buckets.size >= REMEMBERED) this.#forgetOldest();
      const fresh = { left: Math.max(1, count), at: now };
      this.#buckets.set(name, fresh);
      return fresh;
    }
    known.left = Math.min(Math.max(1, count), known.left + ((now - known.at) * count) / (seconds * 1_000));
    known.at = now;
    return known;
  }

  /** The first half of those that were made: cheaper, each time, than keeping an order of use at every request. */
  #forgetOldest(): void {
    let left = REMEMBERED / 2;
    for (const name of this.#buckets.keys()) {
      if (left-- <= 0) return;
      this.#buckets.delete(name);
    }
  }
}
