/** Pulls a source as whoever keeps its list does: changes and checkpoint are stored together, as JSON. */

import type { Entry } from '../../../index/entry.js';
import { GuardedClient } from '../../../net/guarded-client.js';
import type { DeltaSource, SetAside, SourceHouse } from '../source.js';

/** What is known of a list, as one transaction after the other has left it. */
export interface Kept {
  readonly entries: Map<string, Entry>;
  checkpoint: unknown;
  readonly setAside: SetAside[];
  readonly unused: Map<string, number>;
  pages: number;
  upToDate: boolean;
}

export function nothingKept(): Kept {
  return {
    ...{ entries: new Map(), checkpoint: undefined, setAside: [], unused: new Map() },
    ...{ pages: 0, upToDate: false },
  };
}

export function houseOfTests(now: () => number = Date.now): SourceHouse {
  return { client: new GuardedClient({ allow: ['127.0.0.1'], timeoutMs: 20_000 }), now };
}

/** Pulls until the source has no more, or until so many pages are stored and the process dies. */
export async function pullInto(kept: Kept, source: DeltaSource, pages = Number.POSITIVE_INFINITY): Promise<Kept> {
  const signal = AbortSignal.timeout(30_000);
  kept.upToDate = false;
  let left = pages;
  let missing: Set<string> | undefined;
  if (left === 0) return kept;
  for await (const page of source.pull(kept.checkpoint, signal)) {
    if (page.restart) missing = new Set(kept.entries.keys());
    for (const change of page.changes) {
      if ('remove' in change) kept.entries.delete(change.remove);
      else {
        kept.entries.set(change.put.id, change.put);
        missing?.delete(change.put.id);
      }
    }
    if (page.upToDate) for (const id of missing ?? []) kept.entries.delete(id);
    kept.setAside.push(...page.setAside);
    for (const [type, count] of Object.entries(page.unused ?? {})) {
      kept.unused.set(type, (kept.unused.get(type) ?? 0) + count);
    }
    const written = JSON.stringify(page.checkpoint);
    kept.checkpoint = written === undefined ? undefined : JSON.parse(written);
    kept.upToDate = page.upToDate;
    kept.pages++;
    if (--left === 0) return kept;
  }
  return kept;
}
