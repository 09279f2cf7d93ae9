/** What deciding on a merge needs to know of a segment. */
export interface MergeCandidate {
  readonly entries: number;
  /** Entries that do not match any more and would be left out. */
  readonly dead: number;
}

export interface MergePlan {
  /** The segments from `from` up to, not including, `to` become one. */
  readonly from: number;
  readonly to: number;
}

export interface MergeRules {
  /** Segments of like size that may stand side by side; 4 unless told otherwise. */
  readonly fanOut?: number;
  /** The most entries of a segment; 8 million unless told otherwise. */
  readonly maxEntries?: number;
  /** Share of dead entries from which on a segment is written anew; 0.3 unless told otherwise. */
  readonly deadShare?: number;
}

/**
 * Which segments of a list to merge next, if any: the newest ones that are of like size, as log-structured stores do, so
 * that an entry is rewritten about as often as the list has grown by the fan-out. Only neighbours are merged: the order of
 * segments says which version of an entry is the later one.
 * @param segments of one list, oldest first
 */
export function planMerge(
  segments: readonly MergeCandidate[],
  { fanOut = 4, maxEntries = 8_000_000, deadShare = 0.3 }: MergeRules = {},
): MergePlan | undefined {
  const alive = segments.map(({ entries, dead }) => entries - dead);
  let from = segments.length;
  let sum = 0;
  while (from > 0) {
    const next = alive[from - 1]!;
    const like = sum === 0 || next < fanOut * sum;
    if (!like || sum + next > maxEntries) break;
    sum += next;
    from--;
  }
  if (segments.length - from >= fanOut) return { from, to: segments.length };
  const worn = segments.findIndex(({ entries, dead }) => dead > 0 && dead >= deadShare * entries);
  return worn < 0 ? undefined : { from: worn, to: worn + 1 };
}
