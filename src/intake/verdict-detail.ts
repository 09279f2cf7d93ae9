import { type Match, roundedMs, type Verdict, type VerdictWord } from '../scan/verdict.js';
import type { WordsVerdict } from '../scan/words/words-verdict.js';

/** What led to the verdict of one medium, as it is kept: provenance, and never a hash. */
export interface MediumDetail {
  readonly ordinal: number;
  readonly verdict: VerdictWord;
  readonly reason: string | null;
  readonly kind: Verdict['kind'];
  readonly format: string | null;
  readonly bytes: number;
  readonly matches: readonly Omit<Match, 'fingerprint'>[];
  /** What was found and has no effect; absent in verdicts of before there was such a thing. */
  readonly withoutEffect?: readonly Omit<Match, 'fingerprint'>[];
  readonly total: number;
  /** Milliseconds by stage. */
  readonly ms: Readonly<Record<string, number>>;
}

/** The detail of a stored verdict. */
export interface VerdictDetail {
  readonly media: readonly MediumDetail[];
  /** What was found in its words and links; absent when there were none, or no lists of such. */
  readonly words?: WordsDetail;
  /** What an outside scorer said afterwards. */
  readonly score?: { readonly value: number; readonly scorer: string };
}

/** What led to the verdict on words and links: provenance, and never an address. */
export type WordsDetail = Omit<WordsVerdict, 'appliedSeq'>;

export function mediumDetail(ordinal: number, verdict: Verdict): MediumDetail {
  return {
    ordinal,
    verdict: verdict.verdict,
    reason: verdict.reason,
    kind: verdict.kind,
    format: verdict.format,
    bytes: verdict.bytes,
    matches: verdict.matches.map(withoutFingerprint),
    ...(verdict.withoutEffect.length > 0 && { withoutEffect: verdict.withoutEffect.map(withoutFingerprint) }),
    total: verdict.total,
    ms: roundedMs(verdict.ms),
  };
}

function withoutFingerprint({ fingerprint: _fingerprint, ...match }: Match): Omit<Match, 'fingerprint'> {
  return match;
}

/** A medium that could not be looked at. */
export function notLookedAt(ordinal: number, reason: string): MediumDetail {
  const nothing = { kind: null, format: null, bytes: 0, matches: [], total: 0, ms: {} };
  return { ordinal, verdict: 'could-not-tell', reason, ...nothing };
}

export function wordsDetail({ appliedSeq: _seq, ms, ...rest }: WordsVerdict): WordsDetail {
  return { ...rest, ms: Math.round(ms * 10) / 10 };
}
