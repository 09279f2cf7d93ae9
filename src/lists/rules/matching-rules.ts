import type { ListRole, Thresholds } from '../../storage/list-rules.js';
import type { StoredList } from '../../storage/list-store.js';
import { type Admits, admitsBy } from './admits.js';
import { isSampled } from './sampled.js';

/** How the matches of a list are judged. */
export interface MatchingRules {
  readonly role: ListRole;
  /** Tried out: matches are told and nothing follows from them. */
  readonly shadow: boolean;
  /** Where they differ from what holds elsewhere. */
  readonly thresholds: Thresholds;
  /** Absent when every entry may match. */
  readonly admits?: Admits;
  /** Whether the list is applied to a medium, by its SHA-256; absent when it is applied to all. */
  readonly sampled?: (medium: Uint8Array) => boolean;
}

/** The rules of a list of which nothing was said. */
export const PLAIN_RULES: MatchingRules = { role: 'block', shadow: false, thresholds: {} };

/** @param key for the choice of media; see `isSampled` */
export function matchingRules(
  { id, role, shadow, threshold, rules, sampleRatio }: StoredList,
  key: Uint8Array,
): MatchingRules {
  const admits = admitsBy(rules ?? {});
  return {
    ...{ role, shadow },
    thresholds: threshold ?? {},
    ...(admits && { admits }),
    ...(sampleRatio < 1 && { sampled: (medium) => isSampled(key, id, medium, sampleRatio) }),
  };
}
