import type { Segment } from '../index/segment.js';
import type { MatchingRules } from '../lists/rules/matching-rules.js';
import type { RulesInForce } from '../lists/rules/rules-in-force.js';
import type { SignalTypeName } from '../signals/signal-type.js';

/** A row of a segment that is near enough to a query. */
export interface Hit {
  readonly segment: Segment;
  readonly row: number;
  readonly distance: number;
}

export interface LookupOptions {
  /** Greatest distance that counts; the signal type's own when absent. */
  readonly threshold?: number;
  /** How many hits at the most; the nearest stay. */
  readonly limit?: number;
}

export interface LookupAnswer {
  /** Nearest first. */
  readonly hits: readonly Hit[];
  /** How many live rows are near enough, whether or not they are among `hits`. */
  readonly total: number;
  readonly truncated: boolean;
}

/** The lists as scanning sees them: the living ones of a service, or those of one command. */
export interface KnownLists {
  /** False until every list is loaded: nothing can be said of a medium before that. */
  readonly ready: boolean;
  /** True while a list could not be loaded: what is found counts, and what is not found cannot be told. */
  readonly incomplete: boolean;
  /** The sequence of list changes that look-ups take into account; 0 when there is no such log. */
  readonly appliedSeq: number;
  /**
   * Undefined while every change up to a moment ago is known; else reads them first. Absent where nothing changes.
   * @throws VigieError `index-stale` when they cannot be read
   */
  catchUp?(): Promise<void> | undefined;
  /** What the rules of all lists come to; absent when no list has any. */
  readonly rules?: RulesInForce | undefined;
  lookup(type: SignalTypeName, value: Uint8Array, options?: LookupOptions): LookupAnswer;
  /** Name and version of the list that a segment belongs to. */
  describe(segment: Segment): ListIdentity;
}

export interface ListIdentity {
  readonly name: string;
  readonly version: number;
  /** True for the list of generated pictures that comes with Vigie: its fingerprints are no secret. */
  readonly sample: boolean;
  /** How its matches are judged; absent where nothing was said. */
  readonly rules?: MatchingRules;
}
