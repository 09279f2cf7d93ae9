import type { Finding } from './context.js';

/**
 * Counts findings that say so each by itself: of two entries of one list that one medium matches, one may be a copy of the
 * other, and of one entry that two media match, one medium may be a copy of the other. So each counted finding has a
 * (medium, list) and an entry of its own: a maximum matching, found by augmenting paths (Kuhn 1955; findings are few).
 * Keywords and partial overlaps never count.
 */
export function independentSignals(findings: readonly Finding[]): number {
  const entriesOf = new Map<string, Set<string>>();
  for (const finding of findings) {
    if (finding.kind === 'keyword' || (finding.kind === 'medium' && finding.extent !== 'full')) continue;
    const place = JSON.stringify([finding.kind === 'medium' ? finding.medium : 'links', finding.list]);
    const entries = entriesOf.get(place) ?? new Set();
    entriesOf.set(place, entries.add(JSON.stringify([finding.list, finding.entry])));
  }
  const takenBy = new Map<string, string>();
  const place = (of: string, tried: Set<string>): boolean => {
    for (const entry of entriesOf.get(of) ?? []) {
      if (tried.has(entry)) continue;
      tried.add(entry);
      const holder = takenBy.get(entry);
      if (holder !== undefined && !place(holder, tried)) continue;
      takenBy.set(entry, of);
      return true;
    }
    return false;
  };
  return [...entriesOf.keys()].filter((of) => place(of, new Set())).length;
}
