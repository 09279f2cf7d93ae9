import { VigieError } from '../errors.js';
import { setEntryStatus, silencedAmong } from '../storage/entry-status-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { StoredList } from '../storage/list-store.js';
import type { Tx } from '../storage/schema.js';
import { assertOnePersonMay } from './approval.js';

export interface Overruling {
  readonly list: StoredList;
  readonly entryIds: readonly string[];
  readonly reason: string;
  /** Id of the principal. */
  readonly by: string | null;
  /** False when whoever restores does not know that the source has removed it. */
  readonly overrule: boolean;
  /** Whether a second person has approved it. */
  readonly approved: boolean;
  readonly record: RecordEvent | undefined;
}

/**
 * Lets entries match again that the source of their list has removed, in the open: it is an event, and stands among their
 * statuses as what is held against the source, until the source puts the entry back itself. Others stay as they are.
 * @throws VigieError `entry-removed-by-source` for one who has not said that the source is to be overruled,
 * `approval-required` for one who may not say so alone
 */
export async function overruleSource(
  tx: Tx,
  { list, entryIds, reason, by, overrule, approved, record }: Overruling,
): Promise<void> {
  const removed = [...(await silencedAmong(tx, list.id, entryIds, 'source'))];
  if (removed.length === 0) return;
  if (!overrule) throw new VigieError('entry-removed-by-source');
  if (!approved) assertOnePersonMay(list);
  await record?.(tx, {
    kind: 'entry.source-overruled',
    ...(by === null ? {} : { actor: by }),
    subject: `list:${list.id}`,
    refs: { list: list.id, count: removed.length },
    payload: { entries: removed, reason },
  });
  const said = { status: 'active', reason: `overruled: ${reason}`, changedBy: by, origin: 'source' } as const;
  await setEntryStatus(tx, { listId: list.id, entryIds: removed, ...said });
}
