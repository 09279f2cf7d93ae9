import type { Match, VerdictWord } from '../scan/verdict.js';
import type { LinkMatch, ReviewHint } from '../scan/words/words-verdict.js';
import type { Lane, Surface } from '../storage/schema.js';

/** Something known that was found in an item: a medium, an address, or a keyword, which is for people alone. */
export type Finding =
  | (Pick<Match, 'list' | 'entry' | 'grade' | 'signal' | 'distance' | 'view' | 'extent' | 'across'> & {
      readonly kind: 'medium';
      /** Ordinal of the medium in its item. */
      readonly medium: number;
    })
  | {
      readonly kind: 'link';
      readonly list: string;
      readonly entry: string;
      readonly grade: string | null;
      readonly link: LinkMatch['kind'];
    }
  | { readonly kind: 'keyword'; readonly list: string; readonly entry: string; readonly grade: string | null };

/** What an outside scorer says of an item. */
export interface Score {
  /** From 0 to 1. */
  readonly value: number;
  /** Which scorer said so, with its version. */
  readonly scorer: string;
}

/** All that a policy may go by. It holds no hash, no address and nothing that was shared. */
export interface VerdictContext {
  readonly at: Date;
  readonly verdict: VerdictWord;
  readonly reason: string | null;
  readonly findings: readonly Finding[];
  readonly platform: string;
  readonly surface: Surface;
  readonly lane: Lane;
  readonly room: string | null;
  /** Our id of the account. */
  readonly account: string | null;
  readonly jurisdiction: string | null;
  /** When earlier items of the same account were confirmed by a person. */
  readonly confirmedAt: readonly Date[];
  readonly score: Score | null;
}

/** What of a stored verdict is needed here; the detail that intake stores is one. */
export interface ToldDetail {
  readonly media: readonly {
    readonly ordinal: number;
    readonly verdict: VerdictWord;
    readonly matches: readonly Omit<Match, 'fingerprint'>[];
  }[];
  readonly words?: { readonly links: readonly LinkMatch[]; readonly review: readonly ReviewHint[] };
  readonly score?: Score;
}

/** What was found, as a policy sees it. What is without effect, such as a match of a list in shadow, is no part of it. */
export function findingsOf({ media, words }: ToldDetail): readonly Finding[] {
  const matches = media.flatMap(({ ordinal: medium, verdict, matches: found }) =>
    (verdict === 'match' ? found : []).map((match): Finding => {
      const { list, entry, grade, signal, distance, view, extent, across } = match;
      return { kind: 'medium', medium, list, entry, grade, signal, distance, view, extent, across };
    }),
  );
  const links = (words?.links ?? []).map(
    ({ list, entry, grade, kind: link }): Finding => ({ kind: 'link', list, entry, grade, link }),
  );
  const keywords = (words?.review ?? []).map(
    ({ list, entry, grade }): Finding => ({ kind: 'keyword', list, entry, grade }),
  );
  return [...matches, ...links, ...keywords];
}
