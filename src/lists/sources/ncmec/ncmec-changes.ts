import type { Entry, EntrySignal } from '../../../index/entry.js';
import { addSignal, isUsableId, type PageBuilder } from '../wire/page-builder.js';
import { signalTypeOfTag } from './ncmec-fingerprints.js';
import type { NcmecPage, NcmecRecord } from './read-ncmec-page.js';

const MEMBER = /^[A-Za-z0-9_.]{1,64}$/;
const GRADE_LENGTH = 64;

/** Id of an entry: ids of entries are unique within a member only. A member's id holds no dash. */
export function ncmecEntryId(member: string, id: string): string {
  return `${member}-${id}`;
}

/** @returns undefined for what is no id of an entry */
export function splitNcmecEntryId(entryId: string): { readonly member: string; readonly id: string } | undefined {
  const dash = entryId.indexOf('-');
  const [member, id] = [entryId.slice(0, Math.max(0, dash)), entryId.slice(dash + 1)];
  return MEMBER.test(member) && id !== '' ? { member, id } : undefined;
}

/**
 * Tells what a page changes.
 * @param onlyMembers ids of members; entries of others are passed over. Empty: everybody's are taken
 */
export function addNcmecChanges(page: NcmecPage, builder: PageBuilder, onlyMembers: ReadonlySet<string>): void {
  for (const name of page.unknown) builder.countUnused(name);
  for (const [entryId, { record, place }] of latestOf(page, builder, onlyMembers)) {
    if (record.deleted) {
      builder.changes.push({ remove: entryId });
      continue;
    }
    const before = builder.setAside.length;
    const signals = signalsOf(record, entryId, place, builder);
    if (signals.length > 0) builder.changes.push({ put: entryOf(record, entryId, signals) });
    // What we had of it is no longer what the source says, unless the source's new word cannot be read.
    else if (builder.setAside.length === before) builder.changes.push({ remove: entryId });
  }
}

interface Placed {
  readonly record: NcmecRecord;
  readonly place: string;
}

/** Of several words about one entry the latest counts, or the last of equally late ones. */
function latestOf(page: NcmecPage, builder: PageBuilder, onlyMembers: ReadonlySet<string>): Map<string, Placed> {
  const latest = new Map<string, Placed>();
  for (const [i, record] of page.records.entries()) {
    const { member = '', id = '' } = record;
    const place = `record ${i + 1} of the page`;
    const entryId = ncmecEntryId(member, id);
    if (!MEMBER.test(member) || id === '' || !isUsableId(entryId)) {
      builder.putAside('malformed-record', undefined, place);
      continue;
    }
    if (onlyMembers.size > 0 && !onlyMembers.has(member)) continue;
    const before = latest.get(entryId);
    if (before !== undefined && (before.record.timestamp ?? 0) > (record.timestamp ?? 0)) continue;
    // The later one stands where it counts.
    latest.delete(entryId);
    latest.set(entryId, { record, place });
  }
  return latest;
}

function signalsOf(record: NcmecRecord, entryId: string, place: string, builder: PageBuilder): EntrySignal[] {
  const signals: EntrySignal[] = [];
  for (const { tag, value = '', elsewhere } of record.fingerprints) {
    const type = signalTypeOfTag(tag);
    if (type === undefined || elsewhere) {
      builder.countUnused(tag);
      continue;
    }
    const signal = builder.signal(type, value, entryId, place);
    if (signal !== undefined) addSignal(signals, signal);
  }
  return signals;
}

function entryOf(record: NcmecRecord, id: string, signals: readonly EntrySignal[]): Entry {
  const { kind, member, timestamp, classification, opinions: counter } = record;
  const { opinions } = counter;
  const grade = classification?.slice(0, GRADE_LENGTH) || undefined;
  return {
    ...{ id, kind, signals },
    ...(grade !== undefined && { grade }),
    ...(timestamp !== undefined && { added: timestamp }),
    ...(member !== undefined && { member }),
    ...(opinions !== undefined && { opinions }),
  };
}
