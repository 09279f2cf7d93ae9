import { VigieError } from '../errors.js';
import type { PhotoDnaMetric } from '../signals/photodna/photodna.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { Hits } from './hits.js';
import { LiveHead } from './live-head.js';
import { Nearest } from './nearest.js';
import type { MemoryPool } from './pdq/memory-pool.js';
import { PdqHits } from './pdq/pdq-hits.js';
import { MAX_DISTANCE } from './photodna/photodna-table.js';
import { MANY } from './postings.js';
import type { Segment } from './segment.js';
import { type ExactTypeName, isExact, SIGNAL_WIDTHS, tableOf } from './signal-widths.js';

export interface MatchHit {
  readonly segment: Segment;
  readonly row: number;
  readonly distance: number;
}

export interface LookupOptions {
  /** Greatest distance that counts, inclusive: 0 to 256 for PDQ and frames, by the metric for PhotoDNA, 0 for exact types. */
  readonly threshold?: number;
  /** How many hits at the most; 100 unless told otherwise. The nearest stay. */
  readonly limit?: number;
}

export interface LookupAnswer {
  /** Nearest first. An entry stands here once, at its nearest signal. */
  readonly hits: readonly MatchHit[];
  /** How many live entries are near enough, whether or not they are among `hits`. */
  readonly total: number;
  readonly truncated: boolean;
}

export interface PhotoDnaMatching {
  readonly metric: PhotoDnaMetric;
  readonly threshold: number;
}

export interface MatchIndexOptions {
  readonly pool: MemoryPool;
  /** How many PDQ hashes of small segments are compared one by one before a table is made of them. */
  readonly scanUpTo?: number;
  /** How PhotoDNA values are compared. The field publishes no threshold: the operator decides. */
  readonly photodna?: PhotoDnaMatching;
}

/** What changes at once: every look-up sees all of it or nothing of it. */
export interface IndexChange {
  readonly add?: readonly Segment[];
  /** Ids of segments to take out; close them afterwards. */
  readonly remove?: readonly string[];
  /** Rows that stop matching or match again. */
  readonly live?: readonly RowChange[];
}

export interface RowChange {
  readonly segmentId: string;
  readonly row: number;
  readonly live: boolean;
  /** Of a row that is not live: whether its exact hashes match all the same. */
  readonly exact?: boolean;
}

export interface IndexStats {
  readonly segments: number;
  readonly entries: number;
  /** Entries that do not match any more. */
  readonly dead: number;
  /** Memory of the loaded segments and of the live head. */
  readonly bytes: number;
  /** The small segments, whose PDQ hashes are searched together. */
  readonly head: { readonly segments: number; readonly hashes: number };
}

const DEFAULT_LIMIT = 100;
const PDQ_THRESHOLD = 31;
const PDQ_BYTES = SIGNAL_WIDTHS.pdq;
const NO_PHOTODNA: PhotoDnaMatching = { metric: 'squared-euclidean', threshold: 0 };

/**
 * Everything that media are matched against: the segments of all lists, searched as one. Look-ups and changes are
 * synchronous, so a change is one flip. It does not own the segments.
 */
export class MatchIndex {
  readonly #head: LiveHead;
  readonly #photodna: PhotoDnaMatching;
  readonly #pdqHits = new PdqHits();
  readonly #hits = new Hits();
  #segments: readonly Segment[] = [];
  #byId: ReadonlyMap<string, Segment> = new Map();

