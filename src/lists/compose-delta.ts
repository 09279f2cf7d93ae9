import type { Entry } from '../index/entry.js';
import { Pacer } from '../index/pause.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import type { Segment } from '../index/segment.js';
import { SegmentBuilder } from '../index/segment-builder.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import { fillRecord } from './add-entries.js';
import { Admission } from './admit.js';
import { canonicalEntry } from './canonical-entry.js';
import { ListRecord } from './formats/list-record.js';
import { type ImportReport, ReportCounter } from './import-report.js';
import { writeSegment } from './stage-segments.js';

/** Where entries stand in the list already. */
export type Standing = ReadonlyMap<string, { readonly segment: Segment; readonly row: number }>;

export interface ComposedDelta {
  /** Undefined when there is nothing new in it. */
  readonly segment: ManifestSegment | undefined;
  /** Entries that are in the segment, and those among them that the list did not have. */
  readonly changed: number;
  readonly added: number;
  /** Ids that the list has as they were told, now or before. */
  readonly accepted: readonly string[];
  /** The lines in it are the numbers of the entries, from 1. */
  readonly report: ImportReport;
}

/**
 * Writes entries into one segment that goes on top of a list. One that cannot be used is left out and told, and one that
 * is there already exactly so is not written again.
 */
export async function composeDelta(
  entries: readonly Entry[],
  standing: Standing,
  {
    pool,
    blobs,
    signal,
  }: { readonly pool: MemoryPool; readonly blobs: Pick<BlobStore, 'create'>; readonly signal?: AbortSignal },
): Promise<ComposedDelta> {
  const counter = new ReportCounter();
  const admission = new Admission(counter, entries.length);
  const builder = new SegmentBuilder({ pool, maxEntries: Math.max(1, entries.length) });
  const record = new ListRecord();
  const pacer = new Pacer(signal);
  const accepted: string[] = [];
  let [changed, added] = [0, 0];
  for (const [i, entry] of entries.entries()) {
    if (pacer.due) await pacer.pause();
    fillRecord(record, entry, i + 1);
    const admitted = admission.admit(record);
    if (admitted === undefined) continue;
    accepted.push(admitted.id);
    const place = standing.get(admitted.id);
    if (place !== undefined) {
      // What was admitted is valid until the next one only.
      const told = canonicalEntry(admitted);
      if (canonicalEntry(await place.segment.entry(place.row)) === told) continue;
    } else added++;
    builder.add(admitted);
    changed++;
  }
  const report = counter.report('entries', []);
  if (changed === 0) return { segment: undefined, changed, added, accepted, report };
  const segment = await writeSegment(builder, blobs, signal);
  const summary = { ...(segment.summary as object), delta: true };
  return { segment: { ...segment, summary }, changed, added, accepted, report };
}
