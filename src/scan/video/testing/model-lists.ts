import type { Entry } from '../../../index/entry.js';
import type { Segment } from '../../../index/segment.js';
import { hammingDistance } from '../../../signals/pdq/hamming-distance.js';
import type { Hit, KnownLists, LookupAnswer } from '../../known-lists.js';

/** Lists in memory that are searched by comparing everything: what an index does, as plainly as it can be said. */
export class ModelLists implements KnownLists {
  readonly ready = true;
  readonly incomplete = false;
  appliedSeq = 0;
  lookups = 0;
  readonly #lists: readonly { readonly segment: Segment; entries: readonly Entry[] }[];

  constructor(lists: Readonly<Record<string, readonly Entry[]>>) {
    this.#lists = Object.entries(lists).map(([name, entries]) => {
      const list = { entries, segment: undefined as unknown as Segment };
      // Of a segment only this much is used in matching.
      const segment = { id: name, list: name, entry: async (row: number) => list.entries[row]! };
      list.segment = segment as unknown as Segment;
      return list;
    });
  }

  /** Puts other entries in place of those of a list, as a change does. */
  replace(name: string, entries: readonly Entry[]): void {
    for (const list of this.#lists) if (list.segment.id === name) list.entries = entries;
    this.appliedSeq++;
  }

  lookup(type: string, value: Uint8Array, { threshold = 31, limit = 100 } = {}): LookupAnswer {
    this.lookups++;
    const hits: Hit[] = [];
    if (type !== 'pdq') return { hits, total: 0, truncated: false };
    for (const { segment, entries } of this.#lists) {
      for (const [row, { signals }] of entries.entries()) {
        let distance = 257;
        for (const signal of signals) {
          if (!signal.active) continue;
          distance = Math.min(distance, hammingDistance(signal.value.subarray(0, 32), value));
        }
        if (distance <= threshold) hits.push({ segment, row, distance });
      }
    }
    hits.sort((a, b) => a.distance - b.distance);
    return { hits: hits.slice(0, limit), total: hits.length, truncated: hits.length > limit };
  }

  describe({ list }: Segment) {
    return { name: list, version: 1, sample: false };
  }
}
