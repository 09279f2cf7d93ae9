// The package's subpath `vigie/index`: exact matching of known signals, in Node and in a browser.

export type { PhotoDnaMetric } from '../signals/photodna/photodna.js';
export type { ByteSink, ByteSource } from './byte-io.js';
export type { Entry, EntrySignal } from './entry.js';
export { Hits } from './hits.js';
export {
  type IndexChange,
  type IndexStats,
  type LookupAnswer,
  type LookupOptions,
  type MatchHit,
  MatchIndex,
  type MatchIndexOptions,
  type PhotoDnaMatching,
} from './match-index.js';
export { MemoryFile } from './memory-file.js';
export { type MergeCandidate, type MergePlan, type MergeRules, planMerge } from './merge-plan.js';
export { type MergeOptions, mergeSegments } from './merge-segments.js';
export { MemoryPool } from './pdq/memory-pool.js';
export { PdqHits } from './pdq/pdq-hits.js';
export { PdqScan } from './pdq/pdq-scan.js';
export { PdqTable } from './pdq/pdq-table.js';
export type { ValueColumn } from './photodna/photodna-sketch.js';
export { type PhotoDnaLayout, PhotoDnaTable } from './photodna/photodna-table.js';
export { Segment, type SegmentOptions } from './segment.js';
export { SegmentBuilder, type SegmentBuilderOptions } from './segment-builder.js';
export { SegmentFile } from './segment-file.js';
export type { SegmentSummary, SignalCounts } from './segment-summary.js';
