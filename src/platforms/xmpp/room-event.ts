import type { Element } from '@xmpp/client';
import { bareOf, resourceOf } from './jids.js';
import { NS } from './namespaces.js';

/** Something that was said in a room. */
export interface Said {
  readonly kind: 'said';
  /** The room's own id of it (XEP-0359); undefined in a room without an archive. */
  readonly stanzaId: string | undefined;
  /** The sender's own id of it. */
  readonly sentId: string | undefined;
  readonly nick: string;
  /** Who it is behind the nick, as far as the room tells: an id of the room's, or the address. */
  readonly sender: string;
  /** The room's id of them (XEP-0421), where it gives them. */
  readonly occupantId: string | undefined;
  readonly account: string | undefined;
  readonly at: Date | undefined;
  /** The sender's id of an earlier message that this one takes the place of (XEP-0308). */
  readonly replaces: string | undefined;
  readonly message: Element;
}

/** What a message from a room means. */
export type RoomEvent =
  | Said
  /** A moderator took a message back (XEP-0425). */
  | { readonly kind: 'moderated'; readonly stanzaId: string; readonly by: string | undefined }
  /** In an archive: what is left of a message that was taken back. */
  | { readonly kind: 'tombstone'; readonly stanzaId: string }
  /** The settings of the room may have changed. */
  | { readonly kind: 'configured' }
  | { readonly kind: 'other' };

export interface Source {
  readonly room: string;
  /** Whether ids with the room's name can be believed: it then lets nobody else write them. */
  readonly givesIds: boolean;
  /** From its archive: the id that it lies under there, and when it was said. */
  readonly archived?: { readonly id: string; readonly at: Date | undefined };
}

/** Reads a message that came from a room or from its archive. */
export function roomEventOf(message: Element, { room, givesIds, archived }: Source): RoomEvent {
  const from = message.attrs['from'] ?? '';
  if (bareOf(from) !== room || message.attrs['type'] !== 'groupchat') return { kind: 'other' };
  const nick = resourceOf(from);
  // Only the room itself has no nick; what somebody in it says of moderation is a text like others.
  if (nick === '') return ownEvent(message);
  if (archived !== undefined && isTombstone(message)) return { kind: 'tombstone', stanzaId: archived.id };
  const delay = message.getChild('delay', NS.delay)?.attrs['stamp'];
  const account = accountOf(message);
  const occupantId = message.getChild('occupant-id', NS.occupantId)?.attrs['id'];
  return {
    kind: 'said',
    stanzaId: archived?.id ?? (givesIds ? stanzaIdOf(message, room) : undefined),
    sentId: message.attrs['id'],
    nick,
    sender: occupantId ?? account ?? nick,
    occupantId,
    account,
    at: archived === undefined ? dateOf(delay) : archived.at,
    replaces: message.getChild('replace', NS.correct)?.attrs['id'],
    message,
  };
}

function ownEvent(message: Element): RoomEvent {
  const { id: fastened } = message.getChild('apply-to', NS.fasten)?.attrs ?? {};
  const old = message.getChild('apply-to', NS.fasten)?.getChild('moderated', NS.moderateOld);
  if (fastened !== undefined && old?.getChild('retract', NS.retractOld) !== undefined) {
    return { kind: 'moderated', stanzaId: fastened, by: old.attrs['by'] };
  }
  const retract = message.getChild('retract', NS.retract);
  const moderated = retract?.getChild('moderated', NS.moderate);
  if (retract?.attrs['id'] !== undefined && moderated !== undefined) {
    return { kind: 'moderated', stanzaId: retract.attrs['id'], by: moderated.attrs['by'] };
  }
  const statuses = message.getChild('x', NS.mucUser)?.getChildren('status') ?? [];
  return { kind: statuses.length > 0 ? 'configured' : 'other' };
}

/** A message that still says something is not one, whatever it says of itself. */
function isTombstone(message: Element): boolean {
  const marks = [message.getChild('moderated', NS.moderateOld), message.getChild('retracted', NS.retract)];
  if (marks.every((mark) => mark === undefined)) return false;
  const known = new Set(['moderated', 'retracted', 'stanza-id', 'occupant-id', 'origin-id', 'x']);
  return message.getChildElements().every((child) => known.has(child.name) && child.getChild('url') === undefined);
}

function stanzaIdOf(message: Element, room: string): string | undefined {
  return message.getChildren('stanza-id', NS.stanzaId).find(({ attrs }) => attrs['by'] === room)?.attrs['id'];
}

function accountOf(message: Element): string | undefined {
  const jid = message.getChild('x', NS.mucUser)?.getChild('item')?.attrs['jid'];
  return jid === undefined ? undefined : bareOf(jid);
}

export function dateOf(stamp: string | undefined): Date | undefined {
  const date = new Date(stamp ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}
