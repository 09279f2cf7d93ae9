import { VigieError } from '../errors.js';
import { findEntryStatuses, matches } from '../storage/entry-status-store.js';
import type { StoredList } from '../storage/list-store.js';
import type { Db, EntryStatusName, Tx } from '../storage/schema.js';

/** Given by whoever has a second person's approval for a change. */
export interface Approved {
  /** Runs in the transaction in which the change takes effect, at its beginning: it checks the approval, or throws. */
  readonly within: (tx: Tx) => Promise<void>;
}

/** @throws VigieError `approval-required` for a list in which nothing begins to act by the hand of one person */
export function assertOnePersonMay({ approval, name }: Pick<StoredList, 'approval' | 'name'>): void {
  if (approval === 'two-person') throw new VigieError('approval-required', { detail: name });
}

/**
 * That an entry stops acting, or is doubted, is for one person to say; that one which does not act acts again is not.
 * @throws VigieError `approval-required`
 */
export async function assertOnePersonMaySet(
  db: Db,
  list: StoredList,
  entryIds: readonly string[],
  status: EntryStatusName,
): Promise<void> {
  if (list.approval === 'none' || !matches(status)) return;
  const rows = await findEntryStatuses(db, list.id, entryIds);
  if (rows.some(({ origin, status: said }) => origin === 'person' && !matches(said))) assertOnePersonMay(list);
}
