import type { HashList } from '../../api/types.js';
import { count } from '../../lib/in-words.js';

/** `12 confirmed, 1 refuted; in shadow 3 confirmed`; empty while nobody has judged a match. */
export function judgedInWords({ confirmed, refuted, shadowConfirmed, shadowRefuted }: HashList['judged']): string {
  const pair = (right: number, wrong: number): string =>
    [...(right > 0 ? [`${count(right)} confirmed`] : []), ...(wrong > 0 ? [`${count(wrong)} refuted`] : [])].join(', ');
  const shadow = pair(shadowConfirmed, shadowRefuted);
  return [pair(confirmed, refuted), shadow === '' ? '' : `in shadow ${shadow}`]
    .filter((part) => part !== '')
    .join('; ');
}
