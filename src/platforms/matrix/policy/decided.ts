import type { Publication } from '../../../enforcement/before-publication.js';
import { abortable } from '../../../runtime/abortable.js';

const MOST = 50_000;
const KEPT_MS = 3_600_000;

/** What was answered about an event: all servers of a room may ask about the same, and have to be told the same. */
export class Decided {
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly at: number; readonly answer: Promise<Publication> }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The answer that was given before, or that is being found, or that `decide` finds.
   * @param signal of who waits; the decision goes on for others
   * @throws what `decide` throws, and then it is decided anew; the signal's reason
   */
  async once(key: string, decide: () => Promise<Publication>, signal: AbortSignal): Promise<Publication> {
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() - known.at < KEPT_MS) return await abortable(known.answer, signal);
    const answer = decide();
    this.#known.delete(key);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, { at: this.#now(), answer });
    answer.catch(() => this.#known.delete(key));
    return await abortable(answer, signal);
  }
}
