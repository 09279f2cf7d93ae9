import type { Entry, EntrySignal } from '../index/entry.js';

/** A list whose new entries are tried together with those of others. Plain data. */
export interface DeltaList {
  readonly listId: string;
  /** Media that were looked up with this change or a later one have met these entries already. */
  readonly seq: number;
  /** Radius for PDQ hashes. */
  readonly threshold: number;
  /** For frames of videos; the same when left out. */
  readonly frameThreshold?: number;
}

/** What the rules of a list may ask of an entry, beside its grade. */
export type EntryWords = Pick<Entry, 'kind' | 'member' | 'opinions'>;

/** An entry that is tried against what was seen. */
export interface DeltaEntry {
  readonly list: DeltaList;
  readonly id: string;
  readonly grade: string | null;
  /** Absent when nothing of it was said. */
  readonly words?: EntryWords;
  readonly signals: readonly EntrySignal[];
}
