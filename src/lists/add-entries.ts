import { VigieError } from '../errors.js';
import type { Entry } from '../index/entry.js';
import type { MemoryPool } from '../index/pdq/memory-pool.js';
import { SegmentBuilder } from '../index/segment-builder.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { ManifestSegment } from '../storage/list-version-store.js';
import { Admission } from './admit.js';
import { ListRecord } from './formats/list-record.js';
import { type ImportReport, ReportCounter, rejectedInWords } from './import-report.js';
import { writeSegment } from './stage-segments.js';

/** Added at once at the most; more is an import. */
const ENTRIES_LIMIT = 1_000_000;

/**
 * Writes entries into one segment that goes on top of a list. The rules of an import apply, but for a wrong entry
 * nothing is written: who adds a few entries by hand wants to know. The lines of the report count the entries from 1.
 * @throws VigieError `list-too-many-rejected` naming the entries that cannot be used; `signal-invalid`
 */
export async function writeDelta(
  entries: readonly Entry[],
  { pool, blobs }: { readonly pool: MemoryPool; readonly blobs: Pick<BlobStore, 'create'> },
): Promise<{ segment: ManifestSegment; report: ImportReport }> {
  if (entries.length === 0 || entries.length > ENTRIES_LIMIT) {
    throw new VigieError('request-invalid', { detail: `1 to ${ENTRIES_LIMIT} entries` });
  }
  const counter = new ReportCounter();
  const admission = new Admission(counter, entries.length);
  const builder = new SegmentBuilder({ pool, maxEntries: entries.length });
  const record = new ListRecord();
  for (const [i, entry] of entries.entries()) {
    fillRecord(record, entry, i + 1);
    const admitted = admission.admit(record);
    if (admitted !== undefined) builder.add(admitted);
  }
  const report = counter.report('entries', []);
  if (Object.keys(report.rejected).length > 0) {
    throw new VigieError('list-too-many-rejected', { detail: rejectedInWords(report) });
  }
  const segment = await writeSegment(builder, blobs);
  return { segment: { ...segment, summary: { ...(segment.summary as object), delta: true } }, report };
}

/** An entry as a record, to which the rules of an import apply. */
export function fillRecord(
  record: ListRecord,
  { id, grade, kind, added, comment, signals }: Entry,
  line: number,
): void {
  record.reset(line);
  record.id = id;
  record.grade = grade;
  record.kind = kind;
  record.added = added;
  record.comment = comment;
  let frames = 0;
  for (const { type, value, quality } of signals) {
    record.signals.push({ type, value, quality, number: type === 'vpdq' ? ++frames : 0 });
  }
}
