import type { Facts } from '../storage/enforcement/facts.js';

/**
 * What keeps an act waiting for a person: the rule wants one; an emergency stop; an exempt author or room; a disputed entry;
 * unusually many acts; it was undone or refused before.
 */
export const HOLDS = ['person', 'stop', 'exemption', 'disputed', 'rate', 'undone', 'refused'] as const;

export type Hold = (typeof HOLDS)[number];

/** Why an act is not wanted any more. */
export type Drop =
  | 'platform-gone'
  | 'list-gone'
  | 'list-without-effect'
  | 'entry-withdrawn'
  | 'entry-disputed'
  | 'undone';

/** Who ordered an act: a rule, or a person who answers for it. */
export type OrderedBy = 'policy' | 'person';

export type Judgement =
  | { readonly say: 'go'; readonly dryRun: boolean }
  /** It is so already: the item is not there any more. */
  | { readonly say: 'already' }
  | { readonly say: 'hold'; readonly by: Hold }
  | { readonly say: 'drop'; readonly why: Drop };

export interface Judged {
  readonly orderedBy: OrderedBy;
  /** Whether it does away with an item, which may be gone by itself. */
  readonly takesDown: boolean;
  /** What was disputed after it was ordered is not done; before, it waits for a person. */
  readonly when: 'write' | 'delivery';
}

/** Whether an act may be done, by what is known at this moment. The strictest answer comes first. */
export function judge(facts: Facts, { orderedBy, takesDown, when }: Judged): Judgement {
  if (facts.dryRun === null) return { say: 'drop', why: 'platform-gone' };
  if (facts.listGone) return { say: 'drop', why: 'list-gone' };
  if (facts.silenced) return { say: 'drop', why: 'entry-withdrawn' };
  if (facts.listWithoutEffect) return { say: 'drop', why: 'list-without-effect' };
  if (facts.gone && takesDown) return { say: 'already' };
  if (facts.disputed && orderedBy === 'policy') {
    return when === 'write' ? { say: 'hold', by: 'disputed' } : { say: 'drop', why: 'entry-disputed' };
  }
  if (facts.stopped) return { say: 'hold', by: 'stop' };
  if (facts.exempt && orderedBy === 'policy') return { say: 'hold', by: 'exemption' };
  return { say: 'go', dryRun: facts.dryRun };
}
