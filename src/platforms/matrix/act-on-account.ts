import type { Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { Slots } from '../../runtime/slots.js';
import { throwWorst } from '../throw-worst.js';
import { path } from './matrix-api.js';
import { actError } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';

/** Rooms that somebody is banned from at the same time. */
const AT_ONCE = 8;

/**
 * Bans somebody from all rooms that are watched, or lets them back into those that they are banned from.
 * @throws VigieError `act-refused` where rights are missing in a room; the other rooms are done then all the same
 */
export async function setBan(
  parts: MatrixParts,
  { target: { account }, message }: Order,
  banned: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const { memory, self, api, facts } = parts;
  if (account === null || !account.startsWith('@')) {
    throw new VigieError('act-unsupported', { detail: 'no account of its own shared it' });
  }
  if (account === self) throw new VigieError('act-refused', { detail: 'that is our own account' });
  const rooms = memory.rooms.filter((room) => memory.room(room)?.direct !== true);
  if (rooms.length === 0) throw new VigieError('platform-unreachable', { detail: 'no room is joined' });
  const isBanned = async (room: string) =>
    (await facts.state(room, 'm.room.member', account, signal))?.['membership'] === 'ban';
  const errors: VigieError[] = [];
  let changed = false;
  const set = async (room: string) => {
    if ((await isBanned(room)) === banned) return;
    const body = { user_id: account, ...(message === null ? {} : { reason: message }) };
    const where = banned ? path`/_matrix/client/v3/rooms/${room}/ban` : path`/_matrix/client/v3/rooms/${room}/unban`;
    await api.ask('ban', { method: 'POST', path: where, body }, signal);
    if ((await isBanned(room)) !== banned) throw new VigieError('act-unconfirmed');
    changed = true;
  };
  const slots = new Slots(AT_ONCE);
  await Promise.all(
    rooms.map(async (room) => {
      try {
        await slots.with(signal, () => set(room));
      } catch (error) {
        signal.throwIfAborted();
        errors.push(VigieError.from(actError(error)));
      }
    }),
  );
  throwWorst(errors);
  return changed ? 'done' : 'already';
}
