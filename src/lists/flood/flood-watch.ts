import { createHmac } from 'node:crypto';
import { every } from '../../runtime/every.js';
import type { Database } from '../../storage/database.js';
import { forgetOldMedia, type MatchedMedium, noteMedia } from '../../storage/entry-medium-store.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { quarantine } from './quarantine.js';

export interface FloodLimits {
  /** Different media within the window from which on an entry is silenced; 0 for never. */
  readonly limit: number;
  readonly windowMs: number;
}

export interface FloodWatchOptions extends FloodLimits {
  readonly database: Database;
  readonly record: RecordEvent;
  /** With which digests of media are made; the same in every process. */
  readonly key: Uint8Array;
  /** Waits until what was committed has taken effect in this process. */
  readonly applied: () => Promise<void>;
  /** Told of each entry that this process has silenced. */
  readonly quarantined?: (list: string) => void;
  readonly failed: (error: unknown) => void;
}

const FLUSH_MS = 250;
const FORGET_MS = 60_000;
/** Matches that wait to be noted; while the database is away more than these are let go. */
const MOST_WAITING = 10_000;
const AT_ONCE = 1_000;

/**
 * Sees to it that an entry which suddenly matches thousands of different media stops matching, and that a person looks
 * at it: a listed hash of an empty picture, a logo, a test card. What each entry matched is counted in the database,
 * exactly and over all processes, and no longer than the window; nothing is counted of entries that do not match.
 */
export class FloodWatch {
  readonly #options: FloodWatchOptions;
  readonly #waiting = new Map<string, MatchedMedium>();
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(options: FloodWatchOptions) {
    this.#options = options;
    if (options.limit === 0) return;
    const { database, windowMs, failed } = options;
    this.#stops.push(
      every(FLUSH_MS, () => this.flush(), failed),
      every(FORGET_MS, () => forgetOldMedia(database.db, windowMs), failed),
    );
  }

  /** @param medium SHA-256 of the medium, or what tells it from others */
  note(medium: Uint8Array, matches: readonly { readonly list: string; readonly entry: string }[]): void {
    if (this.#options.limit === 0) return;
    const digest = createHmac('sha256', this.#options.key).update('flood').update(medium).digest();
    const number = (digest.readBigUInt64BE() >> 1n).toString();
    for (const { list, entry } of matches) {
      if (this.#waiting.size >= MOST_WAITING) return;
      this.#waiting.set(`${list}/${number}/${entry}`, { list, entry, medium: number });
    }
  }

  /** Writes down what waits, and silences what floods. What cannot be written waits on. @throws VigieError of the database */
  async flush(): Promise<void> {
    const { database, record, limit, windowMs, applied, quarantined } = this.#options;
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, AT_ONCE);
      const flooding = await noteMedia(
        database.db,
        batch.map(([, match]) => match),
        { limit, windowMs },
      );
      for (const [key] of batch) this.#waiting.delete(key);
      for (const entry of flooding) {
        if (!(await quarantine(database, record, entry, windowMs))) continue;
        quarantined?.(entry.list);
        await applied();
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    await this.flush().catch(this.#options.failed);
  }
}
