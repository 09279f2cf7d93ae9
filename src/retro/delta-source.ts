import type { ByteSource } from '../index/byte-io.js';
import type { Entry, EntrySignal } from '../index/entry.js';
import { SegmentFile } from '../index/segment-file.js';
import { KeySet } from '../lists/key-set.js';
import type { DeltaEntry, DeltaList, EntryWords } from './delta-entry.js';
import { WAYS_OF_ONE } from './delta-index.js';

/** What came to a list between two versions, named by their segments in their order. Plain data. */
export interface DeltaRun extends DeltaList {
  readonly run: string;
  /** Segments of the version before; empty when every entry is new. */
  readonly before: readonly string[];
  readonly now: readonly string[];
  /** Ids of entries that match again; they come last. */
  readonly restored?: readonly string[];
}

/** Signals that are compared, each in all its ways, that one portion has at the most: some 150 MB of tables. */
export const PORTION_HASHES = 2 ** 20;

interface Blobs {
  open(id: string): Promise<ByteSource>;
}

/**
 * The entries of the newer version that the older one did not have, or had with other signals; the newest of an entry
 * that comes several times. In the same order whenever it is called with the same segments.
 * @throws VigieError `blob-not-found` for a segment that was swept; `seal-damaged`, `segment-damaged`
 */
async function* newEntries(run: DeltaRun, blobs: Blobs, signal: AbortSignal): AsyncGenerator<Entry> {
  const { before, now } = run;
  const gone = before.filter((id) => !now.includes(id));
  const fresh = now.filter((id) => !before.includes(id));
  const old = new KeySet();
  if (fresh.length > 0)
    for (const id of gone) for await (const each of entriesOf(id, blobs, signal)) old.add(each.id, check(each));
  const given = new KeySet();
  for (const id of fresh.reverse()) {
    for await (const entry of entriesOf(id, blobs, signal)) {
      if (given.add(entry.id) === 'new' && old.add(entry.id, check(entry)) !== 'same') yield entry;
    }
  }
  yield* restoredEntries(run, given, blobs);
}

/** The entries that match again, in their newest form, without those that were given before. */
async function* restoredEntries({ restored = [], now }: DeltaRun, given: KeySet, blobs: Blobs): AsyncGenerator<Entry> {
  let left = [...new Set(restored)].filter((id) => given.add(id) === 'new');
  for (const id of [...now].reverse()) {
    if (left.length === 0) return;
    const file = await openSegment(id, blobs);
    try {
      const rows = await file.findRows(left);
      for (const row of rows.values()) yield await file.entry(row);
      left = left.filter((each) => !rows.has(each));
    } finally {
      await file.close();
    }
  }
}

async function openSegment(id: string, blobs: Blobs): Promise<SegmentFile> {
  const source = await blobs.open(id);
  try {
    return await SegmentFile.open(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function* entriesOf(id: string, blobs: Blobs, signal: AbortSignal): AsyncGenerator<Entry> {
  const file = await openSegment(id, blobs);
  try {
    for await (const { entry } of file.entries(signal)) yield entry;
  } finally {
    await file.close();
  }
}

/** 32 bits of an entry's active signals, whatever their order (FNV-1a of each). */
function check({ signals }: Entry): number {
  let sum = 0;
  for (const { type, value, active } of signals) {
    if (!active) continue;
    let hash = 0x811c9dc5 ^ type.length;
    for (const byte of value) hash = Math.imul(hash ^ byte, 0x01000193);
    sum = (sum + hash) >>> 0;
  }
  return sum;
}

/** Portions of the new entries of some lists, each small enough for an index of its own. The last may be empty. */
export async function* portions(
  runs: readonly DeltaRun[],
  blobs: Blobs,
  signal: AbortSignal,
  mostHashes = PORTION_HASHES,
): AsyncGenerator<readonly DeltaEntry[]> {
  let portion: DeltaEntry[] = [];
  let hashes = 0;
  for (const run of runs) {
    for await (const entry of newEntries(run, blobs, signal)) {
      const { id, grade, signals } = entry;
      const weight = signals.reduce((sum, each) => sum + weightOf(each), 0);
      if (hashes + weight > mostHashes && portion.length > 0) {
        yield portion;
        portion = [];
        hashes = 0;
      }
      portion.push({ list: run, id, grade: grade ?? null, signals, ...wordsOf(entry) });
      hashes += weight;
    }
  }
  yield portion;
}

function wordsOf({ kind, member, opinions }: Entry): { readonly words?: EntryWords } {
  if (kind === undefined && member === undefined && opinions === undefined) return {};
  return {
    words: {
      ...(kind !== undefined && { kind }),
      ...(member !== undefined && { member }),
      ...(opinions && { opinions }),
    },
  };
}

function weightOf({ type, active }: EntrySignal): number {
  if (!active || type === 'photodna') return 0;
  return type === 'pdq' || type === 'vpdq' ? WAYS_OF_ONE : 1;
}
