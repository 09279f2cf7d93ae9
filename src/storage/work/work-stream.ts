import type { Lane, Tx } from '../schema.js';

/** What is handed to the stream. */
export interface WorkPiece {
  readonly id: string;
  readonly lane: Lane;
  /** Sets a deliberate repetition (an item that is looked at again) apart from the same piece told twice; 0 when left out. */
  readonly round?: number;
}

/** One piece of work under a lease: the id of an item. What it is about lies in the database. */
export interface Work {
  readonly id: string;
  readonly lane: Lane;
  /** 1 at the first delivery. */
  readonly attempt: number;
  /** It is done: it is never delivered again. Call it after what it stands for was stored. Again does nothing. */
  ack(): Promise<void>;
  /** It is to be tried again, not before so many milliseconds. Does nothing when another holds it by now. */
  retry(delayMs: number): Promise<void>;
  /** More time is needed: others do not get it for another lease. Does nothing when another holds it by now. */
  extend(): Promise<void>;
}

export interface TakeOptions {
  /** At most so many pieces. */
  readonly most: number;
  /** How long to wait for the first piece, in milliseconds. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export interface WorkDepth {
  readonly live: number;
  readonly backfill: number;
}

/**
 * The stream of work between the processes. Delivers each piece at least once: a piece that was neither acknowledged
 * nor extended within its lease is delivered again. Live work goes before backfill, which gets a share all the same.
 * Errors are `stream-unavailable`, or those of the database where the stream lies in it.
 */
export interface WorkStream {
  readonly name: 'table' | 'nats';
  /** How long a piece is held, in milliseconds. */
  readonly leaseMs: number;
  /** Only where the stream lies in the database: work as a part of a transaction. */
  readonly transactional?: TransactionalWork;
  /**
   * Makes work durable; the same piece twice while it waits is one. When it fails, some pieces may be in the stream:
   * publishing all of them again is safe.
   * @throws VigieError `queue-full` when the stream holds as much as it may; `stream-unavailable`
   */
  publish(pieces: readonly WorkPiece[]): Promise<void>;
  /** @returns pieces under a lease, none when the wait is over. @throws VigieError `stream-unavailable`; the signal's reason */
  take(options: TakeOptions): Promise<readonly Work[]>;
  /** How much is waiting, pieces under a lease included; a second or a few old. */
  depth(): Promise<WorkDepth>;
  close(): Promise<void>;
}

/** Work that is queued, and done, in the same transaction as what it stands for. */
export interface TransactionalWork {
  /** Queues pieces when the transaction commits; call `published` then. @throws VigieError `queue-full` */
  publish(tx: Tx, pieces: readonly WorkPiece[]): Promise<void>;
  /** Tells those who wait that something was committed. Without it they find it a little later by themselves. */
  published(): void;
  /** The pieces are done when the transaction commits; `ack` of each then does nothing more. */
  ack(tx: Tx, works: readonly Work[]): Promise<void>;
}
