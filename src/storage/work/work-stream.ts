import type { Lane } from '../schema.js';

/** One piece of work: the id of an item. What it is about lies in the database. */
export interface Work {
  readonly id: string;
  readonly lane: Lane;
  /** 1 at the first delivery. */
  readonly attempt: number;
  /** It is done: it is never delivered again. Call it after what it stands for was stored. */
  ack(): Promise<void>;
  /** It is to be tried again, not before so many milliseconds. */
  retry(delayMs: number): Promise<void>;
  /** More time is needed: others do not get it for another lease. */
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
 * nor extended within its lease is delivered again. Live work goes before backfill, which is not starved for ever.
 */
export interface WorkStream {
  readonly name: 'table' | 'nats';
  /**
   * Makes work durable; the same id twice within the time that an item is remembered is one piece.
   * @throws VigieError `queue-full` when the stream holds as much as it may; `stream-unavailable`
   */
  publish(pieces: readonly { readonly id: string; readonly lane: Lane }[]): Promise<void>;
  /** @returns pieces under a lease, none when the wait is over. @throws VigieError `stream-unavailable`; the signal's reason */
  take(options: TakeOptions): Promise<readonly Work[]>;
  /** How much is waiting, pieces under a lease included. */
  depth(): Promise<WorkDepth>;
  close(): Promise<void>;
}
