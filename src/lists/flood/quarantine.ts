import { createHash } from 'node:crypto';
import { raiseAttention } from '../../storage/attention/raise-attention.js';
import type { Database } from '../../storage/database.js';
import { type FloodingEntry, forgetMediaOf } from '../../storage/entry-medium-store.js';
import { findEntryStatuses, setEntryStatus } from '../../storage/entry-status-store.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { lockList } from '../../storage/list-store.js';

/** What makes one attention of all floods of an entry. An id of a source may be long, and is not shown everywhere. */
export function floodCause(listId: string, entry: string): string {
  return `${listId}/${createHash('sha256').update(entry).digest('hex').slice(0, 16)}`;
}

/**
 * Silences an entry that floods and puts it before a person. One that is silent already, or that a person has restored,
 * stays as it is.
 * @returns whether it was silenced by this call
 */
export async function quarantine(
  database: Database,
  record: RecordEvent,
  { listId, list, entry, media }: FloodingEntry,
  windowMs: number,
): Promise<boolean> {
  return await database.transaction(async (tx) => {
    await lockList(tx, listId);
    const said = await findEntryStatuses(tx, listId, [entry]);
    if (said.some(({ status }) => status !== 'disputed')) return false;
    const windowSeconds = Math.round(windowMs / 1_000);
    await record(tx, {
      kind: 'entry.quarantined',
      actor: 'service',
      subject: `list:${listId}`,
      refs: { list: listId, media, windowSeconds },
      payload: { entry },
    });
    const reason = `it matched ${media} different media within ${windowSeconds} seconds`;
    await setEntryStatus(tx, { listId, entryIds: [entry], status: 'inactive', reason, changedBy: null });
    // Should it be restored, what was counted before says nothing.
    await forgetMediaOf(tx, listId, entry);
    await raiseAttention(tx, {
      kind: 'entry-flood',
      cause: floodCause(listId, entry),
      subject: `list:${listId}`,
      detail: { list, entry, media, windowSeconds },
    });
    return true;
  });
}
