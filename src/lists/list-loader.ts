import { VigieError } from '../errors.js';
import type { MatchIndex } from '../index/match-index.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import type { Segment } from '../index/segment.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { Database } from '../storage/database.js';
import { readSilenced, silenceOf } from '../storage/entry-status-store.js';
import { getListById, type ListContent, type StoredList } from '../storage/list-store.js';
import { currentManifests, type Manifest } from '../storage/list-version-store.js';
import type { Db } from '../storage/schema.js';
import { type EntryLiveness, isGone, type ListInfo, LoadedList } from './loaded-list.js';
import { matchingRules, PLAIN_RULES } from './rules/matching-rules.js';
import { type RulesInForce, rulesInForce } from './rules/rules-in-force.js';
import { isSample } from './samples.js';
import { LoadedWords } from './words/loaded-words.js';

/** Why a list, or its newest version, is not searched. */
export interface ListProblem {
  readonly list: string;
  readonly code: VigieError['code'];
  readonly detail: string;
  /** True when an older version goes on matching in its place. */
  readonly olderVersionMatches: boolean;
  readonly content: ListContent;
  readonly since: Date;
}

export interface LoadProgress {
  readonly list: string;
  readonly segment: number;
  readonly segments: number;
}

interface LoaderOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly index: MatchIndex;
  readonly pool: MemoryPool;
  /** With which it is decided which media a list is applied to; see `isSampled`. */
  readonly sampleKey?: Uint8Array | undefined;
}

const STATUS_PAGE = 5000;

/** Brings lists into the index, one at a time, and keeps what is there in step with the statuses of entries. */
export class ListLoader {
  readonly #options: LoaderOptions;
  readonly #loaded = new Map<string, LoadedList>();
  /** Lists of URLs and keywords; they are no part of the index. */
  readonly #words = new Map<string, LoadedWords>();
  readonly #problems = new Map<string, ListProblem>();
  /** Which list a segment in the index belongs to. */
  readonly #owners = new Map<string, ListInfo>();
  #rules: RulesInForce | undefined;
  /** Changes of entries that came while a list was being loaded, by list. */
  readonly #meanwhile = new Map<string, EntryLiveness[]>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  get problems(): readonly ListProblem[] {
    return [...this.#problems.values()];
  }

  loaded(listId: string): LoadedList | undefined {
    return this.#loaded.get(listId);
  }

