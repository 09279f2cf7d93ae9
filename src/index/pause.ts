type Defer = (callback: () => void) => void;

// Node's setImmediate costs a few microseconds where a timer costs a millisecond; a browser has only the timer.
const defer: Defer =
  (globalThis as { setImmediate?: Defer }).setImmediate ?? ((callback) => void setTimeout(callback, 0));

/** Lets other work go on between the steps of something long. */
export class Pacer {
  readonly #share: number;
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  /** @param share milliseconds of work between two pauses */
  constructor(signal?: AbortSignal, share = 4) {
    this.#signal = signal;
    this.#share = share;
  }

  /** True when it is time to `pause`. */
  get due(): boolean {
    return performance.now() - this.#since > this.#share;
  }

  /** Steps aside once; throws the signal's reason when it was aborted. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => defer(resolve));
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
