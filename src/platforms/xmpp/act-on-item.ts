import { type Element, xml } from '@xmpp/client';
import type { Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { throwWorst } from '../throw-worst.js';
import { addressOf } from './medium-ref.js';
import { NS } from './namespaces.js';
import type { Room } from './room.js';
import type { WatchParts } from './watch-parts.js';

const CONFIRM_MS = 5_000;

/**
 * Takes a message and all that took its place back, and then what was uploaded for it to this server.
 * @param stanzaId the room's id of the message
 * @throws VigieError as `Platform.act`; the uploads are taken down even when the message cannot be
 */
export async function removeItem(
  parts: WatchParts,
  room: Room,
  stanzaId: string,
  { target, message }: Order,
  signal: AbortSignal,
): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  const errors: VigieError[] = [];
  const attempt = async (act: () => Promise<Outcome>) => {
    try {
      outcomes.push(await act());
    } catch (error) {
      signal.throwIfAborted();
      errors.push(VigieError.from(error));
    }
  };
  for (const part of room.known.partsOf(stanzaId)) await attempt(() => takeBack(parts, room, part, message, signal));
  const shown = target.media.flatMap((medium) => addressOf(medium) ?? []);
  const addresses = new Set([...shown.filter((url) => parts.uploads.has(url)), ...room.known.uploadsOf(stanzaId)]);
  for (const url of addresses) await attempt(() => parts.uploads.remove(url, signal));
  throwWorst(errors);
  return outcomes.every((outcome) => outcome === 'already') ? 'already' : 'done';
}

async function takeBack(
  { session }: WatchParts,
  room: Room,
  stanzaId: string,
  message: string | null,
  signal: AbortSignal,
): Promise<Outcome> {
  if (room.known.isRemoved(stanzaId)) return 'already';
  const order = stanzaId.startsWith('~') ? undefined : moderation(room.features, stanzaId, message);
  if (order === undefined) throw new VigieError('act-unsupported', { detail: 'the room cannot be moderated' });
  await session.ask('set', room.jid, order, signal);
  if (!(await room.removal(stanzaId, CONFIRM_MS, signal))) throw new VigieError('act-unconfirmed');
  return 'done';
}

/** The request of XEP-0425, in the version that the room speaks. */
function moderation(features: ReadonlySet<string>, id: string, message: string | null): Element | undefined {
  const reason = message === null ? undefined : xml('reason', {}, message);
  if (features.has(NS.moderate)) {
    return xml('moderate', { xmlns: NS.moderate, id }, xml('retract', { xmlns: NS.retract }), reason);
  }
  if (!features.has(NS.moderateOld)) return undefined;
  const moderate = xml('moderate', { xmlns: NS.moderateOld }, xml('retract', { xmlns: NS.retractOld }), reason);
  return xml('apply-to', { xmlns: NS.fasten, id }, moderate);
}
