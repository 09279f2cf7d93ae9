import { setImmediate as nextTurn } from 'node:timers/promises';
import { VigieError } from '../../errors.js';
import type { Entry, Opinion } from '../../index/entry.js';
import type { Database } from '../../storage/database.js';
import { opinionsOf } from '../../storage/publishing/opinion-store.js';
import { readTouched } from '../../storage/publishing/publication-store.js';
import type { Lists } from '../lists.js';
import type { LoadedList } from '../loaded-list.js';
import { type FeedCheckpoint, readCheckpoint, shortSegment, viewId, writeCheckpoint } from './feed-checkpoint.js';
import type { MemberList } from './publications.js';

/** One thing that a member is told: an entry as it is now, or that there is none of this id for it any more. */
export type FeedChange = { readonly put: Entry; readonly opinions: readonly Opinion[] } | { readonly remove: string };

export interface FeedPage {
  readonly changes: readonly FeedChange[];
  /** Where to go on. */
  readonly next: string;
  /** True when there is nothing more. */
  readonly upToDate: boolean;
  /** Everything is told anew, from this page to the next one that is up to date: what is not told is gone. */
  readonly restart: boolean;
}

const CHANGES = 1_000;
/** A page ends after the entry that goes beyond, in signals: videos have thousands of frames. */
const SIGNALS = 50_000;
/** Rows that are looked at for one page, where few are of the grades that a member gets. */
const ROWS = 50_000;
const TURN = 256;
const REPLACED_LIMIT = 5;

/**
 * Tells members what published lists hold, a page at a time. First the list itself is read, segment by segment, then the
 * log of what has changed since that began: of each entry in it, what it is by now. So every member comes to the same
 * end, whatever happens to the list meanwhile, and nothing is remembered for anybody.
 */
export class FeedReader {
  readonly #database: Database;
  readonly #lists: Pick<Lists, 'asLoaded'>;

  constructor(database: Database, lists: Pick<Lists, 'asLoaded'>) {
    this.#database = database;
    this.#lists = lists;
  }

  /**
   * @param after the checkpoint of the page before; undefined for the first
   * @throws VigieError `feed-checkpoint-invalid`, `index-not-loaded`, `index-stale`
   */
  async page(view: MemberList, after: string | undefined, signal: AbortSignal): Promise<FeedPage> {
    const given = after === undefined ? undefined : readCheckpoint(after);
    return await whileReplaced(() => this.#page(view, given, signal));
  }

  async #page(view: MemberList, given: FeedCheckpoint | undefined, signal: AbortSignal): Promise<FeedPage> {
    const { publication, grades } = view;
    const { epoch, floorSeq, lastSeq } = publication;
    const own = viewId(grades);
    const valid = given?.epoch === epoch && given.view === own && given.seq >= floorSeq && given.seq <= lastSeq;
    const from: FeedCheckpoint =
      given !== undefined && valid
        ? given
        : { at: 'list', epoch, view: own, seq: lastSeq, done: [], segment: null, row: 0 };
    const restart = given !== undefined && !valid;
    const page =
      from.at === 'list' ? await this.#readList(view, from, signal) : await this.#readLog(view, from, signal);
    return { ...page, restart };
  }

  async #readList(view: MemberList, from: FeedCheckpoint & { at: 'list' }, signal: AbortSignal) {
    const list = await asPublished(this.#lists, view);
    const { entries, at } = await walkList(list, from, view.grades, signal);
    const { epoch, view: own, seq } = from;
    const next = writeCheckpoint(at === undefined ? { at: 'log', epoch, view: own, seq } : { ...from, ...at });
    return { changes: await this.#withOpinions(view, entries), next, upToDate: false };
  }

  async #readLog(view: MemberList, from: FeedCheckpoint & { at: 'log' }, signal: AbortSignal) {
    const { id } = view.list;
    const touched = await readTouched(this.#database.db, id, from.seq, CHANGES);
    const changes: ({ readonly put: Entry } | { readonly remove: string })[] = [];
    let { seq } = from;
    let upToDate = touched.length < CHANGES;
    if (touched.length > 0) {
      // After the log was read: what it tells of is in memory then.
      const list = await this.#lists.asLoaded(id);
      const room = new Room();
      for (const each of touched) {
        if (!room.left) {
          upToDate = false;
          break;
        }
        const entry = await currentEntry(list, each.id);
        if (entry !== undefined && isOf(entry, view.grades)) {
          changes.push({ put: entry });
          room.take(entry);
        } else {
          changes.push({ remove: each.id });
        }
        seq = each.seq;
        if (changes.length % TURN === 0) await turn(signal);
      }
    }
    const puts = await this.#withOpinions(
      view,
      changes.flatMap((each) => ('put' in each ? each.put : [])),
    );
    const told = new Map(puts.map((each) => [each.put.id, each]));
    const all = changes.map((each) => ('put' in each ? (told.get(each.put.id) ?? { ...each, opinions: [] }) : each));
    return { changes: all, next: writeCheckpoint({ ...from, seq }), upToDate };
  }

