import type { Entry } from '../index/entry.js';
import { Pacer } from '../index/pause.js';
import { SegmentFile } from '../index/segment-file.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import { canonicalEntry } from './canonical-entry.js';
import { KeySet } from './key-set.js';
import { isDelta, type LoadedList } from './loaded-list.js';

/** Entries by what has become of them. */
export interface Comparison {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** How two versions differ, in counts; never what. */
export interface VersionDiff extends Comparison {
  readonly unchanged: number;
  /** Entries that have a signal of a type. */
  readonly signals: Readonly<Partial<Record<SignalTypeName, Comparison>>>;
  /** By grade; those without one under the empty text, rarer ones beyond a hundred under `other`. */
  readonly grades: Readonly<Record<string, Comparison>>;
}

type Entries = () => AsyncIterable<Entry>;
type Fate = keyof Comparison;

const GRADES = 100;

/**
 * Compares two versions entry by entry, in two readings of the first and one of the second, with some 20 to 36 bytes of
 * memory an entry of each.
 */
export async function compareEntries(before: Entries, after: Entries): Promise<VersionDiff> {
  const tally = new Tally();
  const pacer = new Pacer();
  const first = new KeySet();
  for await (const entry of before()) {
    first.add(entry.id, checkOf(entry));
    if (pacer.due) await pacer.pause();
  }
  const second = new KeySet();
  let unchanged = 0;
  for await (const entry of after()) {
    second.add(entry.id);
    const found = first.add(entry.id, checkOf(entry));
    if (found === 'same') unchanged++;
    else tally.count(entry, found === 'new' ? 'added' : 'changed');
    if (pacer.due) await pacer.pause();
  }
  for await (const entry of before()) {
    if (second.add(entry.id) === 'new') tally.count(entry, 'removed');
    if (pacer.due) await pacer.pause();
  }
  return { ...tally.told(), unchanged };
}

export function totals({ added, changed, removed }: VersionDiff): Comparison {
  return { added, changed, removed };
}

/** The entries of a version that is not loaded, each as it was told last. */
export async function* manifestEntries(
  blobs: Pick<BlobStore, 'open'>,
  segments: readonly ManifestSegment[],
  signal?: AbortSignal,
): AsyncGenerator<Entry> {
  const seen = segments.some(isDelta) ? new KeySet() : undefined;
  for (const { id } of [...segments].reverse()) {
    const file = await SegmentFile.open(await blobs.open(id));
    try {
      for await (const { entry } of file.entries(signal)) {
        if (seen === undefined || seen.add(entry.id) === 'new') yield entry;
      }
    } finally {
      await file.close();
    }
  }
}

/** The entries of a list in memory that match. */
export async function* liveEntries(list: LoadedList, signal?: AbortSignal): AsyncGenerator<Entry> {
  for (const segment of list.segments) {
    for await (const { row, entry } of segment.entries(signal === undefined ? {} : { signal })) {
      if (segment.isLive(row)) yield entry;
    }
  }
}

/** 32 bits by which two versions of an entry are told apart (FNV-1a). */
function checkOf(entry: Entry): number {
  const text = canonicalEntry(entry);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

class Tally {
  readonly #all = none();
  readonly #signals = new Map<SignalTypeName, Record<Fate, number>>();
  readonly #grades = new Map<string, Record<Fate, number>>();

  count({ grade = '', signals }: Entry, fate: Fate): void {
    this.#all[fate]++;
    const name = this.#grades.has(grade) || this.#grades.size < GRADES ? grade : 'other';
    within(this.#grades, name)[fate]++;
    for (const type of new Set(signals.map((signal) => signal.type))) within(this.#signals, type)[fate]++;
  }

  told(): Omit<VersionDiff, 'unchanged'> {
    return { ...this.#all, signals: Object.fromEntries(this.#signals), grades: Object.fromEntries(this.#grades) };
  }
}

function within<K>(counts: Map<K, Record<Fate, number>>, key: K): Record<Fate, number> {
  const known = counts.get(key) ?? none();
  counts.set(key, known);
  return known;
}

function none(): Record<Fate, number> {
  return { added: 0, changed: 0, removed: 0 };
}
