import { sql } from 'kysely';
import { VigieError } from '../../errors.js';
import type { Database } from '../database.js';
import type { RecordEvent } from '../events/event-kinds.js';
import { inIndexOrder } from '../in-index-order.js';
import type { Tx } from '../schema.js';
import type { AttentionKind } from './attention-kinds.js';
import {
  type Attention,
  type AttentionFilter,
  changeAttention,
  countAttention,
  findAttention,
  forgetResolved,
  listAttention,
  takeBacklog,
} from './attention-store.js';

export interface AttentionsOptions {
  readonly database: Database;
  readonly record: RecordEvent;
  /** Hands items over to be looked at again, as a part of the transaction. */
  readonly requeue: (tx: Tx, items: readonly string[]) => Promise<void>;
}

const ITEMS_AT_ONCE = 1_000;
const KEEP_MS = 90 * 24 * 3_600_000;

/** What needs somebody, and what somebody does about it. Each such act is an event. */
export class Attentions {
  readonly #database: Database;
  readonly #record: RecordEvent;
  readonly #requeue: AttentionsOptions['requeue'];

  constructor({ database, record, requeue }: AttentionsOptions) {
    this.#database = database;
    this.#record = record;
    this.#requeue = requeue;
  }

  async ls(filter: AttentionFilter): Promise<readonly Attention[]> {
    return await inIndexOrder(this.#database, (tx) => listAttention(tx, filter));
  }

  /** @throws VigieError `attention-not-found` */
  async show(id: string): Promise<Attention> {
    const found = await findAttention(this.#database.db, id);
    if (found === undefined) throw new VigieError('attention-not-found');
    return found;
  }

  /** How many are not resolved, by kind. */
  async counts(): Promise<ReadonlyMap<AttentionKind, number>> {
    return await countAttention(this.#database.db);
  }

  /** Somebody has seen it and deals with it: no alarm before it is overdue. @throws VigieError `attention-not-found` */
  async acknowledge(id: string, by: string, note: string | null = null): Promise<Attention> {
    return await this.#change(id, 'acknowledged', by, note);
  }

  /** It needs nobody any more. Its backlog, if there is one, can still be replayed. @throws VigieError `attention-not-found` */
  async resolve(id: string, by: string, note: string | null = null): Promise<Attention> {
    return await this.#change(id, 'resolved', by, note);
  }

  /**
   * Hands the backlog over to be looked at again, and resolves the attention. Items that join meanwhile stay, and then
   * it stays open. Cut off in the middle, it can be repeated: each item is handed over once.
   * @returns how many items were handed over
   * @throws VigieError `attention-not-found`; the signal's reason between two portions
   */
  async replay(id: string, by: string, signal?: AbortSignal): Promise<number> {
    const { kind } = await this.show(id);
    const until = await this.#now();
    let items = 0;
    for (let last = false; !last; ) {
      signal?.throwIfAborted();
      items += await this.#database.transaction(async (tx) => {
        // Whoever raises it waits, so that resolving does not miss an item that is just joining.
        await tx.selectFrom('attention').select('id').where('id', '=', id).forUpdate().execute();
        const part = await takeBacklog(tx, id, until, ITEMS_AT_ONCE);
        if (part.length > 0) await this.#requeue(tx, part);
        last = part.length < ITEMS_AT_ONCE;
        if (!last) return part.length;
        const left = await tx
          .selectFrom('attention_backlog')
          .select('item_id')
          .where('attention_id', '=', id)
          .limit(1)
          .execute();
        if (left.length === 0) await changeAttention(tx, id, { state: 'resolved', by, note: null });
        await this.#record(tx, {
          kind: 'attention.replayed',
          actor: by,
          subject: `attention:${id}`,
          refs: { attention: id, kind, items: items + part.length },
        });
        return part.length;
      });
    }
    return items;
  }

  /** Forgets what was resolved long ago. Call it once in a while. @returns how many */
  async sweep(): Promise<number> {
    return await forgetResolved(this.#database.db, KEEP_MS);
  }

  async #change(id: string, state: 'acknowledged' | 'resolved', by: string, note: string | null): Promise<Attention> {
    return await this.#database.transaction(async (tx) => {
      const kind = await changeAttention(tx, id, { state, by, note });
      const now = await findAttention(tx, id);
      if (now === undefined) throw new VigieError('attention-not-found');
      if (kind !== undefined) {
        await this.#record(tx, {
          kind: `attention.${state}`,
          actor: by,
          subject: `attention:${id}`,
          refs: { attention: id, kind },
          payload: { note },
        });
      }
      return now;
    });
  }

  async #now(): Promise<Date> {
    const { rows } = await sql<{ now: Date }>`SELECT now() AS now`.execute(this.#database.db);
    return rows[0]?.now ?? new Date();
  }
}
