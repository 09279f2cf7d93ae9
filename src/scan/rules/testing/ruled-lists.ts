import type { Entry } from '../../../index/entry.js';
import type { Segment } from '../../../index/segment.js';
import { isExact, tableOf } from '../../../index/signal-widths.js';
import { type MatchingRules, PLAIN_RULES } from '../../../lists/rules/matching-rules.js';
import { rulesInForce } from '../../../lists/rules/rules-in-force.js';
import type { SignalTypeName } from '../../../signals/signal-type.js';
import type { Hit, KnownLists, ListIdentity, LookupAnswer, LookupOptions } from '../../known-lists.js';
import { distanceTo } from '../../nearest-signal.js';

export const USUAL = { pdq: 31, vpdq: 31, photodna: 0 } as const;

export interface RuledList {
  readonly entries: readonly Entry[];
  readonly rules?: Partial<MatchingRules>;
}

/** Lists with rules, in memory and searched by comparing everything: what an index does, as plainly as it can be said. */
export class RuledLists implements KnownLists {
  readonly ready = true;
  readonly incomplete = false;
  appliedSeq = 0;
  /** How many entries were read. */
  reads = 0;
  readonly rules: KnownLists['rules'];
  readonly #rules = new Map<string, MatchingRules>();
  readonly #lists: readonly { readonly segment: Segment; readonly entries: readonly Entry[] }[];

  constructor(lists: Readonly<Record<string, RuledList>>) {
    this.#lists = Object.entries(lists).map(([name, { entries, rules }]) => {
      this.#rules.set(name, { ...PLAIN_RULES, ...rules });
      const entry = async (row: number) => {
        this.reads++;
        return entries[row]!;
      };
      // Of a segment only this much is used in matching.
      return { entries, segment: { id: name, list: name, entry } as unknown as Segment };
    });
    const all = this.#lists.map(({ segment, entries }) => ({
      rules: this.#rules.get(segment.list)!,
      exact: entries.some(({ signals }) => signals.some(({ type }) => isExact(type))),
    }));
    this.rules = rulesInForce(all, USUAL);
  }

  lookup(type: SignalTypeName, value: Uint8Array, { threshold, limit = 100 }: LookupOptions = {}): LookupAnswer {
    const most = isExact(type) ? 0 : (threshold ?? USUAL[tableOf(type) === 'pdq' ? 'pdq' : 'photodna']);
    const hits: Hit[] = [];
    for (const { segment, entries } of this.#lists) {
      for (const [row, { signals }] of entries.entries()) {
        const distances = signals
          .filter((signal) => signal.active && tableOf(signal.type) === tableOf(type))
          .map((signal) =>
            isExact(type) ? Buffer.compare(signal.value, value) ** 2 : distanceTo(signal, type, value),
          );
        const distance = Math.min(...distances, Number.POSITIVE_INFINITY);
        if (distance <= most) hits.push({ segment, row, distance });
      }
    }
    hits.sort((a, b) => a.distance - b.distance);
    return { hits: hits.slice(0, limit), total: hits.length, truncated: hits.length > limit };
  }

  describe({ list }: Segment): ListIdentity {
    return { name: list, version: 1, sample: false, rules: this.#rules.get(list)! };
  }
}
