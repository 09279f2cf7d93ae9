import type { SignalTypeName } from '../signals/signal-type.js';
import type { ExactLayout } from './exact/exact-table.js';
import type { PdqLayout } from './pdq/pdq-layout.js';
import type { PhotoDnaLayout } from './photodna/photodna-table.js';
import type { ExactTypeName } from './signal-widths.js';

/** Where everything of a loaded segment lies in its one memory. Plain data: JSON, or a message to another thread. */
export interface ResidentLayout {
  /** Memory that the segment takes. */
  readonly bytes: number;
  /** Number of entries. */
  readonly rows: number;
  readonly pdq?: PdqPart;
  readonly exact: Readonly<Partial<Record<ExactTypeName, ExactLayout>>>;
  readonly photodna?: PhotoDnaLayout;
  /** Where the bits of the live rows begin. */
  readonly live: number;
  /** Types of which some entry has more than one signal, so that one entry may be found twice. */
  readonly several: readonly SignalTypeName[];
}

export interface PdqPart {
  readonly distinct: number;
  /** The table's own layout; absent in a small segment, whose hashes are scanned. */
  readonly table?: PdqLayout;
  /** Where the hashes of a small segment lie. */
  readonly hashes?: number;
  /** Where the postings lie: one number a distinct hash, then the lists of those that several entries share. */
  readonly first: number;
  readonly more: number;
  readonly moreLength: number;
}

/**
 * From this many distinct PDQ hashes on a segment has a table of its own; fewer go into the live head's. Every table costs
 * a look-up several microseconds of cache misses however few hashes it has, so the small ones share one, which takes about
 * fifteen milliseconds to make anew for so many.
 */
export const TABLE_FROM = 131_072;
