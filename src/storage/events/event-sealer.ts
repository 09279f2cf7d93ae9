import { every } from '../../runtime/every.js';
import { tryAdvisoryLock } from '../advisory-lock.js';
import type { Database } from '../database.js';
import type { Tx } from '../schema.js';
import { type Batch, faultOfBatch, makeBatch } from './batch-file.js';
import type { BatchFiles } from './batch-files.js';
import { eventsBetween, insertBatch, lastBatch, type PendingEvent, settledXid } from './batch-store.js';

/** Events of one batch, unless a single transaction wrote more. */
const MOST = 20_000;
const PAUSE_MS = 1_000;

export interface EventSealerOptions {
  readonly database: Database;
  readonly files: BatchFiles;
  /** Told when sealing fails; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/**
 * Chains what was committed: each second the events of all transactions that have ended become a batch with one Merkle
 * root, in a sealed file, and a row that names it. One process does it at a time; which one does not matter.
 */
export class EventSealer {
  readonly #options: EventSealerOptions;
  #stop: (() => Promise<void>) | undefined;

  constructor(options: EventSealerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stop ??= every(PAUSE_MS, () => this.seal(), this.#options.failed);
  }

  /** Stops, and waits for a batch that is being sealed. */
  async close(): Promise<void> {
    await this.#stop?.();
  }

  /** Seals all that can be sealed now. @returns how many events were; 0 also when another process is at it */
  async seal(): Promise<number> {
    let sealed = 0;
    for (;;) {
      const { events, more } = await this.#options.database.transaction((tx) => this.#sealOne(tx));
      sealed += events;
      if (!more) return sealed;
    }
  }

  async #sealOne(tx: Tx): Promise<{ readonly events: number; readonly more: boolean }> {
    if (!(await tryAdvisoryLock(tx, 'event-seal'))) return { events: 0, more: false };
    const before = await lastBatch(tx);
    const settled = await settledXid(tx);
    const { pending, more } = await wholeTransactions(tx, before.untilXid, settled);
    if (pending.length === 0) return { events: 0, more: false };
    const left = await this.#leftBehind(before, pending);
    const batch = left ?? makeBatch(leavesOf(pending), before, new Date());
    // The file first: a row without its file would be a hole in the chain, a file without its row is found here again.
    if (left === undefined) await this.#options.files.write(batch);
    const sealed = pending.slice(0, batch.leaves.length);
    const untilXid = (sealed.at(-1)?.xid ?? before.untilXid) + 1;
    await insertBatch(tx, { ...batch.header, fromXid: before.untilXid, untilXid });
    return { events: sealed.length, more: more || sealed.length < pending.length };
  }

  /**
   * The file of a batch that was written and whose row was not, because the process or the database went away in
   * between. Such a file of other events, from before an older backup was restored, is left for `verify` to tell of.
   */
  async #leftBehind(
    before: { readonly number: number; readonly hash: string },
    pending: readonly PendingEvent[],
  ): Promise<Batch | undefined> {
    const { files } = this.#options;
    for (const name of await files.named(before.number + 1)) {
      const batch = await files.read(name).catch(() => undefined);
      if (batch === undefined || faultOfBatch(batch) !== undefined || batch.header.previous !== before.hash) continue;
      const count = batch.leaves.length;
      const boundary = pending[count - 1]?.xid !== pending[count]?.xid;
      const same = leavesOf(pending.slice(0, count)).every((leaf, i) => leaf === batch.leaves[i]);
      if (count <= pending.length && boundary && same) return batch;
    }
    return undefined;
  }
}

/** Events in the order in which they are sealed, cut where a transaction ends. */
async function wholeTransactions(
  tx: Tx,
  from: number,
  until: number,
): Promise<{ readonly pending: PendingEvent[]; readonly more: boolean }> {
  for (let limit = MOST + 1; ; limit *= 2) {
    const found = await eventsBetween(tx, from, until, limit);
    const more = found.length === limit;
    const last = found.at(-1)?.xid;
    const whole = more ? found.filter(({ xid }) => xid !== last) : found;
    // One transaction may have written more events than fit: then it is a batch of its own.
    if (whole.length === 0 && more) continue;
    // By id within a transaction, in an order that does not depend on the database's language.
    const pending = whole.sort((a, b) => a.xid - b.xid || (a.id < b.id ? -1 : 1));
    return { pending, more };
  }
}

function leavesOf(pending: readonly PendingEvent[]): string[] {
  return pending.map(({ leaf }) => leaf);
}
