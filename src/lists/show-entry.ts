import { VigieError } from '../errors.js';
import type { Entry } from '../index/entry.js';
import type { WordsEntry } from '../index/words/words-entry.js';
import { findEntryTerm } from '../storage/curation/entry-terms.js';
import { findEntryStatuses } from '../storage/entry-status-store.js';
import type { Db, EntryStatusName, EntryStatusOrigin } from '../storage/schema.js';
import type { LoadedList } from './loaded-list.js';
import type { LoadedWords } from './words/loaded-words.js';

/** An entry as it stands, for those who may see it. */
export interface ShownEntry {
  readonly entry: Entry;
  /** For an entry of a list of URLs or keywords: what it has in place of signals. */
  readonly words?: Pick<WordsEntry, 'text' | 'kind' | 'fold'>;
  /** When it ends by itself, or has ended; null for without an end. */
  readonly until: Date | null;
  /** What each origin says of it; none says anything of most. It matches as long as no one says that it must not. */
  readonly statuses: readonly SaidStatus[];
}

export interface SaidStatus {
  readonly origin: EntryStatusOrigin;
  readonly status: EntryStatusName;
  readonly reason: string | null;
  readonly by: string | null;
  readonly at: Date;
}

/**
 * One entry with what is said of it.
 * @param list its list, as it is in memory
 * @throws VigieError `entry-not-found`
 */
export async function showEntry(
  db: Db,
  listId: string,
  list: LoadedList | LoadedWords,
  entryId: string,
): Promise<ShownEntry> {
  const found = 'segments' in list ? await mediaEntry(list, entryId) : await wordsEntry(list, entryId);
  const statuses = (await findEntryStatuses(db, listId, [entryId])).map(
    ({ origin, status, reason, changed_by, changed_at }) => ({
      origin,
      status,
      reason,
      by: changed_by,
      at: changed_at,
    }),
  );
  return { ...found, until: await findEntryTerm(db, listId, entryId), statuses };
}

async function mediaEntry(list: LoadedList, entryId: string): Promise<Pick<ShownEntry, 'entry'>> {
  const found = await list.find(entryId);
  if (found === undefined) throw new VigieError('entry-not-found');
  return { entry: await found.segment.entry(found.row) };
}

async function wordsEntry({ segment }: LoadedWords, entryId: string): Promise<Pick<ShownEntry, 'entry' | 'words'>> {
  const row = await segment.findRow(entryId);
  if (row === undefined) throw new VigieError('entry-not-found');
  const { text, kind, fold, ...entry } = await segment.entry(row);
  const reach = { ...(kind === undefined ? {} : { kind }), ...(fold === undefined ? {} : { fold }) };
  return { entry: { ...entry, signals: [] }, words: { text, ...reach } };
}
