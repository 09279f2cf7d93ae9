import type { Entry, EntrySignal } from '../index/entry.js';
import { sameValue } from './proposed-entry.js';

/**
 * An entry with the signals that were derived for it, and without those of them that were withdrawn. What its source
 * gives stays as it is, also where it is equal to one of ours.
 * @returns undefined when the entry is so already
 */
export function mergeDerived(
  entry: Entry,
  derived: readonly EntrySignal[],
  withdrawn: readonly EntrySignal[],
): Entry | undefined {
  const among = (signals: readonly EntrySignal[], each: EntrySignal) => signals.some((one) => sameValue(one, each));
  const kept = entry.signals.filter((each) => each.derived !== true || among(derived, each) || !among(withdrawn, each));
  const added: EntrySignal[] = [];
  for (const each of derived) if (!among(kept, each) && !among(added, each)) added.push({ ...each, derived: true });
  if (added.length === 0 && kept.length === entry.signals.length) return undefined;
  return { ...entry, signals: [...kept, ...added] };
}
