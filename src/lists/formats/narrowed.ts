import type { ListParser, RecordFilter } from './list-parser.js';
import type { ListRecord } from './list-record.js';

/**
 * Leaves out the records that are not wanted, and says grades in the words that they are known by. What cannot be read
 * is never left out: it has to be told.
 */
export class NarrowedParser implements ListParser {
  readonly #parser: ListParser;
  readonly #only: RecordFilter | undefined;
  readonly #values: ReadonlySet<string>;
  readonly #grades: ReadonlyMap<string, string>;

  constructor(parser: ListParser, only: RecordFilter | undefined, grades: Readonly<Record<string, string>> = {}) {
    this.#parser = parser;
    this.#only = only;
    this.#values = new Set(only?.values.map(plain));
    this.#grades = new Map(Object.entries(grades).map(([theirs, ours]) => [plain(theirs), ours]));
  }

  get ignoredColumns(): readonly string[] {
    return this.#parser.ignoredColumns;
  }

  feed(chunk: Uint8Array): void {
    this.#parser.feed(chunk);
  }

  end(): void {
    this.#parser.end();
  }

  next(record: ListRecord): boolean {
    while (this.#parser.next(record)) {
      if (record.problem === undefined && !this.#wanted(record)) continue;
      if (record.grade !== undefined) record.grade = this.#grades.get(plain(record.grade)) ?? record.grade;
      return true;
    }
    return false;
  }

  #wanted(record: ListRecord): boolean {
    if (this.#only === undefined) return true;
    const { field, without } = this.#only;
    return this.#values.has(plain(record[field] ?? '')) !== without;
  }
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}
