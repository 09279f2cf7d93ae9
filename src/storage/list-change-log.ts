/**
 * The log by which every process hears of changed lists. Its numbers are given under a lock that is held until the
 * commit, so their order is the order of commits: whoever has read up to a number will never find a lower one later.
 */
import { type Selectable, sql } from 'kysely';
import { advisoryLock, notify } from './advisory-lock.js';
import { jsonb } from './column-values.js';
import type { Db, EntryStatusName, EntryStatusOrigin, ListChangeTable, Tx } from './schema.js';

/** The NOTIFY channel on which each change is hinted at; its payload is the sequence number. */
export const LIST_CHANGE_CHANNEL = 'vigie_list_change';

/** One origin has changed its mind on entries; what follows from what all of them say is told. */
export interface EntryChange {
  readonly origin: EntryStatusOrigin;
  /** What it says now; null for nothing. */
  readonly status: EntryStatusName | null;
  /** Entries that must not match from here on. */
  readonly silent: readonly string[];
  /** Those of them that match by their exact hashes all the same. */
  readonly exact?: readonly string[];
  /** Entries that match from here on, if they are on the list. */
  readonly live: readonly string[];
}

export type ListChange =
  /** Another version is the current one, or what is said of the list has changed; null when there is none. */
  | {
      readonly kind: 'version';
      readonly listId: string;
      readonly payload: { readonly version: number | null; readonly previous: number | null };
    }
  | {
      readonly kind: 'entry';
      readonly listId: string;
      readonly payload: EntryChange;
    }
  | { readonly kind: 'removed'; readonly listId: string; readonly payload: { readonly name: string } };

export type LoggedListChange = ListChange & { readonly seq: number; readonly at: Date };

/**
 * Appends a change. Make it the last act of a transaction: from here to the commit, others wait.
 * @returns its sequence number
 */
export async function appendListChange(tx: Tx, { listId, kind, payload }: ListChange): Promise<number> {
  await advisoryLock(tx, 'list-change');
  // A statement of its own, so that it sees what was committed before the lock was granted.
  const { seq } = await tx
    .insertInto('list_change')
    .values({
      seq: sql<number>`(SELECT coalesce(max(seq), 0) + 1 FROM list_change)`,
      list_id: listId,
      kind,
      payload: jsonb<unknown>(payload),
    })
    .returning('seq')
    .executeTakeFirstOrThrow();
  await notify(tx, LIST_CHANGE_CHANNEL, String(seq));
  return seq;
}

/** The changes after a sequence number, oldest first. */
export async function readListChanges(db: Db, after: number, limit: number): Promise<LoggedListChange[]> {
  const rows = await db
    .selectFrom('list_change')
    .selectAll()
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(changeOf);
}

/** The changes of one list after a sequence number, oldest first. */
export async function readListChangesOf(
  db: Db,
  listId: string,
  after: number,
  limit: number,
): Promise<LoggedListChange[]> {
  const rows = await db
    .selectFrom('list_change')
    .selectAll()
    .where('list_id', '=', listId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(changeOf);
}

/** How changes of entries were written while only a person could make them. */
interface OldEntryChange {
  readonly status: EntryStatusName;
  readonly entries: readonly string[];
}

function entryChangeOf(kept: EntryChange | OldEntryChange): EntryChange {
  if (!('entries' in kept)) return kept;
  const { status, entries } = kept;
  const quiet = status === 'withdrawn' || status === 'inactive';
  return { origin: 'person', status, silent: quiet ? entries : [], live: quiet ? [] : entries };
}

/** The sequence number of the newest change, 0 when there was none. Read it before what it is to vouch for. */
export async function lastListChange(db: Db): Promise<number> {
  const row = await db
    .selectFrom('list_change')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** Only appendListChange writes this table, so kind and payload fit each other. */
function changeOf({ seq, list_id, kind, payload: kept, at }: Selectable<ListChangeTable>): LoggedListChange {
  const payload = kind === 'entry' ? entryChangeOf(kept as EntryChange | OldEntryChange) : kept;
  return { seq, listId: list_id, kind, payload, at } as LoggedListChange;
}
