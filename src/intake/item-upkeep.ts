import type { Database } from '../storage/database.js';
import { inIndexOrder } from '../storage/in-index-order.js';
import {
  blobsInUse,
  countWaiting,
  databaseNow,
  dropItems,
  itemsWithoutWork,
  lostItems,
  markPublished,
  unpublishedItems,
  type WaitingPlace,
} from '../storage/items/item-upkeep.js';
import type { Lane } from '../storage/schema.js';
import type { WorkStream } from '../storage/work/work-stream.js';
import type { ItemMedia } from './item-media.js';

export interface ItemUpkeepOptions {
  readonly database: Database;
  readonly stream: WorkStream;
  readonly media: ItemMedia;
  /** Days after which an item that was told is let go. */
  readonly keepDays?: number;
  /** Milliseconds after which a waiting item that nobody has told may have been lost by the stream. */
  readonly lostMs?: number;
  /** Milliseconds that the one who laid an item down has to give it to the stream. */
  readonly publishMs?: number;
  /** Milliseconds that a blob may stand alone. */
  readonly orphanMs?: number;
}

interface Piece {
  readonly id: string;
  readonly lane: Lane;
}

const LANES: readonly Lane[] = ['live', 'backfill'];
const PAGE = 500;
const PAGES = 20;
const DAY_MS = 86_400_000;

/** What keeps items from being forgotten, and from being kept for too long. Any number of nodes may do it at once. */
export class ItemUpkeep {
  readonly #options: ItemUpkeepOptions;
  /** How far the last look at each lane came. */
  readonly #looked = new Map<Lane, WaitingPlace>();

  constructor(options: ItemUpkeepOptions) {
    this.#options = options;
  }

  /**
   * Gives to the stream what waits and is not in it: the node that laid it down has died, or the stream was away or was
   * another one. An item that is in it twice does no harm.
   * @returns how many
   */
  async republish(): Promise<number> {
    const { database, stream, lostMs = 15 * 60_000, publishMs = 10_000 } = this.#options;
    const { db } = database;
    if (stream.transactional !== undefined) return await this.#queueAgain();
    let found = await this.#republish(() => unpublishedItems(db, publishMs, PAGE));
    const { live, backfill } = await stream.depth();
    // A stream that holds as many as wait has lost none; a long queue is not told twice.
    if ((await countWaiting(db, live + backfill + 1)) > live + backfill) {
      for (const lane of LANES)
        found += await this.#republish(() => inIndexOrder(database, (tx) => lostItems(tx, lane, lostMs, PAGE)));
    }
    return found;
  }

  /** Deletes media that belong to no item. @returns how many */
  async sweepMedia(): Promise<number> {
    const { database, media, orphanMs = 3_600_000 } = this.#options;
    // By both clocks, whichever is behind: this process's may have jumped ahead.
    const now = Math.min(Date.now(), (await databaseNow(database.db)).getTime());
    return await media.sweep((blobs) => blobsInUse(database.db, blobs), orphanMs, now);
  }

  /** Lets go of items whose time is over by both clocks; their media follow with the next sweep. @returns how many */
  async dropOld(now = new Date()): Promise<number> {
    const { database, keepDays = 400 } = this.#options;
    const both = Math.min(now.getTime(), (await databaseNow(database.db)).getTime());
    const before = new Date(both - keepDays * DAY_MS);
    let dropped = 0;
    for (let page = 0; page < PAGES; page++) {
      const some = await dropItems(database.db, before, PAGE);
      dropped += some;
      if (some < PAGE) break;
    }
    return dropped;
  }

  /** Goes through what waits from where it was the last time, so that one look costs the same however much that is. */
  async #queueAgain(): Promise<number> {
    const { database } = this.#options;
    let found = 0;
    for (const lane of LANES) {
      let looked = this.#looked.get(lane);
      for (let page = 0; page < PAGES; page++) {
        const { pieces, next } = await inIndexOrder(database, (tx) => itemsWithoutWork(tx, lane, looked, PAGE));
        await this.#publish(pieces);
        found += pieces.length;
        looked = next;
        if (next === undefined) break;
      }
      if (looked === undefined) this.#looked.delete(lane);
      else this.#looked.set(lane, looked);
    }
    return found;
  }

  async #publish(pieces: readonly Piece[]): Promise<void> {
    const { database, stream } = this.#options;
    if (pieces.length === 0) return;
    // Told apart from its first telling, which a stream that remembers would take it for.
    await stream.publish(pieces.map((piece) => ({ ...piece, round: Math.floor(Date.now() / ROUND_MS) })));
    await markPublished(
      database.db,
      pieces.map(({ id }) => id),
    );
  }

  async #republish(find: () => Promise<readonly Piece[]>): Promise<number> {
    let found = 0;
    for (let page = 0; page < PAGES; page++) {
      const pieces = await find();
      await this.#publish(pieces);
      found += pieces.length;
      if (pieces.length < PAGE) break;
    }
    return found;
  }
}

/** Several nodes that republish the same item at about the same time tell it as one. */
const ROUND_MS = 60_000;
