import { VigieError } from '../errors.js';
import type { Entry } from '../index/entry.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { Database } from '../storage/database.js';
import { clearEntryStatus, saidAmong, setEntryStatus } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { getListById, lockList } from '../storage/list-store.js';
import { currentManifests, listVersions, type ManifestSegment } from '../storage/list-version-store.js';
import type { Tx } from '../storage/schema.js';
import { writeDelta } from './add-entries.js';
import type { Approved } from './approval.js';
import { compactSegments, type Merged, withMerged } from './compact.js';
import { type ComposedDelta, composeDelta } from './compose-delta.js';
import type { ImportReport } from './import-report.js';
import type { LoadedList } from './loaded-list.js';
import { discard, type HeldRun, publish, type WriteRuns } from './write-run.js';

export interface ListGrowthOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly pool: MemoryPool;
  readonly runs: WriteRuns;
  readonly keepVersions: number;
  readonly record?: RecordEvent | undefined;
  /** What this process has loaded of a list. */
  readonly loaded: (listId: string) => LoadedList | undefined;
  /** Waits until all that was committed before the call has taken effect in this process. */
  readonly applied: () => Promise<void>;
}

/** Entries to write, made of what a list holds while nobody else can write to it. */
export type MakeEntries = (list: LoadedList) => Promise<readonly Entry[]>;

/** What a source tells of its list at a time: of each entry once. */
export interface TakenIn {
  readonly put: readonly Entry[];
  readonly remove: readonly string[];
}

/** What follows from it for the list. */
export interface Effect {
  /** Entries that the list did not have. */
  readonly added: number;
  /** Entries that it had otherwise. */
  readonly changed: number;
  /** Entries that are taken off it. */
  readonly removed: number;
  /** Removed entries that are on it again. */
  readonly returned: number;
  readonly report: ImportReport;
}

export interface TakeIn {
  /** How people call the source. */
  readonly sourceName: string;
  /** Where the source goes on once this is stored. */
  readonly checkpoint: unknown;
  /** Says no by throwing, before anything is written. */
  readonly judge: (what: { readonly removed: number; readonly entries: number }) => void;
  /** Part of the transaction, whose list is locked. The version stays the same when there is nothing to add. */
  readonly also: (tx: Tx, effect: Effect, sameVersion: boolean) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Another node writes a version: so often, and so long each time, it is waited for. */
const PATIENCE = { times: 20, ms: 100 };

/** How a list grows without being written anew: deltas on top, merged from time to time, one after another. */
export class ListGrowth {
  readonly #options: ListGrowthOptions;
  /** What waits for each other, by list. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: ListGrowthOptions) {
    this.#options = options;
  }

  /**
   * Adds entries, all or none. They match when this returns.
   * @throws VigieError `import-in-progress`, `list-too-many-rejected`, `request-invalid`, `approval-required`
   */
  async add(
    listId: string,
    entries: readonly Entry[],
    approved?: Approved,
  ): Promise<{ version: number; report: ImportReport }> {
    return await this.#inTurn(listId, async () => {
      const { segment, report } = await writeDelta(entries, this.#options);
      const version = await this.#publish(listId, { segment, report, sourceName: 'added entries', approved });
      await this.#options.applied();
      return { version, report };
    });
  }

