import { VigieError } from '../errors.js';
import type { ByteSink } from './byte-io.js';
import { RecordReader } from './file/entry-record.js';
import { Pacer } from './pause.js';
import { Segment } from './segment.js';
import { SegmentBuilder, type SegmentBuilderOptions } from './segment-builder.js';
import type { SegmentFile } from './segment-file.js';
import type { SegmentSummary } from './segment-summary.js';

export interface MergeOptions extends SegmentBuilderOptions {
  readonly signal?: AbortSignal;
}

/**
 * Writes the entries of several segments into one. The segments stay as they are and may be searched meanwhile. Of
 * entries with the same id the last kept one of the latest segment wins.
 * @param segments oldest first; a SegmentFile will do, so a worker thread need not load the search tables
 * @param keep whether a row goes into the new segment
 * @throws VigieError `segment-full` when the kept entries do not fit into one segment
 */
export async function mergeSegments<Source extends Segment | SegmentFile>(
  segments: readonly Source[],
  keep: (segment: Source, row: number) => boolean,
  sink: ByteSink,
  { signal, ...options }: MergeOptions,
): Promise<SegmentSummary> {
  const builder = new SegmentBuilder(options);
  const reader = new RecordReader();
  const pacer = new Pacer(signal);
  for (const segment of segments) {
    const file: SegmentFile = segment instanceof Segment ? segment.file : segment;
    for await (const { row, count, bytes } of file.batches(signal)) {
      for (let i = 0, at = 0; i < count; i++, at = reader.end) {
        reader.open(bytes, at);
        if (keep(segment, row + i) && builder.addRecord(reader, file.dictionaries) === 'full') {
          throw new VigieError('segment-full');
        }
        if ((i & 255) === 0 && pacer.due) await pacer.pause();
      }
    }
  }
  return await builder.finish(sink, signal);
}
