import type { VerdictWord } from '../scan/verdict.js';
import type { MediumDetail, WordsDetail } from './verdict-detail.js';

export interface CombinedVerdict {
  readonly verdict: VerdictWord;
  readonly reason: string | null;
  /** Ordinal of the medium that decided; 0 when it was none. */
  readonly medium: number;
}

/** From the reason that says most of how much was looked at to the one that says least. */
const REASONS = ['low-quality', 'kind-not-covered', 'nothing-known'];

/**
 * The one verdict of an item: a match if any medium or link matches; else could-not-tell if anything could not be told;
 * else no-match with the reason that claims least, so that `nothing-known` is said only when all media were looked at in
 * full. A keyword changes nothing: it is for people.
 */
export function combineVerdicts(media: readonly MediumDetail[], words?: WordsDetail): CombinedVerdict {
  const told = (wanted: MediumDetail | undefined): CombinedVerdict | undefined =>
    wanted && { verdict: wanted.verdict, reason: wanted.reason, medium: wanted.ordinal };
  const cautious = [...media].sort((a, b) => REASONS.indexOf(a.reason ?? '') - REASONS.indexOf(b.reason ?? ''));
  return (
    told(media.find(({ verdict }) => verdict === 'match')) ??
    toldOf(words, 'match') ??
    told(media.find(({ verdict }) => verdict === 'could-not-tell')) ??
    toldOf(words, 'could-not-tell') ??
    told(cautious[0]) ??
    toldOf(words, 'no-match') ?? { verdict: 'no-match', reason: 'kind-not-covered', medium: 0 }
  );
}

function toldOf(words: WordsDetail | undefined, wanted: VerdictWord): CombinedVerdict | undefined {
  return words?.verdict === wanted ? { verdict: wanted, reason: words.reason, medium: 0 } : undefined;
}