  /**
   * Writes entries that are made of those that are there: nothing comes between reading and writing. When none are made,
   * nothing changes.
   * @returns the version; undefined when nothing changed
   * @throws VigieError as `add`; `index-not-loaded`; what `make` throws
   */
  async rewrite(listId: string, make: MakeEntries, approved?: Approved): Promise<number | undefined> {
    const { database, blobs, applied } = this.#options;
    return await this.#inTurn(listId, async () => {
      await using held = await this.#claim(listId, 'derived signals');
      const version = await this.#ending(held, async () => {
        const list = await this.#current(listId);
        if (list === undefined) throw new VigieError('index-not-loaded');
        const entries = await make(list);
        if (entries.length === 0) {
          await discard(database, blobs, held.run, 'abandoned');
          return undefined;
        }
        const { segment, report } = await writeDelta(entries, this.#options);
        const [manifest] = await currentManifests(database.db, listId);
        const about = { report, format: report.format, sourceName: 'derived signals', approved };
        return await this.#put(held, [...(manifest?.segments ?? []), segment], about);
      });
      await applied();
      return version;
    });
  }

  /**
   * Takes in what a source tells: entries, removals and the checkpoint in one transaction. An entry that comes back after
   * it was removed matches again. It has taken effect in this process when this returns.
   * @throws VigieError `import-in-progress` while another node writes the list; what `judge` and `also` throw
   */
  async takeIn(listId: string, told: TakenIn, options: TakeIn): Promise<Effect> {
    return await this.#inTurn(listId, async () => {
      const { database, applied } = this.#options;
      const { sourceName, checkpoint, judge, also, signal } = options;
      const list = await this.#current(listId);
      const removals = await this.#removals(listId, list, told.remove);
      judge({ removed: removals.length, entries: list?.liveEntries ?? 0 });
      const standing = (await list?.findAll(told.put.map(({ id }) => id))) ?? new Map();
      const composed = await composeDelta(told.put, standing, {
        ...this.#options,
        ...(signal === undefined ? {} : { signal }),
      });
      let effect: Effect | undefined;
      const { segment, report } = composed;
      const sameVersion = segment === undefined && list !== undefined;
      const inside = async (tx: Tx) => {
        effect = await this.#statuses(tx, listId, removals, composed);
        await also(tx, effect, sameVersion);
      };
      const version = { report, sourceName, checkpoint: { value: checkpoint } };
      if (segment !== undefined) await this.#publish(listId, { ...version, segment, also: inside });
      else if (list === undefined) await this.#publish(listId, { ...version, also: inside });
      else {
        await database.transaction(async (tx) => {
          await lockList(tx, listId);
          await inside(tx);
        });
      }
      await applied();
      return effect as Effect;
    });
  }

  /**
   * Merges small segments of a list. Deltas go on meanwhile: only the flip at the end waits for its turn.
   * @returns whether something was merged
   */
  async merge(listId: string, signal: AbortSignal, enough?: number): Promise<boolean> {
    const { database, blobs, pool, loaded, applied } = this.#options;
    const [manifest] = await currentManifests(database.db, listId);
    const list = loaded(listId);
    if (manifest === undefined || list?.info.version !== manifest.version) return false;
    const merged = await compactSegments(list, manifest.segments, { pool, blobs, signal, enough });
    if (merged === undefined) return false;
    // What is not used in the end, here and below, is swept: whether a commit that failed was one is not known.
    await this.#inTurn(listId, () => this.#publishMerged(listId, merged, signal));
    await applied();
    return true;
  }

  /** What this process has loaded, when that is the current version. */
  async #current(listId: string): Promise<LoadedList | undefined> {
    const { database, loaded, applied } = this.#options;
    const { currentVersion } = await getListById(database.db, listId);
    if (loaded(listId)?.info.version !== currentVersion) await applied();
    const list = loaded(listId);
    return list?.info.version === currentVersion ? list : undefined;
  }

  /** Those that say something new. Without the list in memory nobody knows what it holds. */
  async #removals(listId: string, list: LoadedList | undefined, ids: readonly string[]): Promise<readonly string[]> {
    const there = list === undefined ? ids : [...(await list.findAll(ids)).keys()];
    // What a person has overruled is removed again only once the source has put it back in between.
    const said = await saidAmong(this.#options.database.db, listId, there, 'source');
    return there.filter((id) => !said.has(id));
  }

  async #statuses(
    tx: Tx,
    listId: string,
    removals: readonly string[],
    { changed, added, accepted, report }: ComposedDelta,
  ): Promise<Effect> {
    const returned = await clearEntryStatus(tx, { listId, entryIds: accepted, origin: 'source' });
    if (removals.length > 0) {
      const said = { status: 'withdrawn', reason: null, changedBy: null, origin: 'source' } as const;
      await setEntryStatus(tx, { listId, entryIds: removals, ...said });
    }
    return { added, changed: changed - added, removed: removals.length, returned: returned.length, report };
  }

  async #publishMerged(listId: string, merged: Merged, signal: AbortSignal): Promise<void> {
    const { database } = this.#options;
    await using held = await this.#claim(listId, 'compaction', standBack);
    await this.#ending(held, async () => {
      const [manifest] = await currentManifests(database.db, listId);
      const segments = manifest && withMerged(manifest.segments, merged);
      signal.throwIfAborted();
      if (manifest === undefined || segments === undefined) throw new VigieError('import-aborted');
      const before = (await listVersions(database.db, listId, 1)).find(({ version }) => version === manifest.version);
      const { sourceName = null, format = null, report = {} } = before ?? {};
      await this.#put(held, segments, { sourceName, format, report, kind: 'list.merged' });
    });
  }

  /** Makes a version with one more segment, or none more. @returns its number */
  async #publish(
    listId: string,
    what: {
      readonly segment?: ManifestSegment;
      readonly report: ImportReport;
      readonly sourceName: string;
      readonly checkpoint?: { readonly value: unknown };
      readonly approved?: Approved | undefined;
      readonly also?: (tx: Tx) => Promise<void>;
    },
  ): Promise<number> {
    const { segment, report, ...rest } = what;
    await using held = await this.#claim(listId, what.sourceName);
    return await this.#ending(held, async () => {
      const [manifest] = await currentManifests(this.#options.database.db, listId);
      const before = manifest?.segments ?? [];
      const segments = segment === undefined ? before : [...before, segment];
      return await this.#put(held, segments, { ...rest, report, format: report.format });
    });
  }

  async #put(
    { run }: HeldRun,
    segments: readonly ManifestSegment[],
    {
      kind,
      also,
      approved,
      ...version
    }: {
      readonly report: unknown;
      readonly format: string | null;
      readonly sourceName: string | null;
      readonly checkpoint?: { readonly value: unknown };
      readonly kind?: 'list.merged';
      readonly approved?: Approved | undefined;
      readonly also?: (tx: Tx) => Promise<void>;
    },
  ): Promise<number> {
    const { database, keepVersions, record } = this.#options;
    const entries = segments.reduce((sum, each) => sum + each.entries, 0);
    const next = { ...version, version: run.version, entries, segments, importRun: run.id };
    await publish(database, run.listId, next, {
      keep: keepVersions,
      record,
      approved,
      ...(kind === undefined ? {} : { kind }),
      ...(also === undefined ? {} : { also }),
    });
    return run.version;
  }

  async #ending<T>({ run }: HeldRun, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      await discard(this.#options.database, this.#options.blobs, run, 'failed').catch(() => undefined);
      throw error;
    }
  }

  async #claim(listId: string, name: string, resumable?: () => Promise<boolean>): Promise<HeldRun> {
    for (let attempt = 1; ; attempt++) {
      try {
        const claim = { name, fingerprint: null, ...(resumable === undefined ? {} : { resumable }) };
        return await this.#options.runs.claim(listId, claim);
      } catch (error) {
        const busy = error instanceof VigieError && error.code === 'import-in-progress';
        if (!busy || attempt === PATIENCE.times) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PATIENCE.ms));
    }
  }

  async #inTurn<T>(listId: string, act: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(listId) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(act);
    this.#turns.set(listId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(listId) === turn) this.#turns.delete(listId);
    }
  }
}

/** An interrupted import may be gone on with: a compaction must not be the one that abandons it. */
async function standBack(): Promise<boolean> {
  throw new VigieError('import-in-progress');
}
