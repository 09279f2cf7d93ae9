import type { SubjectKind } from '../storage/schema.js';

/** What a rule may propose. Acts on platforms are done by enforcement alone; the rest stays in the house. */
export const PROPOSALS = [
  'block',
  'remove',
  'hide',
  'restrict-room',
  'close-room',
  'suspend-account',
  'notify-author',
  'notify-room',
  'preserve',
  'open-case',
  'report',
] as const;

export type ProposedAct = (typeof PROPOSALS)[number];

/** What may be done about something that could not be looked at, as it is taken back when it can be. */
export const PROVISIONAL: readonly ProposedAct[] = ['hide', 'block', 'preserve'];

/** One thing that a policy proposes for a verdict, with what it rests on. */
export interface Proposal {
  readonly act: ProposedAct;
  readonly subject: SubjectKind;
  /** Name of the rule. */
  readonly rule: string;
  readonly policyVersion: number;
  /** In kebab-case, fit for the outside: never names a list. */
  readonly reason: string;
  /** The entry that it rests on most; null where it rests on none. */
  readonly entry: { readonly list: string; readonly entry: string } | null;
  /** Of a case, from 0 to 100. */
  readonly priority?: number;
  /** In plain words, for the author or the room. */
  readonly message?: string;
  /** It waits for a person whatever else allows it. */
  readonly needsPerson: boolean;
}
