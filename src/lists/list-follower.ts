import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { LIST_CHANGE_CHANNEL, type LoggedListChange, readListChanges } from '../storage/list-change-log.js';
import type { ListLoader } from './list-loader.js';
import type { Liveness } from './loaded-list.js';

const POLL_MS = 500;
const PAGE = 500;
/** What is withdrawn stops matching everywhere in so many milliseconds, or a verdict is refused. The log is read twice in it. */
const CURRENT_MS = 1_000;
const CATCH_UP_MS = 2_000;

const now = () => ({ steady: performance.now(), wall: Date.now() });

/**
 * Keeps the loader in step with the log of list changes: reads it twice a second, and at once when the database hints
 * that there is something new. Changes of entries are taken in where they stand in the log; loading a version goes on
 * beside, so that a withdrawal never waits for it.
 */
export class ListFollower {
  readonly #database: Database;
  readonly #loader: ListLoader;
  /** Every change up to here was read, and every change of an entry among them has taken effect. */
  #seen = 0;
  /** Lists that have to be loaded, with the first and the last change that asked for it. */
  readonly #dirty = new Map<string, { readonly first: number; readonly last: number }>();
  #heardAt = now();
  #polling: Promise<void> | undefined;
  #again = false;
  #refreshing: Promise<void> | undefined;
  #failed = false;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => Promise<void>) | undefined;
  #closed = false;

  constructor(database: Database, loader: ListLoader) {
    this.#database = database;
    this.#loader = loader;
  }

  /** Look-ups take every change up to this one into account. */
  get appliedSeq(): number {
    return Math.min(this.#seen, ...[...this.#dirty.values()].map(({ first }) => first - 1));
  }

  /**
   * Milliseconds since the log was last read with success. The steady clock stands still while the machine sleeps and the
   * other one can be set: whichever has gone further counts, so that waking is noticed, and a jump costs one reading.
   */
  get staleness(): number {
    const { steady, wall } = now();
    return Math.max(steady - this.#heardAt.steady, wall - this.#heardAt.wall);
  }

  /** @param seq the last change that what is loaded already takes into account */
  begin(seq: number): void {
    this.#seen = seq;
    this.#heardAt = now();
  }

  /** Follows until `close`. */
  async follow(): Promise<void> {
    this.#timer ??= setInterval(() => this.#tick(), POLL_MS);
    this.#timer.unref();
    this.#stopListening ??= await this.#database.listen(LIST_CHANGE_CHANNEL, () => this.#tick());
  }

  /** Reads what is new and waits until entries among it have taken effect. Sees all that was committed before the call. */
  poll(): Promise<void> {
    this.#again = true;
    this.#polling ??= this.#readOn().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  /** Waits until every list that the log has asked for so far is loaded. */
  async settled(): Promise<void> {
    while (this.#refreshing !== undefined) await this.#refreshing;
  }

  /**
   * Undefined while this process has heard of every change up to a moment ago; else reads the log first: it may have
   * been stopped, or its machine may have slept.
   * @throws VigieError `index-stale`
   */
  catchUp(): Promise<void> | undefined {
    // With an embedded database every change is made by this process, and has taken effect when its maker is answered.
    if (this.#database.dialect === 'embedded') return undefined;
    return this.staleness <= CURRENT_MS ? undefined : this.#catchUp();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#stopListening?.();
    await this.#polling?.catch(() => undefined);
    await this.settled();
  }

  async #catchUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('too late')), CATCH_UP_MS);
    });
    try {
      await Promise.race([this.poll(), late]);
    } catch (cause) {
      throw new VigieError('index-stale', { retryAfter: 1, cause });
    } finally {
      clearTimeout(timer);
    }
    if (this.staleness > CURRENT_MS) throw new VigieError('index-stale', { retryAfter: 1 });
  }

  #tick(): void {
    // A database that does not answer shows as staleness; the next tick tries again.
    this.poll().catch(() => undefined);
  }

  async #readOn(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      let asked = now();
      for (let changes = await this.#read(); changes.length > 0; changes = await this.#read()) {
        for (const change of changes) {
          await this.#take(change);
          this.#seen = change.seq;
        }
        asked = now();
      }
      this.#heardAt = asked;
      void this.#loader.expire(new Date())?.catch(() => undefined);
      this.#refresh();
    }
  }

  #read(): Promise<LoggedListChange[]> {
    return readListChanges(this.#database.db, this.#seen, PAGE);
  }

  async #take(change: LoggedListChange): Promise<void> {
    if (change.kind === 'entry') {
      const { silent, exact = [], live } = change.payload;
      const entries = new Map<string, Liveness>();
      for (const id of silent) entries.set(id, false);
      for (const id of exact) entries.set(id, 'exact-only');
      for (const id of live) entries.set(id, true);
      await this.#loader.setEntries(change.listId, entries);
    } else {
      const first = this.#dirty.get(change.listId)?.first ?? change.seq;
      this.#dirty.set(change.listId, { first, last: change.seq });
    }
  }

  #refresh(): void {
    if (this.#dirty.size === 0 || this.#refreshing !== undefined) return;
    this.#refreshing = this.#refreshDirty().finally(() => {
      this.#refreshing = undefined;
      // Another change of a list may have come while it was loaded.
      if (!this.#failed && !this.#closed) this.#refresh();
    });
  }

  async #refreshDirty(): Promise<void> {
    this.#failed = false;
    for (const [listId, { last }] of [...this.#dirty]) {
      try {
        await this.#loader.refresh(listId);
      } catch {
        // The database did not answer: the list stays to be loaded, and the next poll tries again.
        this.#failed = true;
        return;
      }
      const now = this.#dirty.get(listId);
      if (now === undefined || now.last === last) this.#dirty.delete(listId);
      else this.#dirty.set(listId, { first: last + 1, last: now.last });
    }
  }
}
