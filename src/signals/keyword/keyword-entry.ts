import { fold, type KeywordFold } from './fold.js';

export interface KeywordEntry {
  /** What is looked for, folded. */
  readonly text: string;
  readonly fold: KeywordFold;
  /** Whether it has to stand at the beginning of a word, and at the end of one. */
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

/** Longest keyword or phrase in UTF-16 units, folded. */
export const LONGEST_KEYWORD = 256;
const SAYS_SOMETHING = /[\p{L}\p{N}\p{S}]/u;
const LONE_SURROGATE = /\p{Surrogate}/u;
const PICTURE = /\p{Extended_Pictographic}/u;

/**
 * Reads an entry of a list of keywords: a word or a phrase; a star at an end leaves that end open. There are no other
 * patterns.
 * @returns `malformed` for lone surrogates, or when it is too long; `too-broad` for less than two characters (a picture is enough)
 */
export function parseKeyword(text: string, how: KeywordFold = 'plain'): KeywordEntry | 'malformed' | 'too-broad' {
  if (LONE_SURROGATE.test(text)) return 'malformed';
  const trimmed = text.trim();
  const openStart = trimmed.startsWith('*');
  const openEnd = trimmed.endsWith('*');
  const folded = fold(trimmed.replace(/^\*|\*$/g, ''), how).trim();
  if (folded.length > LONGEST_KEYWORD) return 'malformed';
  const enough = [...folded].length >= 2 || PICTURE.test(folded);
  if (!enough || !SAYS_SOMETHING.test(folded)) return 'too-broad';
  return { text: folded, fold: how, atStart: !openStart, atEnd: !openEnd };
}
