import type { Database } from '../database.js';
import { inIndexOrder } from '../in-index-order.js';
import type { BatchFiles } from './batch-files.js';
import { lastBatch, unsealed } from './batch-store.js';
import type { EventDraft, EventKind } from './event-kinds.js';
import type { EventFilter, Events, RecordedEvent } from './events.js';
import { exportEvents } from './export-events.js';
import { type LastPass, lastPasses } from './verification-store.js';
import { type Finding, type VerifyResult, verifyEvents } from './verify-events.js';

/** What can be asked of the record of events, and acts that are nothing but an event. */
export class Audit {
  readonly #database: Database;
  readonly #files: BatchFiles;
  readonly #events: Events;

  constructor(database: Database, files: BatchFiles, events: Events) {
    this.#database = database;
    this.#files = files;
    this.#events = events;
  }

  /** Writes down an act that changes nothing else, such as a look. @returns the event's id, once it is committed */
  async note<K extends EventKind>(draft: EventDraft<K>): Promise<string> {
    return await this.#database.transaction((tx) => this.#events.record(tx, draft));
  }

  /** The latest events, newest first. */
  async latest(filter: EventFilter): Promise<RecordedEvent[]> {
    return await this.#events.latest(this.#database.db, filter);
  }

  /** How far the record is sealed; what is not is counted up to a bound. */
  async sealed(): Promise<{ batches: number; head: string; unsealed: number; oldestUnsealed: Date | null }> {
    const { number, hash } = await lastBatch(this.#database.db);
    const tail = await inIndexOrder(this.#database, (tx) => unsealed(tx));
    return { batches: number, head: hash, unsealed: tail.events, oldestUnsealed: tail.oldest };
  }

  /** Compares what is sealed with what is there. Findings are told as they are made. */
  async verify(onFinding: (finding: Finding) => void, signal?: AbortSignal): Promise<VerifyResult> {
    return await verifyEvents({
      database: this.#database,
      files: this.#files,
      subjectKeys: this.#events.subjectKeys,
      onFinding,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** What the regular verification came to, by part; none of a part that was never verified. */
  async lastVerified(): Promise<readonly LastPass[]> {
    return await lastPasses(this.#database.db);
  }

  /** All sealed batches as text; that they were taken out is an event. @throws VigieError `audit-damaged` */
  async *export(after = 0): AsyncGenerator<string> {
    const { batches } = await this.sealed();
    await this.note({ kind: 'audit.exported', subject: 'service', refs: { batches } });
    yield* exportEvents(this.#database.db, this.#files, after);
  }

  /**
   * Erases a subject, such as `account:…`: its key and its payloads go, its events stay.
   * @returns how many payloads went; undefined when there was nothing to erase
   */
  async erase(subject: string): Promise<number | undefined> {
    return await this.#database.transaction((tx) => this.#events.erase(tx, subject));
  }
}
