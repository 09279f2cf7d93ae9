import { endDueTerms, listsWithDueTerms } from '../storage/curation/entry-terms.js';
import type { Database } from '../storage/database.js';
import { setEntryStatus } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import { lockList } from '../storage/list-store.js';

/** Entries that end in one transaction. */
const AT_ONCE = 1_000;
const REASON = 'its time is over';

/**
 * Makes entries inactive whose time is over, by the database's clock. Every node may do so, several times a second: an
 * entry ends once, with an event.
 * @returns how many ended
 */
export async function endTerms(database: Database, record: RecordEvent | undefined): Promise<number> {
  let ended = 0;
  for (const listId of await listsWithDueTerms(database.db)) {
    for (let count = AT_ONCE; count === AT_ONCE; ended += count) {
      count = await database.transaction(async (tx) => {
        await lockList(tx, listId);
        const entryIds = await endDueTerms(tx, listId, AT_ONCE);
        if (entryIds.length === 0) return 0;
        const status = 'inactive';
        await record?.(tx, {
          ...{ kind: 'entry.status-changed', actor: 'service', subject: `list:${listId}` },
          refs: { list: listId, status, count: entryIds.length },
          payload: { entries: entryIds, reason: REASON },
        });
        await setEntryStatus(tx, { listId, entryIds, status, reason: REASON, changedBy: 'service', origin: 'rule' });
        return entryIds.length;
      });
    }
  }
  return ended;
}
