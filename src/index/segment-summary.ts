import type { SignalTypeName } from '../signals/signal-type.js';

/** What a segment holds, in figures. Plain data: storage keeps it beside the file's name. */
export interface SegmentSummary {
  readonly entries: number;
  /** Entries that were left out since a later one of the same id came. */
  readonly superseded: number;
  readonly signals: Readonly<Partial<Record<SignalTypeName, SignalCounts>>>;
  /** Entries by grade, as the source writes it; those of grades too many or too long to count stand under `''`. */
  readonly grades: Readonly<Record<string, number>>;
  /** Bytes of memory that the loaded segment takes. */
  readonly residentBytes: number;
}

export interface SignalCounts {
  /** Signals of the type, those that do not match included. */
  readonly values: number;
  /** Of them, those that match. */
  readonly active: number;
  /** Of these, how many different ones. */
  readonly distinct: number;
}
