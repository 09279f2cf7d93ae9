/** When somebody may be asked again who did not answer, told us to wait, or refused. Times in milliseconds. */
export interface CircuitOptions {
  readonly now: () => number;
  /** Told when it opens, with the code of what went wrong, and when an answer came again. */
  readonly onOpen: (code: string) => void;
  readonly onClose: () => void;
  readonly random?: () => number;
}

/** So many failures in a row open it. */
const FAILURES = 5;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10 * 60_000;

/** After each failure a longer pause, with full jitter above a half; after five, or a refusal, people are told. */
export class Circuit {
  readonly #options: CircuitOptions;
  #failures = 0;
  #until = 0;
  #open = false;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  /** True while people were told that nobody is asked. */
  get open(): boolean {
    return this.#open;
  }

  /** How long nobody is to be asked; 0 when it may be done now. */
  get pauseMs(): number {
    return Math.max(0, this.#until - this.#options.now());
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = 0;
    if (!this.#open) return;
    this.#open = false;
    this.#options.onClose();
  }

  /** @param retryAfter seconds, as they told us */
  failed({ code, retryAfter, refused }: { code: string; retryAfter?: number | undefined; refused: boolean }): void {
    const { now, random = Math.random, onOpen } = this.#options;
    this.#failures++;
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(20, this.#failures - 1));
    // A refusal does not pass by itself: credentials or an address have to be set right.
    const own = refused ? LONGEST_PAUSE_MS : longest * (0.5 + random() / 2);
    this.#until = now() + Math.max(own, (retryAfter ?? 0) * 1_000);
    if (this.#open || (!refused && this.#failures < FAILURES)) return;
    this.#open = true;
    onOpen(code);
  }
}
