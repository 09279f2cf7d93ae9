import type { EntryOrigin, EntryStatusWord, Judgement, ProposalAct, ProposalState } from '../../api/curation.js';
import { counted } from '../../lib/in-words.js';
import { signalName } from '../../lib/signal-names.js';
import type { Tone } from '../../ui/tag.js';

export const ACT_WORDS: Readonly<Record<ProposalAct, string>> = {
  add: 'Add an entry',
  restore: 'Let an entry match again',
  derive: 'Add the hash of a confirmed medium',
  enrich: 'Add the hashes that many entries lack',
  'lift-approval': 'No second person any more',
};

/** Acts that are about one entry. */
export const OF_ENTRY: ReadonlySet<ProposalAct> = new Set(['add', 'restore', 'derive']);

export const PROPOSAL_STATES: Readonly<Record<ProposalState, { readonly words: string; readonly tone: Tone }>> = {
  proposed: { words: 'Waits for a second person', tone: 'unsure' },
  approved: { words: 'Approved', tone: 'accent' },
  refused: { words: 'Refused', tone: 'neutral' },
  expired: { words: 'Lapsed', tone: 'neutral' },
  'taken-back': { words: 'Taken back', tone: 'neutral' },
};

export const STATUS_WORDS: Readonly<Record<EntryStatusWord, { readonly words: string; readonly tone: Tone }>> = {
  withdrawn: { words: 'Withdrawn', tone: 'match' },
  inactive: { words: 'Silenced', tone: 'unsure' },
  disputed: { words: 'Doubted', tone: 'unsure' },
  active: { words: 'Matches', tone: 'neutral' },
};

export const ORIGIN_WORDS: Readonly<Record<EntryOrigin, string>> = {
  person: 'a person',
  source: 'the source',
  quarantine: 'the guard against floods',
  rule: 'a rule',
};

/** `2 MD5, 1 PDQ` */
export function signalsInWords(signals: Readonly<Record<string, number>>): string {
  const parts = Object.entries(signals).map(([type, n]) => `${n} ${signalName(type)}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** What the lists know already; how many there are is told to everybody. */
export const knownInWords = (total: number): string =>
  total === 0
    ? 'Nothing in the lists is the same or near.'
    : `The lists hold ${counted(total, 'entry that is', 'entries that are')} the same or near.`;

const FEEDBACK_WORDS: Readonly<Record<Judgement['feedback'], string>> = {
  queued: 'It goes back to the source of the list.',
  known: 'The source was told the same before.',
  'not-taken': 'The source of the list takes no feedback.',
  'no-source': 'The list has no source to tell.',
  'entry-gone': 'The entry is gone from the list.',
};

/** What follows from a judgement. */
export function judgementInWords({ opinion, feedback, disputed, derived }: Judgement): string {
  return [
    opinion === 'confirmed' ? 'Confirmed.' : 'Refuted.',
    FEEDBACK_WORDS[feedback],
    ...(disputed ? ['The entry is noted as doubted; it goes on matching until somebody withdraws it.'] : []),
    ...(derived.state === 'proposed' ? ['Its perceptual hash is proposed for the entry.'] : []),
    ...(derived.state === 'not-had'
      ? ['Its perceptual hash could not be made: the medium could not be fetched again.']
      : []),
  ].join(' ');
}
