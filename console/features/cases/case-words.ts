import type { CaseDecision } from '../../api/cases.js';
import type { Tone } from '../../ui/tag.js';

export const DECISIONS: Readonly<Record<CaseDecision, { readonly words: string; readonly tone: Tone }>> = {
  confirmed: { words: 'Confirmed', tone: 'match' },
  dismissed: { words: 'Dismissed', tone: 'neutral' },
};

/** How urgent a case is, by the bounds of the times in which it is due. */
export function priorityWords(priority: number): { readonly words: string; readonly tone: Tone } {
  if (priority >= 80) return { words: `Urgent, ${priority}`, tone: 'match' };
  if (priority >= 40) return { words: `Soon, ${priority}`, tone: 'unsure' };
  return { words: `When there is time, ${priority}`, tone: 'neutral' };
}
