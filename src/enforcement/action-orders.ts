import { type ActionRow, setEffect } from '../storage/enforcement/action-store.js';
import type { RecordEvent } from '../storage/events/event-kinds.js';
import type { Outbox } from '../storage/outbox/outbox.js';
import { randomId } from '../storage/random-id.js';
import type { Tx } from '../storage/schema.js';

/** The kind of effect that carries an order to its platform. */
export const ACTION_EFFECT = 'action';

/** Whom the record names for an action: the item, whose key seals what the event holds; else the action itself. */
export function eventSubject(action: Pick<ActionRow, 'id' | 'subject_kind' | 'subject_id'>): string {
  return action.subject_kind === 'item' ? `item:${action.subject_id}` : `action:${action.id}`;
}

/** Receiver of all that goes to a platform, as the outbox names it. */
export const receiverOfPlatform = (platform: string): string => `platform:${platform}`;

/** Writes the effect of an action that is ordered, as a part of the transaction. Acts on one subject go one by one. */
export async function sendOrder(outbox: Outbox, tx: Tx, action: ActionRow): Promise<void> {
  const { id, platform, subject_kind: kind, subject_id: subject, cause } = action;
  const effectId = await outbox.enqueue(tx, {
    kind: ACTION_EFFECT,
    subject: `${receiverOfPlatform(platform)}/${kind}:${subject}`,
    // It may be ordered again after it was held; the platform is given the id of the action each time.
    idempotencyKey: `action ${id} ${randomId()}`,
    payload: { action: id },
    ...(cause === null ? {} : { cause }),
  });
  if (effectId !== undefined) await setEffect(tx, id, effectId);
}

/** Records what became of an action. */
export async function recordAction<K extends Parameters<RecordEvent>[1]['kind'] & `action.${string}`>(
  record: RecordEvent,
  tx: Tx,
  action: Pick<ActionRow, 'id' | 'act' | 'subject_kind' | 'subject_id'>,
  draft: Omit<Parameters<typeof record<K>>[1], 'subject'>,
): Promise<string> {
  const { id, act } = action;
  const refs = { action: id, act, ...draft.refs };
  return await record<K>(tx, { ...draft, subject: eventSubject(action), refs } as Parameters<typeof record<K>>[1]);
}
