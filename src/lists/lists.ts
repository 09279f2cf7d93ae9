import { VigieError } from '../errors.js';
import type { ByteSink } from '../index/byte-io.js';
import type { Entry } from '../index/entry.js';
import type { LookupAnswer, LookupOptions, MatchIndex } from '../index/match-index.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import type { Segment } from '../index/segment.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { Database } from '../storage/database.js';
import type { EventDraft, EventKind, RecordEvent } from '../storage/events/event-kinds.js';
import { lastListChange } from '../storage/list-change-log.js';
import {
  createList,
  findList,
  getList,
  getListById,
  type ListContent,
  type ListTerms,
  listLists,
  removeList,
} from '../storage/list-store.js';
import {
  currentManifests,
  listVersions,
  type ManifestSegment,
  rollBackTo,
  versionSegments,
} from '../storage/list-version-store.js';
import type { Tx } from '../storage/schema.js';
import { type Approved, assertOnePersonMay } from './approval.js';
import { Compactions } from './compactions.js';
import {
  type Comparison,
  compareEntries,
  liveEntries,
  manifestEntries,
  totals,
  type VersionDiff,
} from './compare-versions.js';
import { describeList, rulesOf, type StoredRules } from './describe-list.js';
import { endTerms } from './end-terms.js';
import { EntryStatuses, type StatusChange } from './entry-statuses.js';
import { type ExportFormat, exportEntries } from './export-list.js';
import { Importer, type ImportOptions, type ImportResult } from './import.js';
import type { ImportReport } from './import-report.js';
import type { SegmentPlace } from './import-thread.js';
import { ListFollower } from './list-follower.js';
import { type Effect, ListGrowth, type MakeEntries, type TakeIn, type TakenIn } from './list-growth.js';
import { ListLoader, type ListProblem, type LoadProgress } from './list-loader.js';
import { type ListView, viewOf } from './list-views.js';
import type { ListInfo, LoadedList } from './loaded-list.js';
import type { RulesInForce } from './rules/rules-in-force.js';
import { type ShownEntry, showEntry } from './show-entry.js';
import { sweep } from './sweep.js';
import type { LoadedWords } from './words/loaded-words.js';
import { type OwnNode, WriteRuns } from './write-run.js';

export interface ListsOptions {
  readonly database: Database;
  /** Where segments lie; see SealedBlobStore. */
  readonly blobs: BlobStore;
  readonly index: MatchIndex;
  readonly pool: MemoryPool;
  /** Lets imports run in a thread of their own that writes to the same blobs. */
  readonly place?: SegmentPlace | undefined;
  /** This process among the others on the same database. */
  readonly node?: OwnNode | undefined;
  /** Versions of each list that are kept beside the current one; 5 when not given. */
  readonly keepVersions?: number | undefined;
  /** Writes down what is done to lists, in the transaction that does it; without it nothing is. */
  readonly record?: RecordEvent | undefined;
  /** Secret with which it is decided which media a list is applied to, the same in every process. */
  readonly sampleKey?: Uint8Array | undefined;
}

const KEPT_VERSIONS = 5;

/** All hash lists as living things: what they hold, what of it matches now, and every change to them. */
export class Lists {
  readonly #options: ListsOptions;
  readonly #loader: ListLoader;
  readonly #follower: ListFollower;
  readonly #runs: WriteRuns;
  readonly #importer: Importer;
  readonly #growth: ListGrowth;
  readonly #compactions: Compactions;
  readonly #statuses: EntryStatuses;
  /** Told of a list that this process has changed, before whoever changed it is answered. */
  readonly #heed = new Set<(list: { readonly id: string; readonly name: string }) => Promise<void>>();
  #ready = false;

