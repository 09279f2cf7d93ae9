import type { Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { type Json, path } from './matrix-api.js';
import { isNotFound } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';

/** Says something in the room of an order, once. @throws MatrixRefusal; VigieError as `Platform.act` */
export async function tellRoom(parts: MatrixParts, order: Order, signal: AbortSignal): Promise<Outcome> {
  return await once(parts, order, order.target.room, async (room, text) => await say(parts, order, room, text, signal));
}

/** Writes to somebody, in a conversation with them alone. */
export async function tellAuthor(parts: MatrixParts, order: Order, signal: AbortSignal): Promise<Outcome> {
  return await once(parts, order, order.target.account, async (account, text) => {
    await say(parts, order, await conversationWith(parts, account, signal), text, signal);
  });
}

async function once(
  { memory }: MatrixParts,
  { id, message }: Order,
  to: string | null,
  tell: (to: string, text: string) => Promise<void>,
): Promise<Outcome> {
  if (to === null) throw new VigieError('act-unsupported', { detail: 'nobody to tell' });
  if (message === null || memory.isDone(id)) return 'already';
  await tell(to, message);
  memory.noteDone(id);
  await memory.flush();
  return 'done';
}

async function say({ api }: MatrixParts, { id }: Order, room: string, text: string, signal: AbortSignal) {
  // The same id at each attempt: the homeserver takes it for the same message.
  const where = path`/_matrix/client/v3/rooms/${room}/send/m.room.message/${`vigie-${id}`}`;
  const body = { msgtype: 'm.notice', body: text };
  await api.ask('send', { method: 'PUT', path: where, body }, signal);
}

/** The conversations of the bot are known to its homeserver alone: nothing here says who was written to. */
async function conversationWith(parts: MatrixParts, account: string, signal: AbortSignal): Promise<string> {
  const { api, self, memory } = parts;
  const where = path`/_matrix/client/v3/user/${self}/account_data/m.direct`;
  const direct = await api.ask('account', { path: where }, signal).catch((error: unknown): Json => {
    if (isNotFound(error)) return {};
    throw error;
  });
  const rooms = Array.isArray(direct[account]) ? (direct[account] as unknown[]) : [];
  const there = rooms.find((room): room is string => typeof room === 'string' && memory.room(room)?.direct === true);
  if (there !== undefined) return there;
  const body = { is_direct: true, preset: 'trusted_private_chat', invite: [account] };
  const made = await api.ask('create', { method: 'POST', path: '/_matrix/client/v3/createRoom', body }, signal);
  const { room_id: room } = made;
  if (typeof room !== 'string') throw new VigieError('platform-malformed', { detail: 'no room was made' });
  memory.noteRoom(room, { direct: true });
  await memory.flush();
  const noted = { ...direct, [account]: [...rooms, room] };
  await api.ask('account', { method: 'PUT', path: where, body: noted }, signal);
  return room;
}
