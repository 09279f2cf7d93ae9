/** What a list holds: what is looked for, or what is known to be good. */
export type ListRole = 'block' | 'allow';

/** What is asked of an entry before it matches. What is left out asks nothing; an entry must meet all that is asked. */
export interface EntryRules {
  /** Only these grades, in any case. An entry without a grade is of none of them. */
  readonly grades?: readonly string[];
  /** Only these kinds, likewise. */
  readonly kinds?: readonly string[];
  /** Only what one of these members gave or affirms. */
  readonly members?: readonly string[];
  /** Nothing that one of these members gave. */
  readonly notMembers?: readonly string[];
  /** No entry that so many members speak against. */
  readonly dropAtNegative?: number;
  /** Only what so many members stand for: those who affirm it, and who gave it. */
  readonly needAffirmative?: number;
}

/** Types of signals that have a distance, for which a list can have a radius of its own. */
export const NEAR_TYPES = ['pdq', 'vpdq', 'photodna'] as const;
export type NearType = (typeof NEAR_TYPES)[number];

/** Greatest distance that counts, by type of signal. */
export type Thresholds = Readonly<Partial<Record<NearType, number>>>;
