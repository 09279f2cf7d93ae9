import type { Candidate } from './candidates.js';
import type { Overlap } from './overlap.js';

/** How near a frame of the query is to something that is known to be good, and to what. */
export interface Good {
  readonly distance: number;
  readonly candidate: Candidate;
}

/** Notes, hold by hold, how near an entry of what is known to be good is. */
export function noteGood(good: Map<number, Good>, candidate: Candidate, overlap: Overlap): void {
  for (const [hold, distance] of nearestByHold(overlap)) {
    const before = good.get(hold);
    if (before === undefined || distance < before.distance) good.set(hold, { distance, candidate });
  }
}

/**
 * Takes those holds from what speaks for an entry that are as near, or nearer, to something that is known to be good.
 * @param common for each hold 1 when it counts for nothing already
 * @returns the marks with those holds added, and the known good that took most of them; nothing when it takes none
 */
export function discountGood(
  good: ReadonlyMap<number, Good>,
  overlap: Overlap,
  common: Uint8Array,
): { readonly marks: Uint8Array; readonly by: Candidate; readonly all: boolean } | undefined {
  const marks = common.slice();
  const taken = new Map<Candidate, number>();
  let left = 0;
  for (const [hold, distance] of nearestByHold(overlap)) {
    if (common[hold] === 1) continue;
    const better = good.get(hold);
    if (better === undefined || better.distance > distance) {
      left++;
      continue;
    }
    marks[hold] = 1;
    taken.set(better.candidate, (taken.get(better.candidate) ?? 0) + 1);
  }
  const [first] = [...taken].sort((a, b) => b[1] - a[1]);
  return first && { marks, by: first[0], all: left === 0 };
}

function nearestByHold({ meetings, sightings }: Overlap): Map<number, number> {
  const nearest = new Map<number, number>();
  for (const found of [meetings, sightings]) {
    for (const { hold, distance } of found) nearest.set(hold, Math.min(distance, nearest.get(hold) ?? distance));
  }
  return nearest;
}
