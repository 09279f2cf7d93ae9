import { VigieError } from '../errors.js';
import type { Source, SourceFeedback, SourceHouse, SourceKind } from '../lists/sources/source.js';
import { kindOf } from '../runtime/kind-of.js';
import type { Database } from '../storage/database.js';
import type { Db } from '../storage/schema.js';
import type { SourceStore, StoredSource } from '../storage/source-store.js';
import type { FeedbackRoute } from './source-feedback.js';

export interface SourceRouteOptions {
  readonly database: Database;
  readonly store: SourceStore;
  readonly kinds: readonly SourceKind[];
  readonly house: SourceHouse;
}

/** The way from a list to the source that feeds it, as sources are set up. */
export class SourceRoute implements FeedbackRoute {
  readonly #options: SourceRouteOptions;

  constructor(options: SourceRouteOptions) {
    this.#options = options;
  }

  async sourceOf(
    db: Db,
    listId: string,
  ): Promise<{ readonly id: string; readonly takesFeedback: boolean } | undefined> {
    const stored = await this.#options.store.ofList(db, listId);
    if (stored === undefined) return undefined;
    try {
      const source = await this.#open(db, stored);
      return { id: stored.id, takesFeedback: source.feedback !== undefined };
    } catch (error) {
      if (!(error instanceof VigieError)) throw error;
      // One that cannot be opened now may be put right: what it is to be told waits, and somebody is told why.
      return { id: stored.id, takesFeedback: true };
    }
  }

  /** @throws VigieError `source-not-found`, `source-kind-unknown`, `source-settings-invalid`; those of the source */
  async send(sourceId: string, feedback: SourceFeedback, signal: AbortSignal): Promise<void> {
    const { database, store } = this.#options;
    const source = await this.#open(database.db, await store.getById(database.db, sourceId));
    await source.feedback?.(feedback, signal);
  }

  async #open(db: Db, { id, kind: name, settings }: StoredSource): Promise<Source> {
    const { store, kinds, house } = this.#options;
    const kind = kindOf(kinds, name, 'source-kind-unknown');
    const read = kind.settings.safeParse(settings);
    const credentials = kind.credentials?.safeParse((await store.credentials(db, id)) ?? {});
    if (!read.success || credentials?.success === false) throw new VigieError('source-settings-invalid');
    return kind.open(read.data, credentials?.data, house);
  }
}
