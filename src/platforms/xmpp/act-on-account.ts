import { xml } from '@xmpp/client';
import type { Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { throwWorst } from '../throw-worst.js';
import { NS } from './namespaces.js';
import type { Room } from './room.js';
import type { WatchParts } from './watch-parts.js';

/**
 * Bans somebody from all rooms that are watched, or lets them back into those that they are banned from.
 * @throws VigieError `act-refused` when it is not known who it is, or where rights are missing in a room; the other rooms
 *   are done then all the same
 */
export async function setBan(
  parts: WatchParts,
  rooms: readonly Room[],
  { target, message }: Order,
  banned: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const { account } = target;
  if (account === null || account.includes('/')) {
    throw new VigieError('act-refused', { detail: 'the room does not tell who it is' });
  }
  if (account === parts.session.account) throw new VigieError('act-refused', { detail: 'that is our own account' });
  if (banned) await assertBannable(parts, rooms, account, signal);
  const errors: VigieError[] = [];
  let changed = false;
  for (const room of rooms) {
    try {
      if ((await has(parts, room, account, 'outcast', signal)) === banned) continue;
      const affiliation = banned ? 'outcast' : 'none';
      const reason = message === null ? undefined : xml('reason', {}, message);
      const item = xml('item', { jid: account, affiliation }, reason);
      await parts.session.ask('set', room.jid, xml('query', { xmlns: NS.mucAdmin }, item), signal);
      if ((await has(parts, room, account, 'outcast', signal)) !== banned) throw new VigieError('act-unconfirmed');
      changed = true;
    } catch (error) {
      signal.throwIfAborted();
      errors.push(VigieError.from(error));
    }
  }
  throwWorst(errors);
  if (rooms.length === 0) throw new VigieError('platform-unreachable', { detail: 'no room is joined' });
  return changed ? 'done' : 'already';
}

/** Who runs a room is for people to deal with, also where a room would let us. */
async function assertBannable(
  parts: WatchParts,
  rooms: readonly Room[],
  account: string,
  signal: AbortSignal,
): Promise<void> {
  for (const room of rooms) {
    for (const affiliation of ['owner', 'admin'] as const) {
      const standing = await has(parts, room, account, affiliation, signal).catch((error: unknown) => {
        // Where rights are missing, the ban itself will say so.
        if (error instanceof VigieError && error.code === 'act-refused') return false;
        throw error;
      });
      if (standing) throw new VigieError('act-refused', { detail: `it is ${affiliation} of a room` });
    }
  }
}

/** Whether somebody has a standing in a room, by the room's own list. */
async function has(
  { session }: WatchParts,
  room: Room,
  account: string,
  affiliation: 'outcast' | 'owner' | 'admin',
  signal: AbortSignal,
): Promise<boolean> {
  const query = xml('query', { xmlns: NS.mucAdmin }, xml('item', { affiliation }));
  const answer = await session.ask('get', room.jid, query, signal);
  const items = answer.getChild('query', NS.mucAdmin)?.getChildren('item') ?? [];
  return items.some(({ attrs }) => attrs['jid'] === account);
}
