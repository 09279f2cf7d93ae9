import type { FoundEntry, TextVerdict } from '../../api/scan-text.js';
import { counted } from '../../lib/in-words.js';

/** What was found in a text, in a sentence or two. */
export function textVerdictInWords({ verdict, reason, linksTotal, reviewTotal }: TextVerdict): string {
  if (verdict === 'could-not-tell') return 'It could not be looked at as a whole, so nothing can be ruled out.';
  if (reason === 'kind-not-covered') return 'There is no list of addresses or keywords, so nothing was looked at.';
  const links = linksTotal === 0 ? '' : `${counted(linksTotal, 'address', 'addresses')} of a list.`;
  const review =
    reviewTotal === 0 ? '' : `${counted(reviewTotal, 'keyword')} for a person to look at: never a match by itself.`;
  const found = [links, review].filter((part) => part !== '').join(' ');
  return found === '' ? 'No list has an address or a keyword of it.' : found;
}

/** Which entry was found; never the address or the word. */
export function foundInWords({ list, entry, grade, count, kind }: FoundEntry): string {
  const graded = grade === null ? '' : `, grade ${grade}`;
  return `${kind === undefined ? 'Keyword' : 'Address'} ${entry} of ${list}${graded}, ${counted(count, 'time')}`;
}
