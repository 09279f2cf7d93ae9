import { xml } from '@xmpp/client';
import type { Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { throwWorst } from '../throw-worst.js';
import { configure, type RoomConfig } from './config-form.js';
import { NS } from './namespaces.js';
import type { Room } from './room.js';
import { conditionOf } from './stanza-error.js';
import type { WatchParts } from './watch-parts.js';

const MODERATED = 'muc#roomconfig_moderatedroom';
const MEMBERS_ONLY = 'muc#roomconfig_membersonly';
const PUBLIC = 'muc#roomconfig_publicroom';

/** Only who is given a voice may speak: nobody new, and nobody who is there without a standing in the room. */
export async function restrictRoom(parts: WatchParts, room: Room, signal: AbortSignal): Promise<Outcome> {
  const outcome = await change(parts, room, { [MODERATED]: '1' }, signal);
  const silenced = await giveRole(parts, room, 'participant', 'visitor', signal);
  return outcome === 'already' && !silenced ? 'already' : 'done';
}

/** Nobody finds the room or enters it, and only who was given a voice speaks. What was said stays for who is a member. */
export async function closeRoom(parts: WatchParts, room: Room, signal: AbortSignal): Promise<Outcome> {
  return await change(parts, room, { [MODERATED]: '1', [MEMBERS_ONLY]: '1', [PUBLIC]: '0' }, signal);
}

/** The settings that were changed become what they were before. */
export async function reopenRoom(parts: WatchParts, room: Room, signal: AbortSignal): Promise<Outcome> {
  const { session, memory } = parts;
  const noted = memory.of(room.jid).before ?? {};
  const wanted = Object.keys(noted).length > 0 ? noted : { [MODERATED]: '0', [MEMBERS_ONLY]: '0', [PUBLIC]: '1' };
  const changed = await configure(session, room.jid, wanted, signal);
  memory.note(room.jid, { before: {} });
  await memory.flush();
  await room.refresh();
  const given = wanted[MODERATED] === '0' && (await giveRole(parts, room, 'visitor', 'participant', signal));
  return Object.keys(changed).length === 0 && !given ? 'already' : 'done';
}

async function change(parts: WatchParts, room: Room, wanted: RoomConfig, signal: AbortSignal): Promise<Outcome> {
  const { session, memory } = parts;
  const noted = memory.of(room.jid).before ?? {};
  let isNoted = false;
  const note = async (before: RoomConfig) => {
    memory.note(room.jid, { before: { ...before, ...noted } });
    await memory.flush();
    isNoted = true;
  };
  let changed: RoomConfig;
  try {
    // Before it is changed: a room that was closed must be possible to open again, whatever ends us in between. What was
    // noted first counts, as closing a room that was restricted keeps how it was before both.
    changed = await configure(session, room.jid, wanted, signal, note);
  } catch (error) {
    // Nothing was changed.
    if (!isNoted || conditionOf(error) !== undefined) memory.note(room.jid, { before: noted });
    throw error;
  }
  await room.refresh();
  return Object.keys(changed).length === 0 ? 'already' : 'done';
}

/**
 * @returns whether there was anybody
 * @throws VigieError when somebody could not be given it; all others have it then
 */
async function giveRole(
  parts: WatchParts,
  room: Room,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<boolean> {
  const them = room.occupants.all.filter(({ role, affiliation }) => role === from && affiliation === 'none');
  const errors: VigieError[] = [];
  let given = false;
  for (const { nick } of them) {
    const order = xml('query', { xmlns: NS.mucAdmin }, xml('item', { nick, role: to }));
    try {
      await parts.session.ask('set', room.jid, order, signal);
      given = true;
    } catch (error) {
      signal.throwIfAborted();
      if (conditionOf(error) === 'item-not-found') room.occupants.forget(nick);
      // Who has left meanwhile needs nothing.
      if (room.occupants.has(nick)) errors.push(VigieError.from(error));
    }
  }
  throwWorst(errors);
  return given;
}
