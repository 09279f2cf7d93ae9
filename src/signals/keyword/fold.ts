/** What is overlooked of how a keyword is written: nothing but case and form; marks too; or marks and digits for letters. */
export const KEYWORD_FOLDS = ['plain', 'marks', 'digits'] as const;
export type KeywordFold = (typeof KEYWORD_FOLDS)[number];

/** Letters that these are written for; there are no others. */
export const DIGITS_FOR_LETTERS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};

/** What shows nothing: zero-width signs, soft hyphens, joiners, selectors of variants, marks of direction. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}]+/gu;
/** Marks beside letters that can be left out in writing: of Latin, Greek and Cyrillic, and the points of Hebrew and Arabic. */
const MARKS =
  /[\u0300-\u036F\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u064B-\u065F\u0670]+/gu;
/** Words of a phrase may be held together by any of these. */
const BETWEEN = /[\s\p{Pd}_]+/gu;
const FOR_LETTERS = /[013457@$]/g;
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * Brings text into the form in which keywords are looked for: NFKC, no case, nothing unseen, one space for white space,
 * dashes and underscores. What is folded stays as it is. Takes time in proportion to the length.
 */
export function fold(text: string, how: KeywordFold = 'plain'): string {
  let folded = NOT_ASCII.test(text) ? foldUnicode(text, how !== 'plain') : text.toLowerCase();
  if (how === 'digits') folded = folded.replace(FOR_LETTERS, (sign) => DIGITS_FOR_LETTERS[sign] as string);
  return folded.replace(BETWEEN, ' ');
}

function foldUnicode(text: string, withoutMarks: boolean): string {
  let before = text;
  // One round does it but for a handful of letters whose fold folds again.
  for (let round = 0; ; round++) {
    let folded = before.replace(UNSEEN, '').normalize('NFKC').replace(UNSEEN, '');
    // By way of upper case, where ß, ſ and the final sigma meet their like.
    folded = folded.toUpperCase().toLowerCase().replaceAll('ς', 'σ');
    if (withoutMarks) folded = folded.normalize('NFD').replace(MARKS, '');
    folded = folded.normalize('NFKC');
    if (folded === before || round === 3) return folded;
    before = folded;
  }
}

/**
 * Where places in folded text stand in the text before: each at its piece between white space, and as far in it. Takes time
 * in proportion to the text, however many places there are.
 * @param places in any order
 * @returns for each, in their order
 */
export function placesBefore(text: string, how: KeywordFold, places: readonly number[]): number[] {
  const order = places.map((_, i) => i).sort((a, b) => (places[a] as number) - (places[b] as number));
  const before = new Array<number>(places.length);
  let folded = 0;
  let after = 0;
  let next = 0;
  for (const piece of text.matchAll(/[\s\p{Pd}_]+|[^\s\p{Pd}_]+/gu)) {
    if (next === order.length) break;
    const length = fold(piece[0], how).length;
    for (; next < order.length; next++) {
      const place = places[order[next] as number] as number;
      if (folded + length <= place) break;
      before[order[next] as number] = piece.index + Math.min(place - folded, piece[0].length - 1);
    }
    folded += length;
    after = piece.index + piece[0].length;
  }
  for (; next < order.length; next++) before[order[next] as number] = after;
  return before;
}
