import type { KeywordFold } from '../../signals/keyword/fold.js';
import type { KeywordEntry } from '../../signals/keyword/keyword-entry.js';
import type { UrlEntry, UrlEntryKind } from '../../signals/url/url-entry.js';

/** What a list holds besides fingerprints of media. */
export type WordsContent = 'urls' | 'keywords';

/** One entry of a list of URLs or keywords as it is kept and shown: as its source wrote it. */
export interface WordsEntry {
  readonly id: string;
  readonly text: string;
  /** For a URL, how far it reaches. */
  readonly kind?: UrlEntryKind;
  /** For a keyword, what is overlooked; `plain` when absent. */
  readonly fold?: KeywordFold;
  readonly grade?: string;
  /** Unix time in milliseconds. */
  readonly added?: number;
  readonly comment?: string;
}

/** An entry with the form that is searched. */
export type ReadEntry =
  | { readonly content: 'urls'; readonly entry: WordsEntry; readonly search: UrlEntry }
  | { readonly content: 'keywords'; readonly entry: WordsEntry; readonly search: KeywordEntry };