  constructor(options: ListsOptions) {
    this.#options = options;
    const { database, blobs, pool, place, record } = options;
    this.#loader = new ListLoader(options);
    this.#follower = new ListFollower(database, this.#loader);
    this.#runs = new WriteRuns(database, options.node);
    this.#importer = new Importer({ database, blobs, pool, place, record, runs: this.#runs, keepVersions: this.#keep });
    this.#growth = new ListGrowth({
      ...{ database, blobs, pool, record, runs: this.#runs, keepVersions: this.#keep },
      loaded: (id) => this.#loader.loaded(id),
      applied: () => this.applied(),
    });
    this.#compactions = new Compactions(this.#loader, this.#growth);
    this.#statuses = new EntryStatuses({ database, record, loader: this.#loader, follower: this.#follower });
  }

  /** True once every list that can be loaded is loaded. */
  get ready(): boolean {
    return this.#ready;
  }

  /** True while a list of media is not searched in any version, although it should be. */
  get incomplete(): boolean {
    return this.#unsearched(['media']);
  }

  /** As `incomplete`, of lists of URLs and keywords. */
  get wordsIncomplete(): boolean {
    return this.#unsearched(['urls', 'keywords']);
  }

  /** The lists of URLs and keywords as they are searched now. */
  get words(): readonly LoadedWords[] {
    return this.#loader.words;
  }

  /** Look-ups take every list change up to this sequence number into account. */
  get appliedSeq(): number {
    return this.#follower.appliedSeq;
  }

  /** Milliseconds since the log of changes was last read with success. */
  get staleness(): number {
    return this.#follower.staleness;
  }

  /**
   * Undefined while this process has heard of every change up to a moment ago; else reads the log first: it may have
   * been stopped, or its machine may have slept.
   * @throws VigieError `index-stale`
   */
  catchUp(): Promise<void> | undefined {
    return this.#follower.catchUp();
  }

  /** Lists that are not searched, or not in their current version. Each of them needs somebody. */
  problems(): readonly ListProblem[] {
    return this.#loader.problems;
  }

  /** What the rules of all lists come to; undefined when none has any. */
  get rules(): RulesInForce | undefined {
    return this.#loader.rules;
  }

  /** @throws VigieError `signal-invalid`, `threshold-invalid` */
  lookup(type: SignalTypeName, value: Uint8Array, options: LookupOptions = {}): LookupAnswer {
    return this.#options.index.lookup(type, value, options);
  }

  /** The list that a segment of the index belongs to. @throws VigieError `segment-closed` */
  describe(segment: Segment): ListInfo {
    return this.#loader.owner(segment);
  }

  /** Loads the current version of every list that has not expired. What cannot be loaded is among `problems`. */
  async load({
    signal,
    onProgress,
  }: {
    signal?: AbortSignal;
    onProgress?: (progress: LoadProgress) => void;
  } = {}): Promise<void> {
    const { db } = this.#options.database;
    this.#follower.begin(await lastListChange(db));
    for (const { id } of await listLists(db)) await this.#loader.refresh(id, signal, onProgress);
    this.#ready = true;
  }

  /** From now on changes by any process take effect here. */
  async follow(): Promise<void> {
    await this.#follower.follow();
  }

  /** Imports a whole list; it is searched when this returns. See Importer. */
  async import(options: ImportOptions): Promise<ImportResult> {
    const there = await findList(this.#options.database.db, options.list);
    // Said before all of it is read; what counts is asked again when it is published.
    if (there !== undefined) assertOnePersonMay(there);
    await this.#compactions.giveWay(options.list);
    const result = await this.#importer.import(options);
    await this.applied();
    await this.#told(options.list);
    return result;
  }

  /**
   * Adds entries to a list, or new versions of entries that it has: the later one counts. An entry that was withdrawn
   * stays so. They match when this returns.
   * @throws VigieError `list-not-found`, `import-in-progress`, `list-too-many-rejected`, `request-invalid`,
   * `approval-required`; what the approval throws
   */
  async addEntries(
    name: string,
    entries: readonly Entry[],
    approved?: Approved,
  ): Promise<{ version: number; report: ImportReport }> {
    const list = await getList(this.#options.database.db, name);
    if (list.content !== 'media') throw new VigieError('list-content-other', { detail: list.content });
    if (approved === undefined) assertOnePersonMay(list);
    const written = await this.#growth.add(list.id, entries, approved);
    await this.#told(name);
    return written;
  }

  /**
   * Writes entries that are made of those that are there, under the lock of the list: nothing comes between reading
   * and writing. When none are made, nothing changes.
   * @returns the version; undefined when nothing changed
   * @throws VigieError as `addEntries`; `index-not-loaded`
   */
  async rewriteEntries(name: string, make: MakeEntries, approved?: Approved): Promise<number | undefined> {
    const list = await getList(this.#options.database.db, name);
    return await this.#growth.rewrite(list.id, make, approved);
  }

  /** Makes an empty list. @throws VigieError `list-name-invalid`, `list-name-taken` */
  async create(name: string, terms: ListTerms = {}): Promise<void> {
    await this.#options.database.transaction(async (tx) => {
      const { id, approval } = await createList(tx, name, terms);
      await this.#record(tx, {
        ...{ kind: 'list.created', subject: `list:${id}`, refs: { list: id, approval } },
        payload: { name },
      });
    });
  }

  /** What this process has loaded of a list. */
  loaded(id: string): LoadedList | undefined {
    return this.#loader.loaded(id);
  }

  /** From now on tells `heed` of each list that this process changes, and waits for it. */
  heed(heed: (list: { readonly id: string; readonly name: string }) => Promise<void>): void {
    this.#heed.add(heed);
  }

  /** Ends entries whose time is over; call it several times a second. They match no more, here, when this returns. */
  async endTerms(): Promise<number> {
    const { database, record } = this.#options;
    const ended = await endTerms(database, record);
    if (ended > 0) await this.#follower.poll();
    return ended;
  }

  /** Takes in what a source tells of a list. See ListGrowth. */
  async takeIn(listId: string, told: TakenIn, options: TakeIn): Promise<Effect> {
    return await this.#growth.takeIn(listId, told, options);
  }

  /** Those of some entries of which a list has any version, whether or not it matches. */
  async known(listId: string, entries: readonly Pick<Entry, 'id'>[]): Promise<ReadonlySet<string>> {
    const found = await this.#loader.loaded(listId)?.findAll(entries.map(({ id }) => id));
    return new Set(found?.keys());
  }

  /** What a staged version would change of a list: its live entries against those. */
  async compare(
    listId: string,
    staged: readonly ManifestSegment[],
    signal?: AbortSignal,
  ): Promise<Comparison & { readonly entries: number }> {
    const list = this.#loader.loaded(listId);
    const next = () => manifestEntries(this.#options.blobs, staged, signal);
    if (list !== undefined) {
      const before = () => liveEntries(list, signal);
      return { ...totals(await compareEntries(before, next)), entries: list.liveEntries };
    }
    const [manifest] = await currentManifests(this.#options.database.db, listId);
    const before = () => manifestEntries(this.#options.blobs, manifest?.segments ?? [], signal);
    const compared = totals(await compareEntries(before, next));
    return { ...compared, entries: (manifest?.segments ?? []).reduce((sum, { entries }) => sum + entries, 0) };
  }

  /** The difference of two versions in counts. @throws VigieError `list-not-found`, `list-version-not-found` */
  async diff(name: string, from: number, to: number, signal?: AbortSignal): Promise<VersionDiff> {
    const { database, blobs } = this.#options;
    const { id } = await getList(database.db, name);
    const [before, after] = [await versionSegments(database.db, id, from), await versionSegments(database.db, id, to)];
    return await compareEntries(
      () => manifestEntries(blobs, before, signal),
      () => manifestEntries(blobs, after, signal),
    );
  }

  /** Ids of all that a list holds, whether or not it matches; one that stands in several segments comes again. */
  async *ids(listId: string, signal?: AbortSignal): AsyncGenerator<string> {
    for (const segment of this.#loadedList(listId).segments) {
      yield* segment.ids(signal === undefined ? {} : { signal });
    }
  }

  /** The entry stops matching, in this process before this returns and in every other one within a second. */
  async withdraw(list: string, entryIds: string | readonly string[], change: StatusChange): Promise<void> {
    await this.#statuses.set(list, entryIds, 'withdrawn', change);
  }

  /**
   * The entry matches again; a dispute is settled. It is tried against what was seen meanwhile.
   * @throws VigieError `approval-required`, `entry-removed-by-source`; what the approval throws
   */
  async restore(
    list: string,
    entryIds: string | readonly string[],
    change: StatusChange,
    approved?: Approved,
  ): Promise<void> {
    await this.#statuses.set(list, entryIds, 'active', change, approved);
  }

  /** Notes a doubt about an entry. It goes on matching: whether it should is for its source or a person to decide. */
  async dispute(list: string, entryIds: string | readonly string[], change: StatusChange): Promise<void> {
    await this.#statuses.set(list, entryIds, 'disputed', change);
  }

  /**
   * Makes an older version the current one; it is searched when this returns.
   * @param version the one before the current one when not given
   * @throws VigieError `list-not-found`, `list-version-not-found`
   */
  async rollback(name: string, version?: number): Promise<number> {
    const { database } = this.#options;
    const { id, currentVersion } = await getList(database.db, name);
    const target = version ?? (await this.#versionBefore(id, currentVersion));
    await database.transaction(async (tx) => {
      await this.#record(tx, { kind: 'list.rolled-back', subject: `list:${id}`, refs: { list: id, version: target } });
      await rollBackTo(tx, id, target);
    });
    await this.applied();
    await this.#told(name);
    return target;
  }

  /**
   * Changes what is said of a list.
   * @throws VigieError `approval-required` when it is to need no approval any more; `list-has-source` when it is to need it
   */
  async describeList(name: string, terms: ListTerms, approved?: Approved): Promise<void> {
    await describeList(this.#options, name, terms, approved);
    await this.applied();
  }

  /** How the matches of a list are judged. @throws VigieError `list-not-found` */
  async rulesOf(name: string): Promise<StoredRules> {
    return rulesOf(await getList(this.#options.database.db, name));
  }

  /** Removes a list with everything. @throws VigieError `list-not-found` */
  async remove(name: string): Promise<void> {
    const { database } = this.#options;
    const { id } = await getList(database.db, name);
    await database.transaction(async (tx) => {
      await this.#record(tx, { kind: 'list.removed', subject: `list:${id}`, refs: { list: id }, payload: { name } });
      await removeList(tx, id);
    });
    await this.applied();
  }

  async ls(): Promise<ListView[]> {
    const { database } = this.#options;
    const lists = await listLists(database.db);
    return await Promise.all(lists.map((list) => viewOf(database, this.#loader, list)));
  }

  /** @throws VigieError `list-not-found` */
  async show(name: string): Promise<ListView> {
    const { database } = this.#options;
    return await viewOf(database, this.#loader, await getList(database.db, name));
  }

  /** One entry with its status; whoever calls this has checked that it may be seen. @throws VigieError `entry-not-found` */
  async entry(name: string, entryId: string): Promise<ShownEntry> {
    const { database } = this.#options;
    const { id } = await getList(database.db, name);
    return await showEntry(database.db, id, this.#loader.loadedWords(id) ?? this.#loadedList(id), entryId);
  }

  /**
   * A list as it stands in memory, once all that was committed before the call has taken effect there.
   * @throws VigieError `list-not-found`; `index-not-loaded` while it, or its current version, is not loaded
   */
  async asLoaded(listId: string): Promise<LoadedList> {
    await this.applied();
    const { currentVersion } = await getListById(this.#options.database.db, listId);
    const list = this.#loadedList(listId);
    if (list.info.version !== currentVersion) throw new VigieError('index-not-loaded', { retryAfter: 5 });
    return list;
  }

  /**
   * Writes out every entry of a list that matches now; whoever calls this has checked that it may leave the house.
   * @returns how many entries were written
   */
  async export(name: string, sink: ByteSink, format: ExportFormat, signal?: AbortSignal): Promise<number> {
    const { id, content } = await getList(this.#options.database.db, name);
    if (content !== 'media') throw new VigieError('list-content-other', { detail: content });
    return await exportEntries(liveEntries(this.#loadedList(id), signal), sink, format);
  }

  /** Merges small segments of one list or of all. Content and answers stay the same. @returns the lists that were merged */
  async compact(options: { readonly list?: string; readonly enough?: number } = {}): Promise<readonly string[]> {
    return await this.#compactions.run(options);
  }

  /** Removes blobs that nothing needs, and ends imports that nobody goes on with. @returns how many blobs were removed */
  async sweep(options: { readonly olderThanMs?: number; readonly abandonAfterMs?: number } = {}): Promise<number> {
    const { database, blobs } = this.#options;
    return await sweep(database, blobs, (run) => this.#runs.holds(run), options);
  }

  /** Stops following and takes everything out of the index. */
  async close(): Promise<void> {
    this.#ready = false;
    this.#compactions.stop();
    await this.#follower.close();
    await this.#loader.close();
  }

  async #record<K extends EventKind>(tx: Tx, draft: EventDraft<K>): Promise<void> {
    await this.#options.record?.(tx, draft);
  }

  #unsearched(contents: readonly ListContent[]): boolean {
    return this.#loader.problems.some((each) => !each.olderVersionMatches && contents.includes(each.content));
  }

  get #keep(): number {
    return this.#options.keepVersions ?? KEPT_VERSIONS;
  }

  #loadedList(id: string): LoadedList {
    const list = this.#loader.loaded(id);
    if (list === undefined) throw new VigieError('index-not-loaded', { detail: 'this list is not loaded' });
    return list;
  }

  /** Waits until all that was committed before the call has taken effect in this process. */
  async applied(): Promise<void> {
    await this.#follower.poll();
    await this.#follower.settled();
  }

  async #versionBefore(listId: string, current: number | null): Promise<number> {
    const kept = (await listVersions(this.#options.database.db, listId)).filter(({ state }) => state === 'kept');
    const before = kept.find(({ version }) => current !== null && version < current);
    if (before === undefined) throw new VigieError('list-version-not-found', { detail: 'no older version is kept' });
    return before.version;
  }

  async #told(name: string): Promise<void> {
    const list = await findList(this.#options.database.db, name);
    if (list !== undefined) for (const heed of this.#heed) await heed(list);
  }
}
