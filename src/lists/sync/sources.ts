import { VigieError } from '../../errors.js';
import { checkCredentials, checkFields, checkSettings, formOf } from '../../runtime/check-fields.js';
import { inAMinute } from '../../runtime/in-a-minute.js';
import { kindOf } from '../../runtime/kind-of.js';
import type { Database } from '../../storage/database.js';
import type { EventDraft, EventKind, RecordEvent } from '../../storage/events/event-kinds.js';
import { createList, findList, getListById, removeList } from '../../storage/list-store.js';
import type { Tx } from '../../storage/schema.js';
import type { SourceChanges, SourceStore, StoredSource } from '../../storage/source-store.js';
import { assertOnePersonMay } from '../approval.js';
import type { Lists } from '../lists.js';
import type { Source, SourceFacts, SourceHouse, SourceKind } from '../sources/source.js';
import { forgetSource, isStale, tellSource } from './source-attention.js';

export interface SourcesOptions {
  readonly database: Database;
  readonly lists: Lists;
  readonly store: SourceStore;
  readonly kinds: readonly SourceKind[];
  readonly house: SourceHouse;
  readonly record?: RecordEvent | undefined;
}

export interface NewSourceOrder {
  readonly name: string;
  readonly kind: string;
  /** Name of the list that it feeds, made when there is none; that of the source when left out. */
  readonly list?: string | undefined;
  readonly settings: unknown;
  readonly credentials?: unknown;
  readonly everySeconds?: number | undefined;
  /** Share of its list, in percent, that it may remove without a person; 10 when left out. */
  readonly holdPercent?: number | undefined;
}

export type SourceState = 'new' | 'up-to-date' | 'behind' | 'refused' | 'failing' | 'stale' | 'held' | 'disabled';

/** A source as it is shown; nothing of its credentials. */
export type ShownSource = StoredSource & { readonly state: SourceState; readonly title: string };

/** A kind with what its form is made from. */
export interface ShownKind {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly everySeconds: number;
  readonly staleSeconds: number | null;
  /** JSON Schemas; credentials are null when it needs none. */
  readonly settings: unknown;
  readonly credentials: unknown;
}

const HOLD_PERCENT = 10;
const INVALID = 'source-settings-invalid';
const UNKNOWN = 'source-kind-unknown';

/** The sources of lists, as people manage them. */
export class Sources {
  readonly #options: SourcesOptions;

  constructor(options: SourcesOptions) {
    this.#options = options;
  }

