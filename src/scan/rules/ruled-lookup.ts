import type { Entry, EntrySignal } from '../../index/entry.js';
import { isExact, tableOf } from '../../index/signal-widths.js';
import type { SignalTypeName } from '../../signals/signal-type.js';
import type { Hit, KnownLists, LookupAnswer } from '../known-lists.js';
import { distanceTo, nearestSignal } from '../nearest-signal.js';
import { type Circumstances, radiusOf, type Standing, standingOf } from './standing.js';

/** A hit that the rules of its list let through. */
export interface RuledHit {
  readonly hit: Hit;
  readonly standing: Standing;
  /** The entry, where a rule had to be asked of it. */
  readonly entry?: Entry;
  /** The signal that was found, where a radius had to be asked of it; else the nearest one. */
  readonly found?: EntrySignal;
}

export interface RuledAnswer {
  /** Nearest first: at most `limit` that act, and as many of each other standing. */
  readonly hits: readonly RuledHit[];
  /** How many act; at most so many when `truncated`. */
  readonly total: number;
  readonly truncated: boolean;
  /** True when fewer were found to act than were asked for, and not all that is near could be looked at. */
  readonly undecided: boolean;
}

/** Hits of one look-up that are judged at the most. */
const MOST_HITS = 16_384;
/** Entries that are read for the rules of one look-up at the most. */
const MOST_READ = 4_096;
const GROWTH = 4;
const NOTHING: RuledAnswer = { hits: [], total: 0, truncated: false, undecided: false };

/** Looks signals of one medium up, and applies the rules of lists to what is found. */
export class RuledLookup {
  readonly #lists: KnownLists;
  readonly #limit: number;
  readonly #circumstances: Circumstances;

  constructor(lists: KnownLists, options: Circumstances & { readonly limit: number }) {
    this.#lists = lists;
    this.#limit = options.limit;
    this.#circumstances = options;
  }

  /**
   * Where the nearest are kept out by rules, those behind them are looked at, up to a bound.
   * @returns at once when nothing has to be read: nearly always
   * @throws VigieError what a look-up and the reading of an entry throw
   */
  near(type: SignalTypeName, value: Uint8Array): RuledAnswer | Promise<RuledAnswer> {
    const radius = this.#radius(type);
    const first = this.#lists.lookup(type, value, { limit: this.#limit, ...radius });
    if (first.hits.length === 0) return NOTHING;
    if (this.#lists.rules !== undefined) return this.#judgeAll(type, value, radius, first);
    const { hits, total, truncated } = first;
    return { hits: hits.map((hit) => ({ hit, standing: 'acts' })), total, truncated, undecided: false };
  }

  async #judgeAll(
    type: SignalTypeName,
    value: Uint8Array,
    radius: { readonly threshold?: number },
    first: LookupAnswer,
  ): Promise<RuledAnswer> {
    const lists = this.#lists;
    const limit = this.#limit;
    const judged = new Map<string, RuledHit | undefined>();
    const reading = { left: MOST_READ };
    for (let most = limit; ; most = Math.min(MOST_HITS, GROWTH * most)) {
      const { hits, total, truncated } = most === limit ? first : lists.lookup(type, value, { limit: most, ...radius });
      const through: RuledHit[] = [];
      for (const hit of hits) {
        const key = `${hit.segment.id}/${hit.row}`;
        if (!judged.has(key)) judged.set(key, await this.#judge(type, value, hit, reading));
        const ruled = judged.get(key);
        if (ruled !== undefined) through.push(ruled);
      }
      const acting = through.filter(({ standing }) => standing === 'acts');
      const whole = !truncated && reading.left >= 0;
      if (!whole && acting.length < limit && most < MOST_HITS && reading.left >= 0) continue;
      const beyond = whole ? 0 : total - hits.length + Math.max(0, -reading.left);
      return {
        hits: this.#first(through),
        total: acting.length + beyond,
        truncated: !whole || acting.length > limit,
        undecided: !whole && acting.length < limit,
      };
    }
  }

  #radius(type: SignalTypeName): { readonly threshold?: number } {
    const { threshold } = this.#circumstances;
    const widest = this.#lists.rules?.widest;
    if (isExact(type)) return {};
    if (type === 'photodna') return widest === undefined ? {} : { threshold: widest.photodna };
    if (threshold !== undefined) return { threshold };
    return widest === undefined ? {} : { threshold: Math.max(widest.pdq, widest.vpdq) };
  }

  async #judge(
    type: SignalTypeName,
    value: Uint8Array,
    hit: Hit,
    reading: { left: number },
  ): Promise<RuledHit | undefined> {
    const lists = this.#lists;
    const standing = standingOf(lists, hit, this.#circumstances);
    if (standing === undefined) return undefined;
    const { threshold } = this.#circumstances;
    const within = (found: SignalTypeName): number => (isExact(found) ? 0 : radiusOf(lists, hit, found, threshold));
    // Pictures and frames of videos are found by each other, and may have radii of their own.
    const radii = tableOf(type) === 'pdq' ? [within('pdq'), within('vpdq')] : [within(type)];
    if (hit.distance > Math.max(...radii)) return undefined;
    const admits = lists.describe(hit.segment).rules?.admits;
    const near = hit.distance <= Math.min(...radii);
    if (near && admits === undefined) return { hit, standing };
    // Not looked at is not the same as kept out: the answer is undecided then.
    if (--reading.left < 0) return undefined;
    const entry = await hit.segment.entry(hit.row);
    if (admits?.(entry) === false) return undefined;
    if (near) return { hit, standing, entry };
    const found = nearestSignal(entry, type, value, (each, distance) => distance <= within(each));
    return found && { hit: { ...hit, distance: distanceTo(found, type, value) }, standing, entry, found };
  }

  #first(through: readonly RuledHit[]): RuledHit[] {
    const counts: Record<Standing, number> = { acts: 0, shadow: 0, allows: 0 };
    return through.filter(({ standing }) => counts[standing]++ < this.#limit);
  }
}
