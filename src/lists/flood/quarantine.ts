import { createHash } from 'node:crypto';
import { raiseAttention, settleAttention } from '../../storage/attention/raise-attention.js';
import type { Database } from '../../storage/database.js';
import { type FloodingEntry, forgetMediaOf } from '../../storage/entry-medium-store.js';
import { findEntryStatuses, setEntryStatus } from '../../storage/entry-status-store.js';
import type { RecordEvent } from '../../storage/events/event-kinds.js';
import { lockList } from '../../storage/list-store.js';
import type { Tx } from '../../storage/schema.js';

/** What makes one attention of all floods of an entry. An id of a source may be long, and is not shown everywhere. */
export function floodCause(listId: string, entry: string): string {
  return `${listId}/${createHash('sha256').update(entry).digest('hex').slice(0, 16)}`;
}

/** A quarantine that was lifted says `active`, and a person has lifted it. */
const BY_PEOPLE: ReadonlySet<string> = new Set(['person', 'quarantine']);

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
    // Silent already, or looked at by a person and found to be right.
    const silent = said.some(({ status }) => status === 'withdrawn' || status === 'inactive');
    const right = said.some(({ status, origin }) => status === 'active' && BY_PEOPLE.has(origin));
    if (silent || right) return false;
    const windowSeconds = Math.round(windowMs / 1_000);
    await record(tx, {
      kind: 'entry.quarantined',
      actor: 'service',
      subject: `list:${listId}`,
      refs: { list: listId, media, windowSeconds },
      payload: { entry },
    });
    const reason = `it matched ${media} different media within ${windowSeconds} seconds`;
    const origin = 'quarantine';
    await setEntryStatus(tx, { listId, entryIds: [entry], origin, status: 'inactive', reason, changedBy: null });
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

/**
 * Lets entries match again that were quarantined, and keeps in mind that a person has looked at them: they are not
 * quarantined again. Others stay as they are.
 */
export async function liftQuarantine(
  tx: Tx,
  listId: string,
  entryIds: readonly string[],
  by: string | null,
): Promise<void> {
  const said = await findEntryStatuses(tx, listId, entryIds);
  const lifted = said.filter(({ origin, status }) => origin === 'quarantine' && status === 'inactive');
  if (lifted.length === 0) return;
  const ids = lifted.map(({ entry_id }) => entry_id);
  const reason = 'restored by a person';
  await setEntryStatus(tx, { listId, entryIds: ids, origin: 'quarantine', status: 'active', reason, changedBy: by });
  for (const id of ids) {
    await settleAttention(tx, { kind: 'entry-flood', cause: floodCause(listId, id) }, by ?? 'service');
  }
}
