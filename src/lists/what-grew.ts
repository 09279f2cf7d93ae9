import type { ManifestSegment } from '../storage/list-version-store.js';
import { isDelta } from './loaded-list.js';

/** A segment that is new in a version: where it stands, and the segments of the version before that were merged into it. */
export interface Grown {
  readonly at: number;
  readonly of: readonly string[];
}

/**
 * Tells whether a version is the one before with deltas behind it and runs of neighbours merged: then all that is known of
 * its other segments still holds.
 * @param before ids of the segments of the version before, in their order
 * @returns what is new; undefined when the version is another one
 */
export function whatGrew(
  before: readonly string[],
  manifest: readonly ManifestSegment[],
): readonly Grown[] | undefined {
  const grown: Grown[] = [];
  let next = 0;
  for (const [at, each] of manifest.entries()) {
    if (each.id === before[next]) {
      next++;
      continue;
    }
    const of = mergedFrom(each);
    if (of.length > 0 && of.every((id, i) => id === before[next + i])) {
      next += of.length;
      grown.push({ at, of });
    } else if (next === before.length && at > 0 && isDelta(each)) grown.push({ at, of: [] });
    else return undefined;
  }
  return next === before.length ? grown : undefined;
}

/** How the summary of a merged segment in the manifest says what it was made of. */
function mergedFrom({ summary }: Pick<ManifestSegment, 'summary'>): readonly string[] {
  const of = (summary as { of?: unknown } | null)?.of;
  return Array.isArray(of) ? of.filter((id) => typeof id === 'string') : [];
}
