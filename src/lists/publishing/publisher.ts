import { VigieError } from '../../errors.js';
import type { BlobStore } from '../../storage/blob-store.js';
import type { Database } from '../../storage/database.js';
import { LIST_CHANGE_CHANNEL, readListChangesOf } from '../../storage/list-change-log.js';
import { currentManifests } from '../../storage/list-version-store.js';
import {
  advancePublication,
  listPublications,
  lockPublication,
  prunePublications,
  restartPublication,
  type StoredPublication,
  touchEntries,
} from '../../storage/publishing/publication-store.js';
import { changedEntries } from './version-changes.js';

const PAUSE_MS = 1_000;
const PAGE = 500;
/** Written in one transaction: it must not keep others waiting, nor last as long as a reader of times may look back. */
const AT_ONCE = 2_000;
/** Where more has changed than this, and than a quarter of the list, everybody begins anew. */
const MANY = 100_000;
const KEPT_DAYS = 90;

export interface PublisherOptions {
  readonly database: Database;
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly failed: (error: unknown) => void;
}

/**
 * Keeps the logs of published lists in step with the lists: which entries have changed, whether by a version or by what a
 * person decided. What an entry is now is read when a member asks. Any process may do it, several do no harm.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => Promise<void>) | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#tick(), PAUSE_MS);
    this.#timer.unref();
    this.#stopListening = await this.#options.database.listen(LIST_CHANGE_CHANNEL, () => this.#tick());
  }

  async close(): Promise<void> {
    this.#stop.abort(new VigieError('shutting-down'));
    clearInterval(this.#timer);
    await this.#stopListening?.();
    await this.#running?.catch(() => undefined);
  }

  /** Brings all logs up to date with what was committed before the call. */
  advance(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Forgets changes that members had long enough to read. */
  async prune(): Promise<void> {
    await prunePublications(this.#options.database.db, KEPT_DAYS);
  }

  #tick(): void {
    this.advance().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#options.failed(error);
    });
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const failures: unknown[] = [];
      for (const publication of await listPublications(this.#options.database.db)) {
        // One that cannot be read must not keep the withdrawals of all others from their members.
        await this.#advance(publication).catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    }
  }

  async #advance(publication: StoredPublication): Promise<void> {
    const { database } = this.#options;
    const { db } = database;
    const { listId, appliedSeq } = publication;
    const changes = await readListChangesOf(db, listId, appliedSeq, PAGE);
    const last = changes.at(-1);
    if (last === undefined) return;
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const entries = new Set<string>();
    for (const { kind, payload } of changes)
      if (kind === 'entry') for (const id of [...payload.silent, ...payload.live]) entries.add(id);
    let { segments } = publication;
    let restart = false;
    if (changes.some(({ kind }) => kind === 'version')) {
      const [manifest] = await currentManifests(db, listId);
      const before = segments;
      segments = (manifest?.segments ?? []).map(({ id }) => id);
      const all = (manifest?.segments ?? []).reduce((sum, each) => sum + each.entries, 0);
      const most = Math.max(MANY, all / 4);
      restart = !(await this.#collect({ before, after: segments }, entries, most));
    }
    const touched = [...entries];
    for (let from = 0; from < touched.length && !restart; from += AT_ONCE) {
      signal.throwIfAborted();
      await database.transaction((tx) => touchEntries(tx, listId, touched.slice(from, from + AT_ONCE)));
    }
    await database.transaction(async (tx) => {
      const now = await lockPublication(tx, listId);
      // Another process was faster, or it is published anew.
      if (now?.epoch !== publication.epoch || now.appliedSeq !== appliedSeq) return;
      if (restart) await restartPublication(tx, listId);
      await advancePublication(tx, listId, { appliedSeq: last.seq, segments });
    });
    if (changes.length === PAGE) this.#again = true;
  }

  /** @returns false when everybody has to begin anew */
  async #collect(
    versions: { readonly before: readonly string[]; readonly after: readonly string[] },
    entries: Set<string>,
    most: number,
  ): Promise<boolean> {
    const { blobs } = this.#options;
    try {
      for await (const id of changedEntries({ ...versions, blobs, signal: this.#stop.signal })) {
        entries.add(id);
        if (entries.size > most) return false;
      }
      return true;
    } catch (error) {
      // The version before was swept, or one was replaced while it was read: what differs cannot be told any more.
      if (error instanceof VigieError && error.code === 'blob-not-found') return false;
      throw error;
    }
  }
}
