import { createHash } from 'node:crypto';
import type { Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { throwWorst } from '../throw-worst.js';
import { contentOf } from './content-of.js';
import { path } from './matrix-api.js';
import { actError, isForbidden, isNotFound, MatrixRefusal } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';
import { quarantine } from './quarantine.js';
import { readEdits, readEvent } from './read-event.js';
import { isRedacted, type RoomEvent } from './room-event.js';
import { isUnpublished } from './shared-item.js';

/**
 * Takes an event and its edits back, and puts what was uploaded for it away where the bot may.
 * @throws VigieError as `Platform.act`; media are put away even when the event cannot be taken back
 */
export async function removeEvent(parts: MatrixParts, order: Order, signal: AbortSignal): Promise<Outcome> {
  const { item: id, room, media } = order.target;
  const unpublished = id !== null && isUnpublished(id);
  if (id === null || room === null || !(unpublished || id.startsWith('$'))) {
    throw new VigieError('act-unsupported', { detail: 'not an event' });
  }
  const outcomes: Outcome[] = [];
  const errors: VigieError[] = [];
  const attempt = async (act: () => Promise<Outcome>) => {
    try {
      outcomes.push(await act());
    } catch (error) {
      signal.throwIfAborted();
      errors.push(VigieError.from(actError(error)));
    }
  };
  const shown = new Set(media.flatMap(({ ref }) => ref ?? []));
  if (!unpublished) {
    await attempt(() => takeBack(parts, { room, id, order }, shown, signal));
    for (const edit of await editsOf(parts, room, id, signal)) {
      if (!isRedacted(edit)) await attempt(() => takeBack(parts, { room, id: edit.event_id, order }, shown, signal));
    }
  }
  if (parts.settings.admin === 'synapse') {
    for (const ref of shown) await attempt(() => quarantine(parts, ref, signal));
  }
  throwWorst(errors);
  return outcomes.every((outcome) => outcome === 'already') ? 'already' : 'done';
}

interface Redaction {
  readonly room: string;
  readonly id: string;
  readonly order: Order;
}

/** @param shown is told the media of the event */
async function takeBack(
  parts: MatrixParts,
  { room, id, order }: Redaction,
  shown: Set<string>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { api } = parts;
  const before = await readEvent(api, room, id, signal);
  if (before === undefined) return await absent(parts, room, signal);
  if (isTakenBack(before)) return 'already';
  for (const { ref } of contentOf(before.content).media) if (ref !== undefined) shown.add(ref);
  const { id: orderId, message } = order;
  const body = message === null ? {} : { reason: message };
  const where = path`/_matrix/client/v3/rooms/${room}/redact/${id}/${transaction(orderId, id)}`;
  await api.ask('redact', { method: 'PUT', path: where, body }, signal);
  const after = await readEvent(api, room, id, signal);
  if (after !== undefined && !isTakenBack(after)) throw new VigieError('act-unconfirmed');
  return 'done';
}

/** An event that the homeserver does not have, though the bot sees the room: it is gone, or was never published. */
async function absent({ self, facts }: MatrixParts, room: string, signal: AbortSignal): Promise<Outcome> {
  const member = await facts.state(room, 'm.room.member', self, signal);
  const sees = member?.['membership'] === 'join' && (await facts.surface(room, signal)) === 'public';
  if (sees) return 'already';
  throw new VigieError('act-refused', { detail: 'the bot is not shown the event' });
}

async function editsOf(
  { api }: MatrixParts,
  room: string,
  id: string,
  signal: AbortSignal,
): Promise<readonly RoomEvent[]> {
  try {
    return await readEdits(api, room, id, signal);
  } catch (error) {
    // A server without this, or an event that it does not have: the event itself has said so.
    if (error instanceof MatrixRefusal && (isNotFound(error) || isForbidden(error) || error.status === 404)) return [];
    throw error;
  }
}

function isTakenBack(event: RoomEvent): boolean {
  return isRedacted(event) || Object.keys(event.content).length === 0;
}

/** The same at every attempt, so that the homeserver takes it for the same request. */
function transaction(order: string, event: string): string {
  return `vigie-${order}-${createHash('sha256').update(event).digest('hex').slice(0, 16)}`;
}
