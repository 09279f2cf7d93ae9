import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { EntryRules, ListRole, Thresholds } from '../storage/list-rules.js';
import { changeListTerms, getList, type ListTerms, lockList, type StoredList } from '../storage/list-store.js';
import { type Approved, assertOnePersonMay } from './approval.js';
import { assertNotFed } from './import.js';

/** How the matches of a list are judged, as it was said. */
export interface StoredRules {
  readonly role: ListRole;
  readonly shadow: boolean;
  readonly rules: EntryRules;
  readonly thresholds: Thresholds;
  readonly sampleRatio: number;
}

const MATCHING_TERMS = ['role', 'shadow', 'rules', 'threshold', 'sampleRatio'] as const;

/**
 * Changes what is said of a list.
 * @throws VigieError `list-not-found`, `list-content-other`, `approval-required` when it is to need no approval any more,
 * `list-has-source` when it is to need it
 */
export async function describeList(
  { database, record }: { readonly database: Database; readonly record?: RecordEvent | undefined },
  name: string,
  terms: ListTerms,
  approved?: Approved,
): Promise<void> {
  const { id } = await getList(database.db, name);
  await database.transaction(async (tx) => {
    const list = await lockList(tx, id);
    // How matches are judged is said of signals of media; words and addresses know none of it.
    if (list.content !== 'media' && MATCHING_TERMS.some((term) => terms[term] !== undefined)) {
      throw new VigieError('list-content-other', { detail: list.content });
    }
    if (approved !== undefined) await approved.within(tx);
    else if (terms.approval === 'none') assertOnePersonMay(list);
    // Nobody approves what a source tells: not even what it withdraws would take effect any more.
    if (terms.approval === 'two-person') await assertNotFed(tx, id);
    const payload: Record<string, unknown> = { ...terms };
    await record?.(tx, { kind: 'list.described', subject: `list:${id}`, refs: { list: id }, payload });
    await changeListTerms(tx, id, terms);
  });
}

export function rulesOf({ role, shadow, rules, threshold, sampleRatio }: StoredList): StoredRules {
  return { role, shadow, rules: rules ?? {}, thresholds: threshold ?? {}, sampleRatio };
}
