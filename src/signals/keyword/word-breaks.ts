/** Scripts whose words stand without spaces: between any two of their letters a word may begin. */
const WITHOUT_SPACES =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tai_Le}\p{Script=New_Tai_Lue}\p{Script=Tai_Tham}\p{Script=Tai_Viet}\p{Script=Javanese}\p{Script=Balinese}]/u;
const KATAKANA = /[\p{Script=Katakana}ー]/u;
const WORD = /[\p{L}\p{N}]/u;
const MARK = /\p{M}/u;

type Class = 'letter' | 'katakana' | 'apart';

/**
 * Whether a word may begin or end at a place of folded text: Unicode's word boundaries (UAX #29) with two differences, both
 * of which find more: an apostrophe or a dot within a word divides it, and in scripts without spaces every letter may begin
 * a word, where Unicode asks for a dictionary.
 */
export function isWordBreak(text: string, place: number): boolean {
  if (place <= 0 || place >= text.length) return true;
  const right = codePointAt(text, place);
  if (MARK.test(right)) return false;
  let at = place;
  let left = '';
  do {
    left = codePointBefore(text, at);
    at -= left.length;
  } while (at > 0 && MARK.test(left));
  const kind = classOf(left);
  return kind === 'apart' || kind !== classOf(right);
}

function classOf(character: string): Class {
  if (KATAKANA.test(character)) return 'katakana';
  return WORD.test(character) && !WITHOUT_SPACES.test(character) ? 'letter' : 'apart';
}

function codePointAt(text: string, place: number): string {
  return String.fromCodePoint(text.codePointAt(place) as number);
}

function codePointBefore(text: string, place: number): string {
  const low = text.charCodeAt(place - 1);
  const paired = place > 1 && low >= 0xdc00 && low <= 0xdfff && (text.codePointAt(place - 2) as number) > 0xffff;
  return text.slice(place - (paired ? 2 : 1), place);
}