  constructor({ pool, scanUpTo, photodna = NO_PHOTODNA }: MatchIndexOptions) {
    this.#head = new LiveHead(pool, scanUpTo);
    this.#photodna = photodna;
    checkThreshold(photodna.threshold, MAX_DISTANCE[photodna.metric]);
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Greatest distance that counts where a look-up names none. */
  get radius(): { readonly pdq: number; readonly vpdq: number; readonly photodna: number } {
    return { pdq: PDQ_THRESHOLD, vpdq: PDQ_THRESHOLD, photodna: this.#photodna.threshold };
  }

  /**
   * Makes a change. A segment with the id of one that is there takes its place.
   * @throws VigieError `memory-exhausted`; nothing is changed then
   */
  apply({ add = [], remove = [], live = [] }: IndexChange): void {
    const next = new Map(this.#byId);
    for (const id of remove) next.delete(id);
    for (const segment of add) {
      next.delete(segment.id);
      next.set(segment.id, segment);
    }
    const segments = [...next.values()];
    this.#head.hold(segments);
    this.#byId = next;
    this.#segments = segments;
    for (const { segmentId, row, live: value, exact } of live) this.setLive(segmentId, row, value, exact);
  }

  /**
   * Makes a row stop matching, or match again, at once and in every thread. Does nothing when there is no such row.
   * @param exact whether the exact hashes of a row that stops matching go on doing so
   */
  setLive(segmentId: string, row: number, live: boolean, exact = false): void {
    const segment = this.#byId.get(segmentId);
    segment?.resident.live.set(row, live);
    if (!live && exact) segment?.exactOnly.add(row);
    else segment?.exactOnly.delete(row);
  }

  /**
   * Finds the live entries that have a signal within the threshold of `value`. Pictures and frames of videos are looked
   * up alike, and both are found; `Segment.entry` tells which it was.
   * @throws VigieError `signal-invalid`, `threshold-invalid`
   */
  lookup(
    type: SignalTypeName,
    value: Uint8Array,
    { threshold, limit = DEFAULT_LIMIT }: LookupOptions = {},
  ): LookupAnswer {
    if (value.length !== SIGNAL_WIDTHS[type]) throw new VigieError('signal-invalid', { detail: `${type}: length` });
    const nearest = new Nearest(limit);
    if (isExact(type)) this.#exact(type, value, nearest);
    else if (tableOf(type) === 'pdq')
      this.#pdq(value.subarray(0, PDQ_BYTES), checkThreshold(threshold ?? PDQ_THRESHOLD, 256), nearest);
    else {
      const { metric } = this.#photodna;
      const most = checkThreshold(threshold ?? this.#photodna.threshold, MAX_DISTANCE[metric]);
      this.#searchPhotoDna(value, metric, most, nearest);
    }
    const { total } = nearest;
    const hits: MatchHit[] = [];
    if (total > 0) {
      for (const { segment, row, distance } of nearest.sorted()) {
        hits.push({ segment: this.#segments[segment]!, row, distance });
      }
    }
    return { hits, total, truncated: total > hits.length };
  }

  stats(): IndexStats {
    let entries = 0;
    let dead = 0;
    let bytes = this.#head.bytes;
    for (const { resident } of this.#segments) {
      entries += resident.layout.rows;
      dead += resident.live.dead;
      bytes += resident.layout.bytes;
    }
    const { segments, hashes } = this.#head;
    return { segments: this.#segments.length, entries, dead, bytes, head: { segments, hashes } };
  }

  #exact(type: ExactTypeName, value: Uint8Array, nearest: Nearest): void {
    for (let s = 0; s < this.#segments.length; s++) {
      const { resident, exactOnly } = this.#segments[s]!;
      const { exact, live } = resident;
      const table = exact[type];
      if (!table) continue;
      const end = table.end(value);
      let previous = -1;
      for (let i = table.first(value); i < end; i++) {
        const row = table.rows[i]!;
        // Equal keys stand in the order of their rows; an entry may name one twice.
        if (row !== previous && (live.has(row) || exactOnly.has(row))) nearest.offer(s, row, 0);
        previous = row;
      }
    }
  }

  #pdq(value: Uint8Array, threshold: number, nearest: Nearest): void {
    const hits = this.#pdqHits;
    for (let s = 0; s < this.#segments.length; s++) {
      const { pdq } = this.#segments[s]!.resident;
      if (pdq?.search(value, threshold, hits)) this.#offerPdq(s, hits, 0, hits.count, 0, nearest);
    }
    this.#head.search(value, threshold, hits, (segment, from, to, base) =>
      this.#offerPdq(segment, hits, from, to, base, nearest),
    );
  }

  /** @param base number of the segment's first hash among the numbers in `hits` */
  #offerPdq(s: number, hits: PdqHits, from: number, to: number, base: number, nearest: Nearest): void {
    const { resident } = this.#segments[s]!;
    const { first, more } = resident.postings!;
    const { live } = resident;
    const found = this.#hits;
    found.count = 0;
    const once = !resident.several('pdq') || to - from < 2;
    const visit = (row: number, distance: number): void => {
      if (!live.has(row)) return;
      if (once) nearest.offer(s, row, distance);
      else found.push(row, distance);
    };
    for (let i = from; i < to; i++) {
      const posting = first[hits.indexes[i]! - base]!;
      const distance = hits.distances[i]!;
      if (posting < MANY) visit(posting, distance);
      else {
        const at = posting - MANY;
        for (let j = at + 1, end = at + 1 + more[at]!; j < end; j++) visit(more[j]!, distance);
      }
    }
    if (!once) offerOnce(found, s, nearest);
  }

  #searchPhotoDna(value: Uint8Array, metric: PhotoDnaMetric, threshold: number, nearest: Nearest): void {
    const hits = this.#hits;
    for (let s = 0; s < this.#segments.length; s++) {
      const { resident } = this.#segments[s]!;
      const { photodna, live } = resident;
      if (!photodna) continue;
      hits.count = 0;
      photodna.search(value, metric, threshold, hits);
      let kept = 0;
      for (let i = 0; i < hits.count; i++) {
        const row = photodna.owners[hits.indexes[i]!]!;
        if (!live.has(row)) continue;
        hits.indexes[kept] = row;
        hits.distances[kept++] = hits.distances[i]!;
      }
      hits.count = kept;
      if (resident.several('photodna')) offerOnce(hits, s, nearest);
      else for (let i = 0; i < kept; i++) nearest.offer(s, hits.indexes[i]!, hits.distances[i]!);
    }
  }
}

/** Offers each row once, at its least distance. */
function offerOnce(found: Hits, segment: number, nearest: Nearest): void {
  // Rows have 24 bits and distances fewer than 24, so both fit into a double and the engine's own sort applies.
  const packed = new Float64Array(found.count);
  for (let i = 0; i < found.count; i++) packed[i] = found.indexes[i]! * 2 ** 24 + found.distances[i]!;
  packed.sort();
  let previous = -1;
  for (const both of packed) {
    const row = Math.floor(both / 2 ** 24);
    if (row !== previous) nearest.offer(segment, row, both - row * 2 ** 24);
    previous = row;
  }
}

function checkThreshold(threshold: number, most: number): number {
  if (!Number.isInteger(threshold) || threshold < 0 || threshold > most) {
    throw new VigieError('threshold-invalid', { detail: `0 to ${most}` });
  }
  return threshold;
}
