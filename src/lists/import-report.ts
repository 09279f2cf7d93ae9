import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../signals/signal-type.js';
import type { ListFormat } from './formats/list-parser.js';

/** Why a record was left out. */
export type RecordReason =
  | 'malformed-record'
  | 'invalid-utf8'
  | 'too-long'
  | 'id-too-long'
  | 'no-signal'
  | 'no-usable-signal'
  /** A URL or keyword that would match what nobody means. */
  | 'too-broad';
/** Why a signal was left out; the rest of its record may have been taken. */
export type SignalReason = 'malformed-signal' | 'all-zero' | 'empty-file';
export type DuplicateReason = 'duplicate-id' | 'duplicate-signals';
/** What else there is to say of a record that was taken. */
export type Remark = 'field-unreadable' | 'comment-shortened' | 'id-taken' | 'opinions-left-out';
type Reason = RecordReason | SignalReason | DuplicateReason | Remark | 'low-quality';

export interface ReasonCount {
  readonly count: number;
  /** The lines of the first hundred. */
  readonly lines: readonly number[];
  /** Where frames of videos are among them: for each line the number of its frame, from 1, or 0 where it is no frame. */
  readonly frames?: readonly number[];
}

export interface SignalCount {
  readonly active: number;
  /** Kept, and not matching: PDQ and frames of low quality. */
  readonly inactive: number;
  /** Malformed, all zero or the hash of an empty file. */
  readonly rejected: number;
}

/** What became of the records of an import. Plain data; never holds a value of the list. */
export interface ImportReport {
  readonly format: ListFormat | 'entries';
  /** All records that were read. */
  readonly records: number;
  readonly accepted: number;
  /** Records that were left out because something was wrong with them; duplicates are not among these. */
  readonly rejectedRecords: number;
  readonly duplicates: number;
  /** Why records or single signals were left out. */
  readonly rejected: Readonly<Partial<Record<RecordReason | SignalReason, ReasonCount>>>;
  /** Signals that were kept and do not match. */
  readonly inactive: Readonly<Partial<Record<'low-quality', ReasonCount>>>;
  readonly duplicate: Readonly<Partial<Record<DuplicateReason, ReasonCount>>>;
  readonly remarks: Readonly<Partial<Record<Remark, ReasonCount>>>;
  readonly signals: Readonly<Partial<Record<SignalTypeName, SignalCount>>>;
  /** Entries by grade; entries without a grade under the empty text, rarer grades beyond a hundred under `other`. */
  readonly grades: Readonly<Record<string, number>>;
  /** Columns of the source that were not used. */
  readonly ignoredColumns: readonly string[];
}

export const REPORTED_LINES = 100;
const REPORTED_GRADES = 100;

const KIND: Readonly<Record<Reason, 'rejected' | 'inactive' | 'duplicate' | 'remarks'>> = {
  'malformed-record': 'rejected',
  'invalid-utf8': 'rejected',
  'too-long': 'rejected',
  'id-too-long': 'rejected',
  'no-signal': 'rejected',
  'no-usable-signal': 'rejected',
  'too-broad': 'rejected',
  'malformed-signal': 'rejected',
  'all-zero': 'rejected',
  'empty-file': 'rejected',
  'low-quality': 'inactive',
  'duplicate-id': 'duplicate',
  'duplicate-signals': 'duplicate',
  'field-unreadable': 'remarks',
  'comment-shortened': 'remarks',
  'id-taken': 'remarks',
  'opinions-left-out': 'remarks',
};

interface Tally {
  count: number;
  lines: number[];
  frames: number[];
}

/** Counts while an import goes on. */
export class ReportCounter {
  records = 0;
  accepted = 0;
  rejected = 0;
  duplicates = 0;
  readonly #reasons = new Map<Reason, Tally>();
  readonly #signals = new Map<SignalTypeName, { active: number; inactive: number; rejected: number }>(
    SIGNAL_TYPE_NAMES.map((name) => [name, { active: 0, inactive: 0, rejected: 0 }]),
  );
  readonly #grades = new Map<string, number>();

  /** A record is left out. */
  leaveOut(reason: RecordReason | DuplicateReason, line: number): void {
    if (KIND[reason] === 'duplicate') this.duplicates++;
    else this.rejected++;
    this.note(reason, line);
  }

  /** @param frame number of the frame that it is about, from 1 */
  note(reason: Reason, line: number, frame = 0): void {
    let tally = this.#reasons.get(reason);
    if (tally === undefined) {
      tally = { count: 0, lines: [], frames: [] };
      this.#reasons.set(reason, tally);
    }
    tally.count++;
    if (tally.lines.length >= REPORTED_LINES) return;
    tally.lines.push(line);
    tally.frames.push(frame);
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

  report(format: ImportReport['format'], ignoredColumns: readonly string[]): ImportReport {
    const { records, accepted, rejected, duplicates } = this;
    const used = [...this.#signals].filter(([, { active, inactive, rejected: bad }]) => active + inactive + bad > 0);
    return {
      format,
      records,
      accepted,
      rejectedRecords: rejected,
      duplicates,
      rejected: this.#told('rejected'),
      inactive: this.#told('inactive'),
      duplicate: this.#told('duplicate'),
      remarks: this.#told('remarks'),
      signals: Object.fromEntries(used.map(([type, tally]) => [type, { ...tally }])),
      grades: Object.fromEntries(this.#grades),
      ignoredColumns: [...ignoredColumns],
    };
  }

  #told(kind: (typeof KIND)[Reason]): Record<string, ReasonCount> {
    const reasons = [...this.#reasons].filter(([reason]) => KIND[reason] === kind);
    return Object.fromEntries(
      reasons.map(([reason, { count, lines, frames }]) => {
        const some = frames.some((frame) => frame > 0);
        return [reason, { count, lines: [...lines], ...(some && { frames: [...frames] }) }];
      }),
    );
  }
}

/** Why records were rejected, in words, with the first line of each reason. */
export function rejectedInWords({ rejected }: ImportReport): string {
  const parts = Object.entries(rejected).map(([why, { count, lines, frames }]) => {
    const frame = frames?.[0] ?? 0;
    return `${count} ${why}, first on line ${lines[0]}${frame > 0 ? `, frame ${frame}` : ''}`;
  });
  return parts.length === 0 ? 'none' : parts.join('; ');
}
