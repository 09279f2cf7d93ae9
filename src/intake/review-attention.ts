import type { Told } from '../storage/verdicts/verdict-record.js';
import type { RaiseAttention } from './intake-parts.js';
import type { WordsDetail } from './verdict-detail.js';

/** What keywords lead to at the end of the transaction: somebody has to look, and it says in which lists they stand. */
export function reviewAttention(raise: RaiseAttention, words: WordsDetail | undefined): Pick<Told, 'last'> {
  if (words === undefined || words.reviewTotal === 0) return {};
  const detail = { lists: [...new Set(words.review.map(({ list }) => list))] };
  const attention = { kind: 'review-proposed', cause: 'keywords', subject: 'service', detail } as const;
  return { last: { order: attention.cause, act: (tx) => raise(tx, attention) } };
}
