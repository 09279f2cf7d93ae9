import { sql } from 'kysely';
import type { Db, Lane } from '../schema.js';
import type { WorkDepth } from './work-stream.js';

/** Counting a million rows takes a tenth of a second or more: it may take one part in so many of the time. */
const COST_SHARE = 50;
const FRESH_MS = 1000;
/** Below it a take that sorts the whole table is quick. */
const LONG = 1_000;

/**
 * How much the table holds. It is counted now and then, the seldomer the longer that takes; in between, what this
 * process queues and finishes is added and taken off.
 */
export class TableDepth {
  readonly #db: Db;
  #counted: Record<Lane, number> | undefined;
  #moved: Record<Lane, number> = { live: 0, backfill: 0 };
  #goodUntil = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;
  /** Pieces that the planner was told of last. */
  #analysed = 0;

  constructor(db: Db) {
    this.#db = db;
  }

  /** This process has queued (positive) or finished (negative) so many. */
  moved(lane: Lane, pieces: number): void {
    this.#moved[lane] += pieces;
  }

  async get(): Promise<WorkDepth> {
    if (performance.now() > this.#goodUntil) {
      this.#counting ??= this.#count().finally(() => {
        this.#counting = undefined;
      });
      // The first time there is nothing to go by; later the last count serves until the new one is there.
      if (this.#counted === undefined) await this.#counting;
      else this.#counting.catch(() => undefined);
    }
    return this.now;
  }

  /** The same without looking. */
  get now(): WorkDepth {
    const { live = 0, backfill = 0 } = this.#counted ?? {};
    return { live: Math.max(0, live + this.#moved.live), backfill: Math.max(0, backfill + this.#moved.backfill) };
  }

  /**
   * Of a table that it knows nothing of, the planner believes that it is short: each take would sort all that waits. A
   * server finds out after a minute, the embedded database never.
   */
  async #tellPlanner(pieces: number): Promise<void> {
    if (pieces < LONG || pieces < 2 * this.#analysed) return;
    this.#analysed = pieces;
    await sql`ANALYZE work`.execute(this.#db);
  }

  async #count(): Promise<void> {
    const begun = performance.now();
    const before = { ...this.#moved };
    const rows = await this.#db
      .selectFrom('work')
      .select((eb) => ['lane', eb.fn.countAll<number>().as('pieces')])
      .groupBy('lane')
      .execute();
    const counted = { live: 0, backfill: 0 };
    for (const { lane, pieces } of rows) counted[lane] = pieces;
    this.#counted = counted;
    // What moved while it was counted may be in the count or not; the next one tells.
    this.#moved = { live: this.#moved.live - before.live, backfill: this.#moved.backfill - before.backfill };
    await this.#tellPlanner(counted.live + counted.backfill);
    const took = performance.now() - begun;
    this.#goodUntil = performance.now() + Math.max(FRESH_MS, took * COST_SHARE);
  }
}
