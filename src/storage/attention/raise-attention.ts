import { sql } from 'kysely';
import { notify } from '../advisory-lock.js';
import { fromNow, jsonb } from '../column-values.js';
import { randomId } from '../random-id.js';
import type { Tx } from '../schema.js';
import { ATTENTION_KINDS, type AttentionKind } from './attention-kinds.js';

/** The NOTIFY channel that hints at a new attention; its payload is the id. */
export const ATTENTION_CHANNEL = 'vigie_attention';

/** Names one open attention: occurrences of the same kind and cause are one. */
export interface AttentionKey {
  readonly kind: AttentionKind;
  /** What makes two occurrences one, such as the code of an error or the name of a receiver. */
  readonly cause: string;
}

export interface AttentionDraft extends AttentionKey {
  /** What it is about, such as `list:…` or `service`. */
  readonly subject: string;
  /** Random ids, names of ours, counts and codes: people and alarms see it. The latest one is kept. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Milliseconds from now; what the kind says when left out. The earliest due of all occurrences holds. */
  readonly dueInMs?: number;
  /** Items that can be tried again when the cause is gone; they join the backlog. */
  readonly items?: readonly string[];
}

const ITEMS_AT_ONCE = 1_000;

/**
 * Says that something needs somebody. An open attention of the same kind and cause grows instead: its count, the time of
 * its last occurrence and its backlog. Make it the last act of a transaction: others of the same cause wait until it ends.
 * @returns the id of the attention
 */
export async function raiseAttention(tx: Tx, draft: AttentionDraft): Promise<string> {
  const { kind, cause, subject, detail = {}, dueInMs = ATTENTION_KINDS[kind].dueInMs, items = [] } = draft;
  const { id, count } = await tx
    .insertInto('attention')
    .values({
      id: randomId(),
      kind,
      cause,
      subject,
      detail: jsonb<unknown>(detail),
      due: fromNow(dueInMs),
    })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'cause']).where('state', '<>', 'resolved').doUpdateSet({
        count: sql<number>`attention.count + 1`,
        last_at: sql<Date>`greatest(attention.last_at, now())`,
        due: sql<Date>`least(attention.due, excluded.due)`,
        detail: sql<unknown>`excluded.detail`,
      }),
    )
    .returning(['id', 'count'])
    .executeTakeFirstOrThrow();
  for (let from = 0; from < items.length; from += ITEMS_AT_ONCE) {
    const part = items.slice(from, from + ITEMS_AT_ONCE);
    await tx
      .insertInto('attention_backlog')
      .values(part.map((item_id) => ({ attention_id: id, item_id })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  if (count === 1) await notify(tx, ATTENTION_CHANNEL, id);
  return id;
}

/**
 * Says that the cause of an attention is gone, which resolves it. One whose backlog waits stays open: its items are tried
 * again by a replay, which then resolves it.
 * @param by id of a principal or of a part of the service
 * @returns whether an open attention was resolved
 */
export async function settleAttention(tx: Tx, { kind, cause }: AttentionKey, by: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('attention')
    .set({ state: 'resolved', resolved_at: sql<Date>`now()`, changed_by: by })
    .where('kind', '=', kind)
    .where('cause', '=', cause)
    .where('state', '<>', 'resolved')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('attention_backlog')
            .select('item_id')
            .whereRef('attention_backlog.attention_id', '=', 'attention.id'),
        ),
      ),
    )
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/**
 * Says of a state that lasts whether it is so: it needs somebody once for as long as it lasts, and not a thousand times.
 * @param is whether it is so now; when it is over, its attention is settled
 */
export async function keepAttention(tx: Tx, is: boolean, draft: AttentionDraft): Promise<void> {
  const open = await tx
    .selectFrom('attention')
    .select('id')
    .where('kind', '=', draft.kind)
    .where('cause', '=', draft.cause)
    .where('state', '<>', 'resolved')
    .executeTakeFirst();
  if (is && open === undefined) await raiseAttention(tx, draft);
  else if (!is && open !== undefined) await settleAttention(tx, draft, 'service');
}
