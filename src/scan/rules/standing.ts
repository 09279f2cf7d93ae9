import { PLAIN_RULES } from '../../lists/rules/matching-rules.js';
import type { NearType } from '../../storage/list-rules.js';
import type { Hit, KnownLists } from '../known-lists.js';

/** What a hit is worth by the rules of its list: a match, one that is only told, or a reason not to act on others. */
export type Standing = 'acts' | 'shadow' | 'allows';

/** What the judgement of hits depends on, beside the rules. */
export interface Circumstances {
  /** Greatest PDQ distance that whoever asks wants to count. It narrows what a list says, and never widens it. */
  readonly threshold?: number | undefined;
  /** SHA-256 of the medium, or what stands for it; undefined while it is not known. */
  readonly medium: Uint8Array | undefined;
  /** Apply every list, also those that are applied to a share of all media only. */
  readonly unsampled?: boolean | undefined;
}

/**
 * What the list of a hit says of it, the entry unread.
 * @returns undefined when the list is not applied to this medium. While that is not known, it is not
 */
export function standingOf(
  lists: Pick<KnownLists, 'describe'>,
  { segment }: Pick<Hit, 'segment'>,
  { medium, unsampled }: Pick<Circumstances, 'medium' | 'unsampled'>,
): Standing | undefined {
  const { role, shadow, sampled } = lists.describe(segment).rules ?? PLAIN_RULES;
  if (unsampled !== true && sampled !== undefined && (medium === undefined || !sampled(medium))) return undefined;
  if (shadow) return role === 'allow' ? undefined : 'shadow';
  return role === 'allow' ? 'allows' : 'acts';
}

/** Radius of a list for a type of signal of its entries. */
export function radiusOf(
  lists: Pick<KnownLists, 'describe' | 'rules'>,
  { segment }: Pick<Hit, 'segment'>,
  type: NearType,
  threshold: number | undefined,
): number {
  const own = lists.describe(segment).rules?.thresholds[type];
  const asked = type === 'photodna' ? undefined : threshold;
  if (own === undefined) return asked ?? lists.rules?.usual[type] ?? Number.POSITIVE_INFINITY;
  return asked === undefined ? own : Math.min(own, asked);
}
