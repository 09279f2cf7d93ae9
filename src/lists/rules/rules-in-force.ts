import { NEAR_TYPES, type NearType } from '../../storage/list-rules.js';
import type { MatchingRules } from './matching-rules.js';

/** What the rules of all lists come to together, for whoever looks something up in all of them at once. */
export interface RulesInForce {
  /** Radius of lists that name none. */
  readonly usual: Readonly<Record<NearType, number>>;
  /** The greatest radius of any list. */
  readonly widest: Readonly<Record<NearType, number>>;
  /** Whether a medium can be known to be good by its bytes: before they have all come, nothing that is near can act. */
  readonly allowsByBytes: boolean;
}

export interface RuledList {
  readonly rules: MatchingRules;
  /** Whether it has hashes of whole files. */
  readonly exact: boolean;
}

/** @returns undefined when no list has rules: then nothing need be asked of a hit */
export function rulesInForce(
  lists: readonly RuledList[],
  usual: Readonly<Record<NearType, number>>,
): RulesInForce | undefined {
  if (lists.every(({ rules }) => isPlain(rules))) return undefined;
  const widest = { ...usual };
  for (const { rules } of lists) {
    for (const type of NEAR_TYPES) widest[type] = Math.max(widest[type], rules.thresholds[type] ?? 0);
  }
  const allowsByBytes = lists.some(({ rules, exact }) => rules.role === 'allow' && !rules.shadow && exact);
  return { usual, widest, allowsByBytes };
}

function isPlain({ role, shadow, thresholds, admits, sampled }: MatchingRules): boolean {
  const free = admits === undefined && sampled === undefined && Object.keys(thresholds).length === 0;
  return role === 'block' && !shadow && free;
}
