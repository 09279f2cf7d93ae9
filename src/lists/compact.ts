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

/**
 * Merges small segments of a list into one, without changing what the list says. Entries that a later one replaces are
 * left out; withdrawn ones stay, so that they can be restored. Look-ups go on meanwhile.
 * @returns the segments of the next version; undefined when there is nothing to do
 */
export async function compactSegments(
  list: LoadedList,
  manifest: readonly ManifestSegment[],
  { pool, blobs, signal, enough }: CompactOptions,
): Promise<readonly ManifestSegment[] | undefined> {
  const plan = planCompaction(
    manifest.map(({ entries }) => entries),
    enough,
  );
  if (plan === undefined) return undefined;
  const sources = list.segments.slice(plan.from, plan.to);
  const keep = (segment: Segment, row: number) => !list.isSuperseded(segment.id, row);
  const merging = {
    finish: (sink: Parameters<typeof mergeSegments>[2]) =>
      mergeSegments(sources, keep, sink, { pool, ...(signal === undefined ? {} : { signal }) }),
  };
  const merged = await writeSegment(merging, blobs, signal);
  // What it holds may still take the place of entries in the segments before it.
  const delta = manifest.slice(plan.from, plan.to).some(isDelta) && plan.from > 0;
  const segment = { ...merged, summary: { ...(merged.summary as object), delta } };
  return [...manifest.slice(0, plan.from), segment];
}
