import { sql } from 'kysely';
import { VigieError } from '../../errors.js';
import type { Database } from '../database.js';
import type { Db, Lane, Tx } from '../schema.js';
import { LaneTurn } from './lane-turn.js';
import { TableDepth } from './table-depth.js';
import { coalesced, Wake } from './wake.js';
import type { TakeOptions, TransactionalWork, Work, WorkDepth, WorkPiece, WorkStream } from './work-stream.js';

const CHANNEL = 'vigie_work';
/** A hint can be lost, and a piece that is to be tried again later gives none. */
const POLL_MS = 500;
/** Hints of a process are gathered for so long: in PostgreSQL each NOTIFY makes the commits of all wait for each other. */
const HINT_MS = 10;
/** The embedded database has nobody else who would clear away finished rows. */
const FINISHED_BEFORE_VACUUM = 50_000;

export interface TableWorkStreamOptions {
  readonly leaseMs?: number;
  /** Most pieces that may wait; held to within what other processes queue while the table is counted. */
  readonly most?: number;
  readonly pollMs?: number;
}

/** What tells one queueing of an id from a later one. The database's microseconds, which a Date would cut. */
const queuedMicros = sql<number>`(extract(epoch FROM work.queued_at) * 1000000)::bigint`;

/** The work stream as a table of the database. Several processes take from it without waiting for each other. */
export class TableWorkStream implements WorkStream {
  readonly name = 'table';
  readonly leaseMs: number;
  readonly transactional: TransactionalWork;
  readonly #database: Database;
  readonly #most: number;
  readonly #pollMs: number;
  readonly #turn = new LaneTurn();
  readonly #wake = new Wake();
  readonly #depth: TableDepth;
  readonly #hint = coalesced(HINT_MS, () => this.#notify());
  #stopListening: (() => Promise<void>) | undefined;
  #finished = 0;
  #vacuuming: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(database: Database, options: TableWorkStreamOptions) {
    this.#database = database;
    this.leaseMs = options.leaseMs ?? 60_000;
    this.#most = options.most ?? 2_000_000;
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#depth = new TableDepth(database.db);
    this.transactional = {
      publish: async (tx, pieces) => {
        await this.#refuseWhenFull(pieces.length);
        this.#count(await this.#insert(tx, pieces));
      },
      published: () => this.#hint.call(),
      ack: (tx, works) => this.#ackIn(tx, works),
    };
  }

  /** The database stays its owner's. @throws VigieError of the database */
  static async open(database: Database, options: TableWorkStreamOptions = {}): Promise<TableWorkStream> {
    const stream = new TableWorkStream(database, options);
    stream.#stopListening = await database.listen(CHANNEL, () => stream.#wake.ring());
    await stream.#depth.get();
    return stream;
  }

  async publish(pieces: readonly WorkPiece[]): Promise<void> {
    if (pieces.length === 0) return;
    await this.#refuseWhenFull(pieces.length);
    this.#count(await this.#insert(this.#database.db, pieces));
    this.#hint.call();
  }

  async take({ most, waitMs, signal }: TakeOptions): Promise<readonly Work[]> {
    const until = performance.now() + waitMs;
    for (;;) {
      signal.throwIfAborted();
      if (this.#closed) throw new VigieError('stream-unavailable', { detail: 'it was closed' });
      const armed = this.#wake.arm();
      const works = await this.#lease(most).catch((error: unknown) => {
        armed.drop();
        throw error;
      });
      const left = until - performance.now();
      if (works.length > 0 || left <= 0) {
        armed.drop();
        return works;
      }
      await armed.wait(Math.min(left, this.#pollMs), signal);
    }
  }

  depth(): Promise<WorkDepth> {
    return this.#depth.get();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hint.stop();
    this.#wake.ring();
    await this.#stopListening?.();
    await this.#vacuuming;
  }

  async #refuseWhenFull(pieces: number): Promise<void> {
    const { live, backfill } = await this.#depth.get();
    if (live + backfill + pieces > this.#most) {
      throw new VigieError('queue-full', { detail: `${live + backfill} pieces wait`, retryAfter: 5 });
    }
  }

  /** @returns the lanes of those that were not there yet */
  async #insert(db: Db | Tx, pieces: readonly WorkPiece[]): Promise<readonly Lane[]> {
    const ids = pieces.map(({ id }) => id);
    const lanes = pieces.map(({ lane }) => lane);
    const { rows } = await sql<{ lane: Lane }>`
      INSERT INTO work (id, lane) SELECT * FROM unnest(${ids}::text[], ${lanes}::text[])
      ON CONFLICT (id) DO NOTHING RETURNING lane`.execute(db);
    return rows.map(({ lane }) => lane);
  }

  /**
   * One statement, so that a lease costs one round trip. The lane that is asked second gives what the first left open.
   * MATERIALIZED: the planner must not run a locked LIMIT more than once; ARRAY: nor join with all that waits.
   */
  async #lease(most: number): Promise<readonly Work[]> {
    const [first, second] = this.#turn.next();
    const until = sql`now() + ${this.leaseMs} * interval '1 millisecond'`;
    const { rows } = await sql<{ id: string; lane: Lane; attempts: number; queued: number }>`
      WITH first AS MATERIALIZED (
        SELECT id FROM work WHERE lane = ${first} AND available_at <= now()
        ORDER BY available_at LIMIT ${most}::int FOR UPDATE SKIP LOCKED
      ), second AS MATERIALIZED (
        SELECT id FROM work WHERE lane = ${second} AND available_at <= now()
        ORDER BY available_at LIMIT ${most}::int - (SELECT count(*) FROM first) FOR UPDATE SKIP LOCKED
      ), next AS (SELECT id FROM first UNION ALL SELECT id FROM second)
      UPDATE work SET attempts = attempts + 1, available_at = ${until}, leased_until = ${until}
      WHERE work.id = ANY (ARRAY(SELECT id FROM next))
      RETURNING work.id, work.lane, work.attempts, ${queuedMicros} AS queued`.execute(this.#database.db);
    const works = rows.map((row) => this.#workOf(row));
    return works.sort((one, other) => Number(other.lane === first) - Number(one.lane === first));
  }

  #workOf({ id, lane, attempts, queued }: { id: string; lane: Lane; attempts: number; queued: number }): TableWork {
    const { db } = this.#database;
    const own = sql<boolean>`id = ${id} AND attempts = ${attempts} AND ${queuedMicros} = ${queued}::bigint`;
    const put = async (delayMs: number, lease: boolean): Promise<void> => {
      const until = sql`now() + ${delayMs} * interval '1 millisecond'`;
      await sql`UPDATE work SET available_at = ${until}, leased_until = ${lease ? until : sql`NULL`}
        WHERE ${own}`.execute(db);
    };
    const work: TableWork = {
      id,
      lane,
      attempt: attempts,
      queued,
      settled: false,
      ack: async () => {
        if (work.settled) return;
        // Whoever has done it: another one that holds it by now has nothing left to do.
        const { numAffectedRows = 0n } = await sql`
          DELETE FROM work WHERE id = ${id} AND ${queuedMicros} = ${queued}::bigint`.execute(db);
        work.settled = true;
        this.#done(lane, Number(numAffectedRows));
      },
      retry: async (delayMs) => {
        await put(delayMs, false);
        if (delayMs === 0) this.#hint.call();
      },
      extend: () => put(this.leaseMs, true),
    };
    return work;
  }

  async #ackIn(tx: Tx, works: readonly Work[]): Promise<void> {
    const own = works as readonly TableWork[];
    const ids = own.map(({ id }) => id);
    const { rows } = await sql<{ lane: Lane }>`
      DELETE FROM work USING unnest(${ids}::text[], ${own.map(({ queued }) => queued)}::bigint[]) AS done (id, queued)
      WHERE work.id = done.id AND ${queuedMicros} = done.queued RETURNING work.lane`.execute(tx);
    for (const work of own) work.settled = true;
    for (const { lane } of rows) this.#done(lane, 1);
  }

  #count(lanes: readonly Lane[]): void {
    for (const lane of lanes) this.#depth.moved(lane, 1);
  }

  #done(lane: Lane, pieces: number): void {
    this.#depth.moved(lane, -pieces);
    this.#finished += pieces;
    if (this.#database.dialect !== 'embedded' || this.#finished < FINISHED_BEFORE_VACUUM || this.#closed) return;
    this.#finished = 0;
    this.#vacuuming = sql`VACUUM work`.execute(this.#database.db).catch(() => undefined);
  }

  #notify(): void {
    this.#wake.ring();
    // Lost when the database is away; those who wait look again by themselves.
    void sql`SELECT pg_notify(${CHANNEL}, '')`.execute(this.#database.db).catch(() => undefined);
  }
}

interface TableWork extends Work {
  readonly queued: number;
  /** Its row is gone, or is going with a transaction. */
  settled: boolean;
}
