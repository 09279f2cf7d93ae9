import { VigieError } from '../errors.js';
import type { Database } from '../storage/database.js';
import { countWaiting } from '../storage/items/item-upkeep.js';
import type { WorkStream } from '../storage/work/work-stream.js';

export interface QueueRoomOptions {
  readonly stream: Pick<WorkStream, 'depth'>;
  readonly database: Database;
  /** Items that may wait. */
  readonly most: number;
}

const FRESH_MS = 250;
const RETRY_AFTER_SECONDS = 5;

/** Tells whether one more item may wait. Asked for every item, and looked up a few times a second. */
export class QueueRoom {
  readonly #options: QueueRoomOptions;
  #full = false;
  #goodUntil = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(options: QueueRoomOptions) {
    this.#options = options;
  }

  /** @throws VigieError `queue-full` */
  async assert(): Promise<void> {
    if (performance.now() > this.#goodUntil) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      await this.#looking;
    }
    if (this.#full) throw new VigieError('queue-full', { retryAfter: RETRY_AFTER_SECONDS });
  }

  async #look(): Promise<void> {
    const { stream, database, most } = this.#options;
    try {
      const { live, backfill } = await stream.depth();
      this.#full = live + backfill >= most;
    } catch (error) {
      if (!(error instanceof VigieError) || error.code !== 'stream-unavailable') throw error;
      // Items go on to be taken in while the stream is away, but not without a bound.
      this.#full = (await countWaiting(database.db, most)) >= most;
    }
    this.#goodUntil = performance.now() + FRESH_MS;
  }
}
