import type { Pacer } from '../../index/pause.js';
import type { MemoryPool } from '../../index/pdq/memory-pool.js';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { type FrameRun, FrameSearch } from './frame-search.js';
import type { KnownFrames } from './known-frames.js';
import type { QueryFrames } from './query-frames.js';
import { VIEWS } from './view-codes.js';

/** Beyond so many meetings only a few places of each further frame are kept. */
const MANY_MEETINGS = 200_000;
const FEW_RUNS = 4;
/** Beyond so many frames that were found only one look in many is compared: a picture that comes back all the time. */
const MOST_FOUND = 10_000_000;
const ONE_IN = 256;

/** A hold of the query and neighbouring frames of the known video that are near to each other. */
export interface Meeting extends FrameRun {
  readonly hold: number;
  readonly view: number;
}

/** A hold of the query and a known picture that are near to each other. */
export interface Sighting {
  readonly hold: number;
  readonly view: number;
  readonly picture: number;
  readonly distance: number;
}

/** How many bits may differ from a frame of a known video, and from a known picture. */
export interface Radius {
  readonly frames: number;
  readonly pictures: number;
}

/** Where the query and one entry meet. Grows with the query; what was compared once is not compared again. */
export class Overlap {
  readonly meetings: Meeting[] = [];
  readonly sightings: Sighting[] = [];
  /** Holds that the entry is near to, and that were not compared. */
  readonly unplaced: number[] = [];
  /** For each frame of the known video 1 when the query is near to it. */
  known = new Uint8Array(0);
  #found = 0;
  #looks = 0;
  #unrecorded = 0;

  /** Compares what has come since the last time. */
  async extend(
    looks: readonly number[],
    unrecorded: readonly number[],
    query: QueryFrames,
    known: KnownFrames,
    { pool, pacer, radius }: { readonly pool: MemoryPool; readonly pacer: Pacer; readonly radius: Radius },
  ): Promise<void> {
    if (this.known.length !== known.count) this.known = new Uint8Array(known.count);
    if (this.#looks === looks.length && this.#unrecorded === unrecorded.length) return;
    const search = known.count === 0 ? undefined : new FrameSearch(known.hashes, pool);
    try {
      while (this.#looks < looks.length || this.#unrecorded < unrecorded.length) {
        const recorded = this.#looks < looks.length;
        const look = recorded ? looks[this.#looks++]! : unrecorded[this.#unrecorded++]!;
        if (this.#found <= MOST_FOUND || (this.#looks + this.#unrecorded) % ONE_IN === 0) {
          this.#compare(look, query, known, search, radius);
        } else if (recorded) this.unplaced.push(Math.floor(look / VIEWS));
        if (pacer.due) await pacer.pause();
      }
    } finally {
      search?.close();
    }
  }

  #compare(
    look: number,
    query: QueryFrames,
    known: KnownFrames,
    search: FrameSearch | undefined,
    radius: Radius,
  ): void {
    const hold = Math.floor(look / VIEWS);
    const view = look % VIEWS;
    const hash = query.hash(query.holds[hold]!, view);
    if (hash === undefined) return;
    const runs = search?.find(hash, radius.frames, this.known) ?? [];
    this.#found += search?.found ?? 0;
    const few = this.meetings.length > MANY_MEETINGS && runs.length > FEW_RUNS;
    for (const run of few ? runs.slice(0, FEW_RUNS) : runs) this.meetings.push({ hold, view, ...run });
    for (const [picture, other] of known.pictures.entries()) {
      const distance = hammingDistance(hash, other);
      if (distance <= radius.pictures) this.sightings.push({ hold, view, picture, distance });
    }
  }
}
