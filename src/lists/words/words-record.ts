import type { WordsContent } from '../../index/words/words-entry.js';
import type { RecordReason } from '../import-report.js';

/** One record of a list of URLs or keywords as it was read, before anything of it was judged. */
export interface WordsRecord {
  readonly line: number;
  readonly problem?: RecordReason;
  readonly fields: Readonly<Partial<Record<WordsField, string>>>;
}

/** `text` is the URL or keyword itself; `kind` is that of a URL, `overlook` that of a keyword. */
export const WORDS_FIELDS = ['id', 'text', 'kind', 'overlook', 'grade', 'added', 'comment'] as const;
export type WordsField = (typeof WORDS_FIELDS)[number];

/** What the columns are called that hold the URL or keyword itself. */
const TEXT_COLUMNS: Readonly<Record<WordsContent, readonly string[]>> = {
  urls: ['url', 'text', 'value'],
  keywords: ['keyword', 'text', 'value', 'phrase'],
};

/** Our field for a column of theirs. Upper and lower case are the same; `map` goes first. */
export function wordsFieldFor(
  column: string,
  content: WordsContent,
  map: Readonly<Record<string, string>> = {},
): WordsField | undefined {
  const name = column.trim().toLowerCase();
  const mapped = Object.entries(map).find(([theirs]) => theirs.trim().toLowerCase() === name)?.[1] ?? name;
  if (TEXT_COLUMNS[content].includes(mapped)) return 'text';
  return WORDS_FIELDS.find((field) => field === mapped);
}
