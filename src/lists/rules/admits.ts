import type { Entry } from '../../index/entry.js';
import type { EntryRules } from '../../storage/list-rules.js';

/** Whether an entry may match. */
export type Admits = (entry: Pick<Entry, 'grade' | 'kind' | 'member' | 'opinions'>) => boolean;

/** @returns undefined when nothing is asked, so that the entry need not be read for it */
export function admitsBy(rules: EntryRules): Admits | undefined {
  const asked = [
    oneOf(rules.grades, ({ grade }) => grade),
    oneOf(rules.kinds, ({ kind }) => kind),
    byMembers(rules),
    byOpinions(rules),
  ].filter((each) => each !== undefined);
  return asked.length === 0 ? undefined : (entry) => asked.every((admits) => admits(entry));
}

function oneOf(
  wanted: readonly string[] | undefined,
  of: (entry: Pick<Entry, 'grade' | 'kind'>) => string | undefined,
): Admits | undefined {
  if (wanted === undefined) return undefined;
  const words = new Set(wanted.map(folded));
  return (entry) => {
    const word = of(entry);
    return word !== undefined && words.has(folded(word));
  };
}

function byMembers({ members, notMembers }: EntryRules): Admits | undefined {
  if (members === undefined && notMembers === undefined) return undefined;
  const only = members && new Set(members);
  const never = new Set(notMembers ?? []);
  return ({ member, opinions = [] }) => {
    if (member !== undefined && never.has(member)) return false;
    if (only === undefined) return true;
    if (member !== undefined && only.has(member)) return true;
    return opinions.some((opinion) => opinion.affirmative && only.has(opinion.member));
  };
}

function byOpinions({ dropAtNegative, needAffirmative }: EntryRules): Admits | undefined {
  if (dropAtNegative === undefined && needAffirmative === undefined) return undefined;
  return ({ member, opinions = [] }) => {
    const against = opinions.filter(({ affirmative }) => !affirmative).length;
    if (dropAtNegative !== undefined && against >= dropAtNegative) return false;
    if (needAffirmative === undefined) return true;
    // Who gave an entry stands for it, unless they have changed their mind.
    const silent = member !== undefined && !opinions.some((opinion) => opinion.member === member);
    return opinions.length - against + (silent ? 1 : 0) >= needAffirmative;
  };
}

function folded(word: string): string {
  return word.trim().toLowerCase();
}
