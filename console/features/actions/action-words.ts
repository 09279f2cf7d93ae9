import type { Action, ActionState, Consequences } from '../../api/actions.js';
import { counted, reasonWords } from '../../lib/in-words.js';
import type { Tone } from '../../ui/tag.js';

/** Every act, as a title of what is to be done. */
export const ACTS: Readonly<Record<string, string>> = {
  remove: 'Remove an item',
  hide: 'Hide an item',
  restore: 'Restore an item',
  'restrict-room': 'Restrict a room',
  'close-room': 'Close a room',
  'reopen-room': 'Open a room again',
  'suspend-account': 'Suspend an account',
  'reinstate-account': 'Let an account in again',
  'notify-author': 'Tell the author',
  'notify-room': 'Tell the room',
};

export const actWords = (act: string): string => ACTS[act] ?? reasonWords(act);

/** Acts that another takes back. */
export const UNDOABLE: ReadonlySet<string> = new Set([
  'remove',
  'hide',
  'restrict-room',
  'close-room',
  'suspend-account',
]);

export const ACTION_STATES: Readonly<Record<ActionState, { readonly words: string; readonly tone: Tone }>> = {
  proposed: { words: 'Waits for a person', tone: 'unsure' },
  ordered: { words: 'On its way', tone: 'accent' },
  confirmed: { words: 'Confirmed', tone: 'neutral' },
  failed: { words: 'Failed', tone: 'match' },
  dropped: { words: 'Dropped', tone: 'neutral' },
  'given-up': { words: 'Given up', tone: 'neutral' },
  refused: { words: 'Refused', tone: 'neutral' },
};

/** What people decide has no rule of a policy. */
const DECIDED: Readonly<Record<string, string>> = {
  decided: 'A person decided it.',
  undone: 'A person took back what was done.',
};

/** The reason, and the rule of the policy that gave it. */
export function whyWords({ reason, rule, policyVersion }: Action): string {
  if (policyVersion === null) return DECIDED[reason] ?? reasonWords(reason);
  return `${reasonWords(reason)}: rule ${rule} of policy ${policyVersion}`;
}

const HOLDS: Readonly<Record<string, string>> = {
  person: 'The rule wants a person to decide.',
  stop: 'Enforcement was stopped.',
  exemption: 'The author or the room is exempt.',
  disputed: 'Somebody doubts the entry that it rests on.',
  rate: 'Unusually many acts were wanted at that time.',
  undone: 'The same was undone before.',
  refused: 'The same was refused before.',
};

export const heldWords = (heldBy: string): string => HOLDS[heldBy] ?? reasonWords(heldBy);

const OUTCOMES: Readonly<Record<string, string>> = {
  done: 'It is done.',
  already: 'It was so already.',
  'platform-gone': 'The platform was taken away.',
  'list-gone': 'The list that it rests on is gone.',
  'list-without-effect': 'The list that it rests on is tried out, or over.',
  'entry-withdrawn': 'The entry that it rests on was withdrawn.',
  'entry-disputed': 'The entry that it rests on is doubted.',
  undone: 'It was taken back before it was done.',
  'target-gone': 'What it is about is not known any more.',
  'act-unsupported': 'The platform cannot do this.',
  'act-too-late': 'The platform no longer allows this for something so old: an owner of the room can do it by hand.',
  'act-refused': 'The platform does not let us do this: rights are missing.',
  'act-unconfirmed': 'The platform said that it was done, and it is not.',
  'platform-refused': 'The platform refuses us.',
  'platform-unreachable': 'The platform does not answer.',
  'platform-busy': 'The platform asks us to wait.',
  'platform-malformed': 'The platform answered something that is not what it should be.',
};

/** What became of it, or what the last attempt said. */
export function outcomeWords({ state, outcome, lastError, dryRun }: Action): string | undefined {
  if (dryRun && state === 'confirmed') return 'Written down and not sent: the platform was in a dry run.';
  const said = outcome ?? lastError;
  return said === null ? undefined : (OUTCOMES[said] ?? reasonWords(said));
}

/** What followed from a decision. */
export function consequencesInWords({ ordered, dropped }: Consequences): string {
  if (ordered === 0 && dropped === 0) return 'Nothing new is to be done on the platform.';
  const parts = [
    ...(ordered > 0 ? [`${counted(ordered, 'act was', 'acts were')} ordered`] : []),
    ...(dropped > 0 ? [`${counted(dropped, 'act that waited is', 'acts that waited are')} dropped`] : []),
  ];
  return `${parts.join(', ')}.`;
}
