import type { Surface, Tx } from '../schema.js';
import type { Work } from '../work/work-stream.js';

/** A verdict as it is stored. Its detail says what led to it and never holds a hash. */
export interface VerdictRecord {
  readonly id: string;
  /** The item that it is told of; null for a medium that was handed in by itself. */
  readonly itemId: string | null;
  /** Ordinal of the medium that decided it. */
  readonly medium: number;
  readonly verdict: 'match' | 'no-match' | 'could-not-tell';
  readonly reason: string | null;
  readonly detail: unknown;
  readonly engine: string;
  readonly appliedSeq: number;
  /** Name of the node that told it. */
  readonly node: string;
  readonly surface: Surface;
  /** Milliseconds that it took. */
  readonly milliseconds: number;
  readonly at: Date;
}

/** A medium of an item, as it is compared with those of others. */
export interface MediumCopy {
  readonly ordinal: number;
  /** `copyKey` of its SHA-256. */
  readonly medium: string;
}

/** A verdict with everything that must be true in the same moment. */
export interface Told {
  readonly verdict: VerdictRecord;
  /** What becomes of the item. It must be waiting; when it is not, another has told it and nothing is stored. */
  readonly moves?: 'told' | 'set-aside';
  /** The work that is done by it. */
  readonly work?: Work;
  /** Media of the item, noted when it is told. */
  readonly copies?: readonly MediumCopy[];
  /** Runs in the same transaction when the verdict was stored: events and effects. */
  readonly alongside?: (tx: Tx) => Promise<void>;
  /**
   * Runs in the same transaction, at its end: what others wait for until it is committed. `order` names that, so that
   * two nodes take several of them in the same order.
   */
  readonly last?: { readonly order: string; readonly act: (tx: Tx) => Promise<unknown> };
}
