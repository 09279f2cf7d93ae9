import { mergeSegments } from '../index/merge-segments.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import type { Segment } from '../index/segment.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import { isDelta, type LoadedList } from './loaded-list.js';
import { ENTRIES_PER_SEGMENT, writeSegment } from './stage-segments.js';

/** How many segments a list may have before the small ones are merged; each costs every look-up a little. */
const ENOUGH = 4;
/** Segments up to this size are merged whatever stands behind them: it takes a moment. */
const SMALL = 50_000;

export interface CompactOptions {
  readonly pool: MemoryPool;
  readonly blobs: Pick<BlobStore, 'create'>;
  readonly signal?: AbortSignal | undefined;
  /** Merges from this many segments on; 4 when not given. */
  readonly enough?: number | undefined;
}

/** A run of neighbouring segments that becomes one. */
interface Plan {
  readonly from: number;
  readonly to: number;
}

/**
 * What to merge: a run of segments at the end of the list, as long as each earlier one is small, or no more than four
 * times as large as all after it together. So an entry is copied about as often as the logarithm of the list's size says, and ten
 * entries that are added do not cost a copy of ten million.
 */
export function planCompaction(sizes: readonly number[], enough = ENOUGH): Plan | undefined {
  if (sizes.length < enough) return undefined;
  let from = sizes.length - 1;
  let total = sizes[from] ?? 0;
  while (from > 0) {
    const size = sizes[from - 1] ?? 0;
    if (size > Math.max(total * 4, SMALL) || size + total > ENTRIES_PER_SEGMENT) break;
    total += size;
    from--;
  }
  return sizes.length - from < 2 ? undefined : { from, to: sizes.length };
}

/** A segment that takes the place of a run of neighbours. */
export interface Merged {
  readonly segment: ManifestSegment;
  /** Ids of the segments that it was made of. */
  readonly of: readonly string[];
}

/**
 * Merges small segments of a list into one, without changing what the list says. Entries that a later one replaces are
 * left out; withdrawn ones stay, so that they can be restored. Look-ups and changes of the list go on meanwhile.
 * @returns undefined when there is nothing to do
 */
export async function compactSegments(
  list: LoadedList,
  manifest: readonly ManifestSegment[],
  { pool, blobs, signal, enough }: CompactOptions,
): Promise<Merged | undefined> {
  const plan = planCompaction(
    manifest.map(({ entries }) => entries),
    enough,
  );
  if (plan === undefined) return undefined;
  const sources = list.segments.slice(plan.from, plan.to);
  // As it is now: what is replaced meanwhile may come back, when the list is rolled back meanwhile.
  const superseded = new Map(sources.map((segment) => [segment, list.supersededIn(segment)]));
  const keep = (segment: Segment, row: number) => superseded.get(segment)?.has(row) !== true;
  const merging = {
    finish: (sink: Parameters<typeof mergeSegments>[2]) =>
      mergeSegments(sources, keep, sink, { pool, ...(signal === undefined ? {} : { signal }) }),
  };
  return { segment: await writeSegment(merging, blobs, signal), of: sources.map(({ id }) => id) };
}

/**
 * Puts a merged segment in the place of what it was made of.
 * @returns undefined when that is not in the version as it was
 */
export function withMerged(
  manifest: readonly ManifestSegment[],
  { segment, of }: Merged,
): readonly ManifestSegment[] | undefined {
  const from = manifest.findIndex(({ id }) => id === of[0]);
  const run = from < 0 ? [] : manifest.slice(from, from + of.length);
  if (run.length !== of.length || run.some(({ id }, i) => id !== of[i])) return undefined;
  // What it holds may still take the place of entries in the segments before it.
  const delta = run.some(isDelta) && from > 0;
  const summary = { ...(segment.summary as object), delta, of };
  return [...manifest.slice(0, from), { ...segment, summary }, ...manifest.slice(from + of.length)];
}
