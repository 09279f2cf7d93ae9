import { z } from 'zod';
import { VigieError } from '../../errors.js';
import type { Database } from '../../storage/database.js';
import { opinionsOf } from '../../storage/publishing/opinion-store.js';
import { findTouched, readTouchedBetween } from '../../storage/publishing/publication-store.js';
import type { Lists } from '../lists.js';
import { formatNcmecTime } from '../sources/ncmec/ncmec-times.js';
import { asPublished, currentEntry, isOf, type ListPlace, walkList, whileReplaced } from './feed-reader.js';
import { isSayable, isVideo, type SharedRecord } from './hash-sharing-xml.js';
import type { MemberList } from './publications.js';

const PAGE = 1_000;

/** A range of time that is asked for, and where in it. */
export interface SharedWindow {
  readonly from: Date;
  /** Not part of it. */
  readonly to: Date;
  /** Records that were told before, from 1; for clients that count. */
  readonly start: number;
  /** As the page before has given it. */
  readonly cursor: string | undefined;
}

export interface SharedPage {
  readonly records: readonly SharedRecord[];
  readonly next: string | undefined;
}

const cursorShape = z.union([
  z.object({
    epoch: z.string(),
    done: z.array(z.string().max(16)).max(4_096),
    segment: z.string().max(16).nullable(),
    row: z.number().int().min(0),
  }),
  z.object({ epoch: z.string(), seq: z.number().int().min(0) }),
]);
type Cursor = z.output<typeof cursorShape>;

/**
 * Tells what changed in a range of time, as NCMEC's hash sharing does: entries as they are, and tombstones. An entry is
 * told in the range of its last change alone; one that never changed, in that of the beginning of the publication.
 */
export class HashSharing {
  readonly #database: Database;
  readonly #lists: Pick<Lists, 'asLoaded'>;

  constructor(database: Database, lists: Pick<Lists, 'asLoaded'>) {
    this.#database = database;
    this.#lists = lists;
  }

  /** @throws VigieError `feed-checkpoint-invalid`, `index-not-loaded`, `index-stale` */
  async page(view: MemberList, window: SharedWindow, signal: AbortSignal): Promise<SharedPage> {
    const { epoch, floorAt } = view.publication;
    const cursor = window.cursor === undefined ? undefined : readCursor(window.cursor, epoch);
    const withList = floorAt >= window.from && floorAt < window.to;
    const first: Cursor = withList ? { epoch, done: [], segment: null, row: 0 } : { epoch, seq: 0 };
    return await whileReplaced(() => this.#page(view, window, cursor ?? first, signal));
  }

  async #page(view: MemberList, window: SharedWindow, at: Cursor, signal: AbortSignal): Promise<SharedPage> {
    const { records, next } =
      'seq' in at ? await this.#changed(view, window, at.seq) : await this.#unchanged(view, at, signal);
    const sayable = records.filter(({ id }) => isSayable(id));
    const opinions = await opinionsOf(
      this.#database.db,
      view.list.id,
      sayable.map(({ id }) => id),
    );
    const told = sayable.map((each) => ({ ...each, opinions: opinions.filter(({ entryId }) => entryId === each.id) }));
    const { epoch } = view.publication;
    return { records: told, next: next && pathOf(window, { epoch, ...next }, told.length) };
  }

  /** What stands in the list and is not in the log. */
  async #unchanged(view: MemberList, at: ListPlace, signal: AbortSignal) {
    const { list, publication, grades } = view;
    const { entries, at: next } = await walkList(await asPublished(this.#lists, view), at, grades, signal);
    const ids = entries.map(({ id }) => id);
    // Asked for after the list was read: what changes from here on has its own, later time.
    const touched = await findTouched(this.#database.db, list.id, ids);
    const own = entries.filter(({ id }) => !touched.has(id));
    const records = own.map((entry) => ({ id: entry.id, entry, video: isVideo(entry), at: publication.floorAt }));
    return { records, next: next ?? { seq: 0 } };
  }

  async #changed({ list, grades }: MemberList, { from, to }: SharedWindow, after: number) {
    const limit = PAGE;
    const touched = await readTouchedBetween(this.#database.db, list.id, { from, to, after, limit });
    const last = touched.at(-1);
    if (last === undefined) return { records: [], next: undefined };
    const loaded = await this.#lists.asLoaded(list.id);
    const records: Omit<SharedRecord, 'opinions'>[] = [];
    for (const { id, at } of touched) {
      const entry = await currentEntry(loaded, id);
      if (entry !== undefined && isOf(entry, grades)) records.push({ id, entry, video: isVideo(entry), at });
      else {
        const gone = await loaded.find(id);
        const video = gone !== undefined && isVideo(await gone.segment.entry(gone.row));
        records.push({ id, entry: undefined, video, at });
      }
    }
    return { records, next: touched.length < limit ? undefined : { seq: last.seq } };
  }
}

/** Below the address of the list, as clients of the exchange expect it. */
function pathOf({ from, to, start }: SharedWindow, cursor: Cursor, told: number): string {
  const [first, end] = [from, to].map((time) => formatNcmecTime(Math.floor(time.getTime() / 1_000)));
  const begins = start + told;
  const query = new URLSearchParams({
    ...{ from: first ?? '', to: end ?? '', start: String(begins), size: String(PAGE) },
    // How many there are in all is not counted for the sake of a hint.
    max: String(begins + PAGE - 1),
    cursor: Buffer.from(JSON.stringify(cursor)).toString('base64url'),
  });
  return `/v2/entries?${query}`;
}

function readCursor(text: string, epoch: string): Cursor {
  try {
    const cursor = cursorShape.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    if (cursor.epoch !== epoch) throw new VigieError('feed-checkpoint-invalid');
    return cursor;
  } catch (cause) {
    throw new VigieError('feed-checkpoint-invalid', { cause });
  }
}