  kinds(): readonly ShownKind[] {
    return this.#options.kinds.map((kind) => {
      const { kind: name, title, description, everySeconds, staleSeconds = null } = kind;
      return { kind: name, title, description, everySeconds, staleSeconds, ...formOf(kind) };
    });
  }

  /**
   * Adds a source; it is synced for the first time at once.
   * @throws VigieError `source-kind-unknown`, `source-settings-invalid`, `source-name-invalid`, `source-name-taken`,
   *   `source-list-taken`, `list-name-invalid`, `approval-required`
   */
  async add(order: NewSourceOrder, by: string): Promise<ShownSource> {
    const { database, store, kinds } = this.#options;
    const kind = kindOf(kinds, order.kind, UNKNOWN);
    const { name, list = name, everySeconds = kind.everySeconds, holdPercent = HOLD_PERCENT } = order;
    const checked = checkFields(kind, order, INVALID);
    await database.transaction(async (tx) => {
      const there = await findList(tx, list);
      // What a source tells acts at once, and nobody approves it.
      if (there !== undefined) assertOnePersonMay(there);
      const { id: listId, content } = there ?? (await createList(tx, list, { source: kind.title }));
      // What sources tell of is media.
      if (content !== 'media') throw new VigieError('list-content-other', { detail: content });
      const id = await store.add(tx, { name, kind: kind.kind, listId, ...checked, everySeconds, holdPercent, by });
      await this.#record(tx, by, id, {
        kind: 'source.added',
        refs: { source: id, name, kind: kind.kind, list: listId },
      });
    });
    return await this.show(name);
  }

  async ls(): Promise<readonly ShownSource[]> {
    const { database, store } = this.#options;
    return (await store.ls(database.db)).map((source) => this.#shown(source));
  }

  /** @throws VigieError `source-not-found` */
  async show(name: string): Promise<ShownSource> {
    const { database, store } = this.#options;
    return this.#shown(await store.get(database.db, name));
  }

  /** Asks a source for something small. @throws VigieError of the source, `source-not-found` */
  async test(name: string, signal: AbortSignal): Promise<SourceFacts> {
    return await ask(await this.open(name), signal);
  }

  /** The same for one that is not added yet. @throws VigieError `source-settings-invalid` */
  async tryOut(
    order: Pick<NewSourceOrder, 'kind' | 'settings' | 'credentials'>,
    signal: AbortSignal,
  ): Promise<SourceFacts> {
    const kind = kindOf(this.#options.kinds, order.kind, UNKNOWN);
    const { settings, credentials } = checkFields(kind, order, INVALID);
    return await ask(kind.open(settings, credentials, this.#options.house), signal);
  }

  /** Opens a source, such as to tell it something. @throws VigieError `source-not-found`, `source-kind-unknown` */
  async open(name: string): Promise<Source> {
    const { database, store, kinds, house } = this.#options;
    const source = await store.get(database.db, name);
    const kind = kindOf(kinds, source.kind, UNKNOWN);
    const credentials = await store.credentials(database.db, source.id);
    const checked = checkFields(kind, { settings: source.settings, credentials }, INVALID);
    return kind.open(checked.settings, checked.credentials, house);
  }

  /** The source that feeds a list, when one does. */
  async ofList(listId: string): Promise<StoredSource | undefined> {
    return await this.#options.store.ofList(this.#options.database.db, listId);
  }

  /** @throws VigieError `source-not-found`, `source-settings-invalid` */
  async change(name: string, changes: SourceChanges, by: string): Promise<ShownSource> {
    const { database, store, kinds } = this.#options;
    const source = await store.get(database.db, name);
    const kind = kindOf(kinds, source.kind, UNKNOWN);
    const checked = {
      ...(changes.settings === undefined ? {} : { settings: checkSettings(kind, changes.settings, INVALID) }),
      ...(changes.credentials === undefined
        ? {}
        : { credentials: checkCredentials(kind, changes.credentials, INVALID) }),
    };
    await database.transaction(async (tx) => {
      await store.change(tx, source.id, { ...changes, ...checked });
      const change = Object.keys(changes).sort().join(' ');
      await this.#record(tx, by, source.id, { kind: 'source.changed', refs: { source: source.id, change } });
      await tellSource(tx, await store.getById(tx, source.id), kind);
    });
    return await this.show(name);
  }

  /** Has a source synced now. @throws VigieError `source-not-found` */
  async syncNow(name: string, by: string): Promise<void> {
    const { database, store } = this.#options;
    const { id } = await store.get(database.db, name);
    await database.transaction(async (tx) => {
      await store.dueNow(tx, id);
      await this.#record(tx, by, id, { kind: 'source.asked', refs: { source: id } });
    });
  }

  /**
   * Decides on a change that is held. Approved, it takes effect in the next sync, which begins at once; refused, the list
   * stays as it is until the source says something else.
   * @param held id of the change that was looked at; the one that waits when left out
   * @throws VigieError `source-not-found`, `source-not-held`
   */
  async decide(name: string, decision: 'approved' | 'refused', by: string, held?: string): Promise<ShownSource> {
    const { database, store, kinds } = this.#options;
    await database.transaction(async (tx) => {
      const source = await store.get(tx, name);
      const change = source.held;
      if (change === undefined || (held !== undefined && change.id !== held)) throw new VigieError('source-not-held');
      await store.decide(tx, source.id, { ...change, decision, by });
      const { removed, entries } = change;
      const refs = { source: source.id, decision, removed, entries };
      await this.#record(tx, by, source.id, { kind: 'source.decided', refs });
      await tellSource(
        tx,
        await store.getById(tx, source.id),
        kinds.find(({ kind }) => kind === source.kind),
      );
    });
    return await this.show(name);
  }

  /** Removes a source with its credentials; its list stays, or goes with it. @throws VigieError `source-not-found` */
  async remove(name: string, { withList }: { readonly withList: boolean }, by: string): Promise<void> {
    const { database, store, lists } = this.#options;
    await database.transaction(async (tx) => {
      const { id, listId } = await store.get(tx, name);
      await this.#record(tx, by, id, { kind: 'source.removed', refs: { source: id, name, withList } });
      await store.remove(tx, id);
      await forgetSource(tx, id);
      if (!withList || listId === null) return;
      const { name: list } = await getListById(tx, listId);
      const removed = { kind: 'list.removed', actor: by, subject: `list:${listId}`, refs: { list: listId } } as const;
      await this.#options.record?.(tx, { ...removed, payload: { name: list } });
      await removeList(tx, listId);
    });
    if (withList) await lists.applied();
  }

  #shown(source: StoredSource): ShownSource {
    const kind = this.#options.kinds.find(({ kind: name }) => name === source.kind);
    return { ...source, state: stateOf(source, kind?.staleSeconds), title: kind?.title ?? source.kind };
  }

  async #record<K extends EventKind>(
    tx: Tx,
    by: string,
    id: string,
    draft: Pick<EventDraft<K>, 'kind' | 'refs'>,
  ): Promise<void> {
    await this.#options.record?.(tx, { ...draft, actor: by, subject: `source:${id}` });
  }
}

/** How a source does, in one word. */
export function stateOf(source: StoredSource, staleSeconds: number | undefined): SourceState {
  if (!source.enabled) return 'disabled';
  if (source.outcome === 'held' || source.outcome === 'refused') return source.outcome;
  return isStale(source, staleSeconds) ? 'stale' : source.outcome;
}

async function ask(source: Source, signal: AbortSignal): Promise<SourceFacts> {
  return await inAMinute((bounded) => source.test(bounded), signal, 'source-unreachable');
}
