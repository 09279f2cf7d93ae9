import { VigieError } from '../../errors.js';
import { randomId } from '../../storage/random-id.js';
import type { HeldChange, RemovalWindow, StoredSource } from '../../storage/source-store.js';

/** Below this a share says nothing. */
const SMALLEST_LIST = 100;
/** Removals of so long count together, so that many small ones are seen for what they are. */
const WINDOW_MS = 24 * 3_600_000;

/** Thrown through a sync: a person has to decide. */
export class Held extends VigieError {
  readonly change: HeldChange;

  constructor(change: HeldChange) {
    super('source-held', { detail: `${change.removed} of ${change.entries} entries` });
    this.change = change;
  }
}

/**
 * Judges whether a source may remove so much of its list without a person. Removals of a day count together, against the
 * entries that the list had at its beginning; what a person has approved counts no more.
 */
export class RemovalGuard {
  readonly #holdPercent: number;
  readonly #now: Date;
  readonly #held: HeldChange | undefined;
  #window: RemovalWindow | undefined;
  #approved: number;

  /** @param source as it was when the sync began */
  constructor({ holdPercent, now, removals, held }: Pick<StoredSource, 'holdPercent' | 'now' | 'removals' | 'held'>) {
    this.#holdPercent = holdPercent;
    this.#now = now;
    this.#held = held;
    const fresh = removals !== undefined && now.getTime() - Date.parse(removals.since) < WINDOW_MS;
    this.#window = fresh ? removals : undefined;
    this.#approved = held?.decision === 'approved' ? held.removed : 0;
  }

  /**
   * @param removed entries that match now and would not any more
   * @param entries that match now
   * @throws Held when a person has to decide
   */
  judge(removed: number, entries: number): void {
    const window = this.#windowOf(entries);
    const all = window.removed + removed;
    const limit = Math.floor((window.entries * this.#holdPercent) / 100);
    if (removed === 0 || window.entries < SMALLEST_LIST || all - this.#approved <= limit) return;
    const before = this.#held;
    // The same change keeps its decision, and one that grew has to be decided again.
    if (before !== undefined && before.removed === all && before.decision !== 'approved') throw new Held(before);
    throw new Held({
      ...{ id: randomId(), since: this.#now.toISOString(), removed: all, entries: window.entries },
      ...{ decision: 'waiting', by: null },
    });
  }

  /** What was removed was stored. @returns what to remember of it */
  note(removed: number, entries: number): RemovalWindow | undefined {
    if (removed === 0) return this.#window;
    const window = this.#windowOf(entries);
    this.#window = { ...window, removed: window.removed + removed };
    return this.#window;
  }

  /** All that was told is stored: what a person approved is used up, and a new window begins. */
  get settled(): RemovalWindow | undefined {
    return this.#approved > 0 ? undefined : this.#window;
  }

  #windowOf(entries: number): RemovalWindow {
    // While a change is held its additions go through: they must not make room for what is held.
    return (
      this.#window ?? {
        since: this.#now.toISOString(),
        entries: Math.min(entries, this.#held?.entries ?? entries),
        removed: 0,
      }
    );
  }
}
