import { abortable } from './abortable.js';

/** A number of places, given in the order in which they were asked for. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Runs `act` as soon as there is a place for it.
   * @param act may give its place to the next one before it ends
   * @throws the signal's reason while it waits; what `act` throws
   */
  async with<T>(signal: AbortSignal, act: (leave: () => void) => Promise<T>): Promise<T> {
    await this.#enter(signal);
    let inside = true;
    const leave = () => {
      if (inside) this.#leave();
      inside = false;
    };
    try {
      return await act(leave);
    } finally {
      leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    let enter: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      enter = resolve;
      this.#waiting.push(resolve);
    });
    try {
      await abortable(turn, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(enter);
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#leave();
      throw error;
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