  async #withOpinions({ list }: MemberList, entries: readonly Entry[]) {
    const opinions = await opinionsOf(
      this.#database.db,
      list.id,
      entries.map(({ id }) => id),
    );
    const byEntry = new Map<string, Opinion[]>();
    for (const { entryId, memberId, affirmative } of opinions) {
      const own = byEntry.get(entryId) ?? [];
      byEntry.set(entryId, own);
      own.push({ member: memberId, affirmative });
    }
    return entries.map((put) => ({ put, opinions: byEntry.get(put.id) ?? [] }));
  }
}

/** Reads again when a version took the place of the one that was being read. @throws VigieError `index-stale` */
export async function whileReplaced<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof VigieError) || error.code !== 'segment-closed') throw error;
      if (attempt === REPLACED_LIMIT) throw new VigieError('index-stale', { retryAfter: 1, cause: error });
    }
  }
}

/** A list as it stands in memory; one that never had an entry is nowhere, and empty. @throws VigieError `index-not-loaded` */
export async function asPublished(
  lists: Pick<Lists, 'asLoaded'>,
  { list: { id, currentVersion } }: MemberList,
): Promise<Pick<LoadedList, 'segments'>> {
  return currentVersion === null ? { segments: [] } : await lists.asLoaded(id);
}

/** A place in a list. */
export type ListPlace = Pick<FeedCheckpoint & { at: 'list' }, 'done' | 'segment' | 'row'>;

/**
 * Reads a list on from a place, segment by segment, as far as one page goes.
 * @returns the entries that match now, and where to go on; undefined at the end
 * @throws VigieError `segment-closed`; the signal's reason
 */
export async function walkList(
  list: Pick<LoadedList, 'segments'>,
  from: ListPlace,
  grades: readonly string[] | null,
  signal: AbortSignal,
): Promise<{ readonly entries: readonly Entry[]; readonly at: ListPlace | undefined }> {
  const room = new Room();
  const entries: Entry[] = [];
  const done = new Set(from.done);
  let rows = 0;
  for (const segment of list.segments) {
    const name = shortSegment(segment.id);
    if (done.has(name)) continue;
    let row = name === from.segment ? from.row : 0;
    const end = segment.summary.entries;
    for (; row < end && room.left && rows < ROWS; row++, rows++) {
      if (rows % TURN === TURN - 1) await turn(signal);
      if (!segment.isLive(row)) continue;
      const entry = await segment.entry(row);
      if (!isOf(entry, grades)) continue;
      entries.push(entry);
      room.take(entry);
    }
    if (row < end) {
      // Segments that are gone by now need not be remembered.
      const still = list.segments.map(({ id }) => shortSegment(id)).filter((each) => done.has(each));
      return { entries, at: { done: still, segment: name, row } };
    }
    done.add(name);
  }
  return { entries, at: undefined };
}

/** An entry as it matches now; undefined when it does not. @throws VigieError `segment-closed` */
export async function currentEntry(list: LoadedList, id: string): Promise<Entry | undefined> {
  const found = await list.find(id);
  if (found === undefined || !found.segment.isLive(found.row)) return undefined;
  return await found.segment.entry(found.row);
}

export function isOf({ grade }: Pick<Entry, 'grade'>, grades: readonly string[] | null): boolean {
  return grades === null || (grade !== undefined && grades.includes(grade));
}

/** How much a page holds. */
class Room {
  #changes = 0;
  #signals = 0;

  get left(): boolean {
    return this.#changes < CHANGES && this.#signals < SIGNALS;
  }

  take({ signals }: Entry): void {
    this.#changes++;
    this.#signals += signals.length;
  }
}

async function turn(signal: AbortSignal): Promise<void> {
  await nextTurn();
  signal.throwIfAborted();
}
