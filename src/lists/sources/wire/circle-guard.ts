import { hash } from 'node:crypto';
import { VigieError } from '../../../errors.js';

/** Pages that are read in one go before it is held to be endless. */
const MOST_PAGES = 1_000_000;
/** Positions that are remembered to tell a circle; a longer one ends at the number of pages. */
const REMEMBERED = 100_000;

/** Tells when following a source from page to page leads to nowhere. */
export class CircleGuard {
  readonly #seen = new Set<string>();
  #pages = 0;

  /**
   * @param position where the next page is
   * @throws VigieError `source-malformed` when that page was read before
   */
  step(position: string): void {
    const key = hash('sha256', position, 'base64').slice(0, 16);
    if (this.#seen.has(key) || ++this.#pages > MOST_PAGES) {
      throw new VigieError('source-malformed', { detail: 'its pages go round in circles' });
    }
    if (this.#seen.size < REMEMBERED) this.#seen.add(key);
  }
}
