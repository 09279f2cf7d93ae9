import type { ErrorCode } from '../../errors.js';
import type { UrlEntryKind } from '../../signals/url/url-entry.js';
import type { VerdictWord } from '../verdict.js';

/** Where in an item words and addresses stand. */
export const WORDS_PLACES = ['text', 'caption', 'entity', 'button', 'link'] as const;
export type WordsPlace = (typeof WORDS_PLACES)[number];

/** The first place at which something was found. */
export interface FoundAt {
  readonly where: WordsPlace;
  /** Of the caption: that of its medium; of a link: its place among the links; 0 for the text. */
  readonly ordinal: number;
  /** In a text, in UTF-16 units. */
  readonly at: number | null;
}

interface FoundEntry extends FoundAt {
  readonly list: string;
  readonly version: number;
  readonly entry: string;
  readonly grade: string | null;
  /** How often it was found. */
  readonly count: number;
}

/** An entry of a list of URLs that an address falls under. Never the address itself. */
export interface LinkMatch extends FoundEntry {
  readonly kind: UrlEntryKind;
}

/** An entry of a list of keywords that was found: something for a person to look at, and nothing to act on. */
export type ReviewHint = FoundEntry;

/** What is said of the words and addresses of one item. */
export interface WordsVerdict {
  readonly verdict: VerdictWord;
  readonly reason: 'nothing-known' | ErrorCode | null;
  /** Bounded; the totals count all entries that were found. */
  readonly links: readonly LinkMatch[];
  readonly linksTotal: number;
  readonly review: readonly ReviewHint[];
  readonly reviewTotal: number;
  readonly ms: number;
  readonly appliedSeq: number;
}
