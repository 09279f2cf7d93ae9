import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../signals/signal-type.js';
import type { ListFormat } from './sources/list-parser.js';

/** Why a record was left out. */
export const RECORD_REASONS = [
  'malformed-record',
  'invalid-utf8',
  'too-long',
  'id-too-long',
  'no-signal',
  'no-usable-signal',
  'duplicate-id',
  'duplicate-signals',
] as const;
/** What was wrong with a part of a record; the rest of it may have been taken. */
export const PART_REASONS = [
  'malformed-signal',
  'all-zero',
  'empty-file',
  'low-quality',
  'field-unreadable',
  'comment-shortened',
] as const;
export type RecordReason = (typeof RECORD_REASONS)[number];
export type PartReason = (typeof PART_REASONS)[number];
export type ReportReason = RecordReason | PartReason;

export interface ReasonCount {
  readonly count: number;
  /** The lines of the first hundred. */
  readonly lines: readonly number[];
}

export interface SignalCount {
  readonly active: number;
  /** Kept, and not matching: PDQ of low quality. */
  readonly inactive: number;
  /** Malformed, all zero or the hash of an empty file. */
  readonly rejected: number;
}

/** What became of the records of an import. Never holds a value of the list. */
export interface ImportReport {
  readonly format: ListFormat;
  /** All records that were read. */
  readonly records: number;
  readonly accepted: number;
  /** Left out because something was wrong with them; duplicates are not among these. */
  readonly rejected: number;
  readonly duplicates: number;
  readonly reasons: Readonly<Partial<Record<ReportReason, ReasonCount>>>;
  readonly signals: Readonly<Partial<Record<SignalTypeName, SignalCount>>>;
  /** Entries by grade; entries without a grade under the empty text, rarer grades beyond a hundred under `other`. */
  readonly grades: Readonly<Record<string, number>>;
  /** Columns of the source that were not used. */
  readonly ignoredColumns: readonly string[];
}

export const REPORTED_LINES = 100;
const REPORTED_GRADES = 100;

const DUPLICATES: ReadonlySet<ReportReason> = new Set(['duplicate-id', 'duplicate-signals']);

interface Tally {
  count: number;
  lines: number[];
}

/** Counts while an import goes on. */
export class ReportCounter {
  records = 0;
  accepted = 0;
  rejected = 0;
  duplicates = 0;
  readonly #reasons = new Map<ReportReason, Tally>();
  readonly #signals = new Map<SignalTypeName, { active: number; inactive: number; rejected: number }>(
    SIGNAL_TYPE_NAMES.map((name) => [name, { active: 0, inactive: 0, rejected: 0 }]),
  );
  readonly #grades = new Map<string, number>();

  /** A record is left out. */
  leaveOut(reason: RecordReason, line: number): void {
    if (DUPLICATES.has(reason)) this.duplicates++;
    else this.rejected++;
    this.note(reason, line);
  }

  note(reason: ReportReason, line: number): void {
    let tally = this.#reasons.get(reason);
    if (tally === undefined) {
      tally = { count: 0, lines: [] };
      this.#reasons.set(reason, tally);
    }
    tally.count++;
    if (tally.lines.length < REPORTED_LINES) tally.lines.push(line);
  }

  signal(type: SignalTypeName, fate: keyof SignalCount): void {
    const tally = this.#signals.get(type);
    if (tally !== undefined) tally[fate]++;
  }

  accept(grade: string | undefined): void {
    this.accepted++;
    const known = grade ?? '';
    const name = this.#grades.has(known) || this.#grades.size < REPORTED_GRADES ? known : 'other';
    this.#grades.set(name, (this.#grades.get(name) ?? 0) + 1);
  }

  report(format: ListFormat, ignoredColumns: readonly string[]): ImportReport {
    const { records, accepted, rejected, duplicates } = this;
    const used = [...this.#signals].filter(([, { active, inactive, rejected: bad }]) => active + inactive + bad > 0);
    return {
      format,
      records,
      accepted,
      rejected,
      duplicates,
      reasons: Object.fromEntries(
        [...this.#reasons].map(([reason, { count, lines }]) => [reason, { count, lines: [...lines] }]),
      ),
      signals: Object.fromEntries(used.map(([type, tally]) => [type, { ...tally }])),
      grades: Object.fromEntries(this.#grades),
      ignoredColumns: [...ignoredColumns],
    };
  }
}
