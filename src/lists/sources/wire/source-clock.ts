import type { SetAside } from '../source.js';

/** Clocks that differ by more are told of, milliseconds. */
const WORTH_TELLING_MS = 5 * 60_000;

/**
 * Two clocks of which either may be wrong. What is asked for follows the source's, and what is held to be done follows
 * the slower one: so nothing that is entered while one of them is wrong is ever passed over, at the price of reading
 * some of it twice.
 */
export class TwoClocks {
  readonly #source: number;
  readonly #ours: number;

  /** @param source the source's, milliseconds since 1970 @param ours ours */
  constructor(source: number, ours: number) {
    this.#source = source;
    this.#ours = ours;
  }

  /** The source's time, whole seconds since 1970. */
  get source(): number {
    return Math.floor(this.#source / 1_000);
  }

  /** The earlier one, whole seconds since 1970. */
  get earlier(): number {
    return Math.floor(Math.min(this.#source, this.#ours) / 1_000);
  }

  /** Something to tell when they differ by more than minutes. */
  get difference(): readonly SetAside[] {
    const ms = this.#source - this.#ours;
    if (Math.abs(ms) <= WORTH_TELLING_MS) return [];
    const where = `its clock is ${Math.round(Math.abs(ms) / 1_000)} s ${ms > 0 ? 'ahead of' : 'behind'} ours`;
    return [{ reason: 'clocks-differ', where }];
  }
}
