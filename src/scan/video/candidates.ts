import type { Hit } from '../known-lists.js';
import type { KnownFrames } from './known-frames.js';
import type { Overlap } from './overlap.js';

/** So many candidates are remembered; beyond it those with least support are forgotten, and only counted. */
const MOST_CANDIDATES = 100_000;
/** So many looks are remembered for all candidates together. */
const MOST_LOOKS = 2_000_000;
/** From so much support on a candidate is measured, and again whenever it has grown by a half. */
const FIRST_MEASURE = 3;

/** One entry that some frame of the query is near to. */
export interface Candidate {
  readonly segment: Hit['segment'];
  readonly row: number;
  /** What hit it: hold and view in one number, in order of arrival. */
  readonly looks: number[];
  /** How many holds hit it. */
  support: number;
  /** Distance of the nearest hit. */
  nearest: number;
  lastHold: number;
  /** Samples in which it was seen, one after the other. */
  samples: number;
  /** Support from which it is worth being measured, or being measured again. */
  measureAt: number;
  known?: KnownFrames;
  /** Whether the rules of its list let the entry match; absent until it was read. */
  admitted?: boolean;
  overlap?: Overlap;
  /** For the question which entries are unrelated: number of its group, or `whole` when the query holds nearly all of it. */
  group?: number | 'whole';
}

/** All entries that were hit, with what speaks for them. */
export class Candidates {
  readonly #all = new Map<string, Candidate>();
  /** Looks that could not be remembered for each candidate: they are tried with all. */
  readonly unrecorded: number[] = [];
  #looks = 0;
  #forgotten = 0;

  get size(): number {
    return this.#all.size;
  }

  /** How many entries were hit and are not among these any more. */
  get forgotten(): number {
    return this.#forgotten;
  }

  values(): Iterable<Candidate> {
    return this.#all.values();
  }

  clear(): void {
    this.#all.clear();
    this.unrecorded.length = 0;
    this.#looks = 0;
    this.#forgotten = 0;
  }

  /** True when there is no room to remember looks by candidate. */
  get full(): boolean {
    return this.#looks >= MOST_LOOKS;
  }

  /** Notes a hit. @param look hold and view in one number */
  note({ segment, row, distance }: Hit, hold: number, look: number): Candidate {
    const key = `${segment.id}/${row}`;
    let candidate = this.#all.get(key);
    if (candidate === undefined) {
      if (this.#all.size >= MOST_CANDIDATES) this.#forget();
      candidate = {
        ...{ segment, row, looks: [], support: 0, nearest: distance, lastHold: -1, samples: 0 },
        measureAt: FIRST_MEASURE,
      };
      this.#all.set(key, candidate);
    }
    if (!this.full) {
      candidate.looks.push(look);
      this.#looks++;
    }
    if (candidate.lastHold !== hold) {
      candidate.lastHold = hold;
      candidate.support++;
    }
    candidate.nearest = Math.min(candidate.nearest, distance);
    return candidate;
  }

  /** The best supported first; the nearest where support is equal. */
  ranked(): Candidate[] {
    return [...this.#all.values()].sort((a, b) => b.support - a.support || a.nearest - b.nearest);
  }

  #forget(): void {
    const ranked = this.ranked();
    for (const { segment, row, looks } of ranked.slice(ranked.length >> 1)) {
      this.#all.delete(`${segment.id}/${row}`);
      this.#looks -= looks.length;
      this.#forgotten++;
    }
  }
}
