import type { Lane } from '../schema.js';

/** One take in so many asks backfill first, so that a day of much live work does not starve it for ever. */
const BACKFILL_SHARE = 8;

/** The order in which each take asks the lanes. */
export class LaneTurn {
  #takes = 0;

  next(): readonly [Lane, Lane] {
    this.#takes = (this.#takes + 1) % BACKFILL_SHARE;
    return this.#takes === 0 ? ['backfill', 'live'] : ['live', 'backfill'];
  }
}
