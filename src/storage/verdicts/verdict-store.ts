import type { Database } from '../database.js';
import { Gather } from '../gather.js';
import type { Tx } from '../schema.js';
import { SqlError } from '../sql-error.js';
import type { Work } from '../work/work-stream.js';
import { dayOf, storeVerdicts } from './store-verdicts.js';
import { VerdictPartitions } from './verdict-partitions.js';
import type { Told, VerdictRecord } from './verdict-record.js';

export interface VerdictStoreOptions {
  readonly database: Database;
  /** Marks work as done in the transaction of its verdict, where the work stream lies in the database. */
  readonly ackIn?: (tx: Tx, works: readonly Work[]) => Promise<void>;
  /** Days after which verdicts are dropped. */
  readonly keepDays?: number;
  readonly gatherMs?: number;
  readonly patienceMs?: number;
  /** Verdicts that may wait to be stored. */
  readonly limit?: number;
  readonly now?: () => Date;
}

/** Nobody waits for a verdict of no match with the finger on the clock: under load they are stored in larger batches. */
const PACE_MS = 250;
/** What PostgreSQL says when no partition takes a row. */
const NO_PARTITION = '23514';

/** Where verdicts are kept: group-committed into day partitions and counted by the minute. */
export class VerdictStore {
  readonly partitions: VerdictPartitions;
  readonly #options: VerdictStoreOptions;
  readonly #gather: Gather<Told, boolean>;

  constructor(options: VerdictStoreOptions) {
    this.#options = options;
    this.partitions = new VerdictPartitions(options.database);
    this.#gather = new Gather({
      act: (batch) => this.#commit(batch),
      paceMs: PACE_MS,
      ...(options.gatherMs === undefined ? {} : { gatherMs: options.gatherMs }),
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      ...(options.limit === undefined ? {} : { limit: options.limit }),
    });
  }

  /**
   * Stores a verdict that belongs to no item; it is committed when this returns.
   * @throws VigieError of the database, once its patience is over
   */
  async write(verdict: VerdictRecord, alongside?: Told['alongside'], last?: Told['last']): Promise<void> {
    const follows = { ...(alongside === undefined ? {} : { alongside }), ...(last === undefined ? {} : { last }) };
    await this.#gather.add({ verdict, ...follows }, true);
  }

  /**
   * Tells an item its verdict, exactly once: of several that try, one succeeds.
   * @returns false when the item was told before, or is gone; then nothing was stored
   * @throws VigieError of the database, once its patience is over; what `alongside` throws
   */
  async tell(told: Told & { readonly moves: 'told' | 'set-aside' }): Promise<boolean> {
    return await this.#gather.add(told, told.verdict.verdict === 'match');
  }

  /** Makes tomorrow's partition and drops the old ones; call it now and then. @returns the days that were dropped */
  async tend(): Promise<readonly string[]> {
    const now = this.#now();
    await this.partitions.prepare(now);
    return await this.partitions.dropOld(this.#options.keepDays ?? 400, now);
  }

  /** Waits for what is being stored. */
  async close(): Promise<void> {
    await this.#gather.close();
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }

  async #commit(batch: readonly Told[]): Promise<readonly boolean[]> {
    const days = new Set(batch.map(({ verdict }) => dayOf(verdict.at)));
    await this.partitions.ensure(days);
    try {
      return await this.#store(batch);
    } catch (error) {
      if (!(error instanceof SqlError) || error.sqlState !== NO_PARTITION) throw error;
      // Retention, on another node, was quicker.
      this.partitions.forget();
      await this.partitions.ensure(days);
      return await this.#store(batch);
    }
  }

  async #store(batch: readonly Told[]): Promise<readonly boolean[]> {
    const { database, ackIn } = this.#options;
    const rows = firstOfEachItem(batch);
    const works = batch.flatMap(({ work }) => (work === undefined ? [] : [work]));
    const acks = ackIn !== undefined && works.length > 0;
    const bare = !acks && rows.every(({ alongside, last }) => alongside === undefined && last === undefined);
    const stored = bare
      ? await storeVerdicts(database.db, rows)
      : await database.transaction(async (tx) => {
          const ids = await storeVerdicts(tx, rows);
          for (const { verdict, alongside } of rows) if (ids.has(verdict.id)) await alongside?.(tx);
          if (acks) await ackIn(tx, works);
          for (const { act } of lastOf(rows.filter(({ verdict }) => ids.has(verdict.id)))) await act(tx);
          return ids;
        });
    return batch.map(({ verdict }) => stored.has(verdict.id));
  }
}

function lastOf(batch: readonly Told[]): readonly NonNullable<Told['last']>[] {
  const acts = batch.flatMap(({ last }) => (last === undefined ? [] : [last]));
  return acts.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
}

/** Two handlers of one item may meet in one batch; the first to come tells it. */
function firstOfEachItem(batch: readonly Told[]): readonly Told[] {
  const seen = new Set<string>();
  return batch.filter(({ verdict: { itemId } }) => {
    if (itemId === null) return true;
    if (seen.has(itemId)) return false;
    seen.add(itemId);
    return true;
  });
}
