import type { SignalTypeName } from '../../signals/signal-type.js';
import type { ListRecord } from './list-record.js';

/**
 * Longest line or CSV record in bytes: a video of ten hours with a frame each second. A longer one counts as one bad
 * record and is skipped in constant memory.
 */
export const LINE_LIMIT = 8 << 20;

/** The formats a list can come in. */
export const LIST_FORMATS = ['csv', 'jsonl', 'lines', 'typed', 'vics', 'vpdq'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

/**
 * Reads records from input that arrives in pieces, in constant memory: `feed` what there is, call `next` until it says
 * false, and so on; after `end`, `next` gives the rest. How the input is cut into pieces never matters.
 */
export interface ListParser {
  /** Adds input. The bytes are copied. */
  feed(chunk: Uint8Array): void;
  /** Says that there is no more input. */
  end(): void;
  /**
   * Reads the next record into `record`; one that cannot be read comes with its `problem`.
   * @returns false when more input is needed, or after `end` when there is no more
   * @throws VigieError `list-header-invalid`; `list-malformed` naming the line after which nothing can be read
   */
  next(record: ListRecord): boolean;
  /** Columns of the input that are not used, as the header names them. */
  readonly ignoredColumns: readonly string[];
}

export interface ParserOptions {
  /** What the file is called, without its ending: the id of a file that is one entry. */
  readonly name?: string | undefined;
  /** For plain lines: what the values are. */
  readonly type?: SignalTypeName | undefined;
  /** Column names of theirs to ours, for CSV and JSONL. */
  readonly map?: Readonly<Record<string, string>> | undefined;
  /** Takes a part of the records; all when left out. */
  readonly only?: RecordFilter | undefined;
  /** Their words for grades, in whatever case, with ours. */
  readonly grades?: Readonly<Record<string, string>> | undefined;
}

/** The records of which a field has one of some values, in whatever case; or `without`: all others. */
export interface RecordFilter {
  readonly field: 'kind' | 'grade' | 'comment';
  readonly values: readonly string[];
  readonly without: boolean;
}

export const FIELD_NAMES = [
  'id',
  'md5',
  'sha1',
  'sha256',
  'pdq',
  'quality',
  'photodna',
  'vpdq',
  'grade',
  'kind',
  'added',
  'comment',
  'member',
] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

const OURS: ReadonlySet<string> = new Set(FIELD_NAMES);

/** Our field for a column of theirs, or undefined when we have none. Upper and lower case are the same. */
export function fieldFor(column: string, map: ParserOptions['map']): FieldName | undefined {
  const name = column.trim().toLowerCase();
  for (const [theirs, ours] of Object.entries(map ?? {})) {
    if (theirs.trim().toLowerCase() !== name) continue;
    const wanted = ours.trim().toLowerCase();
    return OURS.has(wanted) ? (wanted as FieldName) : undefined;
  }
  return OURS.has(name) ? (name as FieldName) : undefined;
}

const REPORTED_COLUMNS = 32;

/** Column names fit for a report: few, short, and nothing that could be a signal. */
export function reportable(columns: readonly string[]): readonly string[] {
  const names = columns.map((name) => name.trim()).filter((name) => name !== '' && !/[0-9a-f]{32}/i.test(name));
  return names.slice(0, REPORTED_COLUMNS).map((name) => name.slice(0, 64));
}