  get all(): readonly LoadedList[] {
    return [...this.#loaded.values()];
  }

  /** What the rules of all loaded lists come to. */
  get rules(): RulesInForce | undefined {
    return this.#rules;
  }

  get words(): readonly LoadedWords[] {
    return [...this.#words.values()];
  }

  loadedWords(listId: string): LoadedWords | undefined {
    return this.#words.get(listId);
  }

  /** @throws VigieError `segment-closed` for a segment that is not in the index any more */
  owner(segment: Segment): ListInfo {
    const info = this.#owners.get(segment.id);
    if (info === undefined) throw new VigieError('segment-closed');
    return info;
  }

  /**
   * Brings one list to its current version: loads it, drops it when it has expired or is gone. What cannot be loaded
   * becomes a problem, and the version that was there stays. One at a time, so that memory holds one version twice at
   * the most.
   */
  refresh(listId: string, signal?: AbortSignal, onProgress?: (progress: LoadProgress) => void): Promise<void> {
    const run = this.#queue.then(() => this.#refresh(listId, signal, onProgress));
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /** Takes lists out whose time is over. @returns whether there were any */
  expire(now: Date): Promise<unknown> | undefined {
    const over = [...this.all, ...this.words].filter(({ info }) => hasExpired(info, now));
    if (over.length === 0) return undefined;
    return Promise.all(over.map(({ info }) => this.refresh(info.id)));
  }

  /** Makes entries of a list match or not, at once. */
  async setEntries(listId: string, entries: EntryLiveness): Promise<void> {
    this.#meanwhile.get(listId)?.push(entries);
    await this.#setWords(listId, entries);
    for (let list = this.#loaded.get(listId); list !== undefined; ) {
      try {
        this.#options.index.apply(await list.setLive(entries));
        return;
      } catch (error) {
        // Its segments were closed under our feet because a newer version has taken its place: that one has to know.
        const now = this.#loaded.get(listId);
        if (!(error instanceof VigieError) || error.code !== 'segment-closed' || now === list) throw error;
        list = now;
      }
    }
  }

  async #setWords(listId: string, entries: EntryLiveness): Promise<void> {
    for (let list = this.#words.get(listId); list !== undefined; ) {
      try {
        await list.setLive(entries);
        return;
      } catch (error) {
        const now = this.#words.get(listId);
        if (!(error instanceof VigieError) || error.code !== 'segment-closed' || now === list) throw error;
        list = now;
      }
    }
  }

  async close(): Promise<void> {
    await this.#queue;
    const lists = this.all;
    this.#options.index.apply({ remove: lists.flatMap(({ segments }) => segments.map(({ id }) => id)) });
    this.#loaded.clear();
    this.#owners.clear();
    for (const list of [...lists, ...this.words]) await list.close();
    this.#words.clear();
  }

  async #refresh(listId: string, signal?: AbortSignal, onProgress?: (progress: LoadProgress) => void): Promise<void> {
    const { db } = this.#options.database;
    for (let attempt = 0; ; attempt++) {
      const stored = await getListById(db, listId).catch((error: unknown) => {
        if (error instanceof VigieError && error.code === 'list-not-found') return undefined;
        throw error;
      });
      const [manifest] = await currentManifests(db, listId);
      const expired = stored !== undefined && hasExpired(stored, new Date());
      if (stored === undefined || manifest === undefined || expired) {
        await this.#drop(listId);
        return;
      }
      try {
        if (stored.content === 'media') await this.#load(stored, manifest, signal, onProgress);
        else await this.#loadWords(stored, manifest, signal);
        return;
      } catch (error) {
        signal?.throwIfAborted();
        // The version may have been replaced, and its segments removed, since the manifest was read.
        if (isGone(error) && attempt < 3) continue;
        this.#fail(stored, error);
        return;
      }
    }
  }

  async #load(
    stored: StoredList,
    manifest: Manifest,
    signal: AbortSignal | undefined,
    onProgress: ((progress: LoadProgress) => void) | undefined,
  ): Promise<void> {
    const { id, name, expiresAt } = stored;
    const rules = matchingRules(stored, this.#options.sampleKey ?? new Uint8Array(0));
    const info: ListInfo = { id, name, version: manifest.version, expiresAt, sample: isSample(stored), rules };
    const before = this.#loaded.get(id);
    if (before?.info.version === manifest.version) {
      this.#keep(before.withInfo(info));
      return;
    }
    const meanwhile: EntryLiveness[] = [];
    this.#meanwhile.set(id, meanwhile);
    try {
      const { blobs, pool } = this.#options;
      const { db } = this.#options.database;
      const source = {
        blobs,
        pool,
        silencedAmong: (ids: readonly string[]) => livenessOf(db, id, ids),
        silenced: () => silencedOf(db, id),
        ...(signal === undefined ? {} : { signal }),
      };
      const { list, fresh } = await LoadedList.load(info, manifest.segments, before, source, (segment, segments) =>
        onProgress?.({ list: name, segment, segments }),
      );
      try {
        // What changed since the statuses were read; nothing can come between the last of it and the flip.
        for (let entries = meanwhile.shift(); entries !== undefined; entries = meanwhile.shift()) {
          await list.setLive(entries);
        }
        this.#options.index.apply(list.changeFrom(before));
        list.settle();
      } catch (error) {
        for (const segment of fresh) await segment.close();
        throw error;
      }
      this.#keep(list);
      for (const segment of list.leftOver(before)) {
        this.#owners.delete(segment.id);
        await segment.close();
      }
    } finally {
      this.#meanwhile.delete(id);
    }
  }

  async #loadWords(
    stored: StoredList,
    { version, segments }: Manifest,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { id, name, expiresAt } = stored;
    const info: ListInfo = { id, name, version, expiresAt, sample: false, rules: PLAIN_RULES };
    const before = this.#words.get(id);
    if (before?.info.version === version) {
      this.#words.set(id, before.withInfo(info));
      this.#problems.delete(id);
      return;
    }
    const meanwhile: EntryLiveness[] = [];
    this.#meanwhile.set(id, meanwhile);
    try {
      const { blobs } = this.#options;
      const list = await LoadedWords.load(info, segments, { blobs, ...(signal === undefined ? {} : { signal }) });
      try {
        for await (const entries of silencedOf(this.#options.database.db, id)) await list.setLive(entries);
        for (let entries = meanwhile.shift(); entries !== undefined; entries = meanwhile.shift()) {
          await list.setLive(entries);
        }
      } catch (error) {
        await list.close();
        throw error;
      }
      this.#words.set(id, list);
      this.#problems.delete(id);
      await before?.close();
    } finally {
      this.#meanwhile.delete(id);
    }
  }

  #keep(list: LoadedList): void {
    this.#loaded.set(list.info.id, list);
    this.#problems.delete(list.info.id);
    for (const { id } of list.segments) this.#owners.set(id, list.info);
    this.#sumUp();
  }

  #sumUp(): void {
    const lists = this.all.map(({ info: { rules }, segments }) => {
      const exact = segments.some(({ resident }) => Object.keys(resident.exact).length > 0);
      return { rules, exact };
    });
    this.#rules = rulesInForce(lists, this.#options.index.radius);
  }

  async #drop(listId: string): Promise<void> {
    this.#problems.delete(listId);
    const words = this.#words.get(listId);
    this.#words.delete(listId);
    await words?.close();
    const list = this.#loaded.get(listId);
    if (list === undefined) return;
    this.#options.index.apply({ remove: list.segments.map(({ id }) => id) });
    this.#loaded.delete(listId);
    for (const { id } of list.segments) this.#owners.delete(id);
    this.#sumUp();
    await list.close();
  }

  #fail({ id, name, content }: StoredList, thrown: unknown): void {
    const error = VigieError.from(thrown);
    this.#problems.set(id, {
      list: name,
      code: error.code,
      detail: error.message,
      olderVersionMatches: this.#loaded.has(id) || this.#words.has(id),
      content,
      since: this.#problems.get(id)?.since ?? new Date(),
    });
  }
}

/** Those of some entries that must not match, or only by their exact hashes. */
export async function livenessOf(db: Db, listId: string, entryIds: readonly string[]): Promise<EntryLiveness> {
  const silent = await silenceOf(db, listId, entryIds);
  return new Map([...silent].map(([id, what]) => [id, what === 'near' && 'exact-only']));
}

/** Every entry of a list that must not match, a page at a time. */
async function* silencedOf(db: Db, listId: string): AsyncGenerator<EntryLiveness> {
  for (let after = ''; ; ) {
    const page = await readSilenced(db, listId, after, STATUS_PAGE);
    yield await livenessOf(db, listId, page);
    const last = page.at(-1);
    if (last === undefined || page.length < STATUS_PAGE) return;
    after = last;
  }
}

function hasExpired({ expiresAt }: Pick<ListInfo, 'expiresAt'>, now: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() <= now.getTime();
}
