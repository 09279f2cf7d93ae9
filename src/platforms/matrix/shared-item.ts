import { createHash } from 'node:crypto';
import type { SharedItem } from '../../enforcement/platform.js';
import { contentOf } from './content-of.js';
import { isRedacted, type RoomEvent } from './room-event.js';

/** Longest name of a revision. */
const REVISION = 64;

/** Kinds of events that nothing can be shared with: keys, rights, marks. Everything else is looked at. */
const NOTHING_SHARED: ReadonlySet<string> = new Set([
  ...['m.room.create', 'm.room.power_levels', 'm.room.join_rules', 'm.room.history_visibility', 'm.room.guest_access'],
  ...['m.room.encryption', 'm.room.encrypted', 'm.room.server_acl', 'm.room.pinned_events', 'm.room.tombstone'],
  ...['m.room.redaction', 'm.room.canonical_alias', 'm.room.policy', 'm.space.child', 'm.space.parent'],
]);

const UNPUBLISHED = 'unpublished:';

/** How an event is called as an item that was refused before it was published: it is in no room. */
export function unpublishedId(event: string): string {
  return `${UNPUBLISHED}${event}`.slice(0, 255);
}

export function isUnpublished(item: string): boolean {
  return item.startsWith(UNPUBLISHED);
}

export interface Reading {
  readonly room: string;
  readonly surface: 'public' | 'private';
  readonly lane: 'live' | 'backfill';
  readonly seenAt: Date;
  readonly memberAvatars: boolean;
  /** The event that it stands in for, once it is known that this may be. */
  readonly root?: string | undefined;
}

/**
 * An event as something that was shared: its id is the item's; an edit is a revision of what it stands in for. The same
 * event is the same item, however it came to be known.
 * @returns undefined when nothing in it can be looked at
 */
export function sharedItemOf(event: RoomEvent, reading: Reading): SharedItem | undefined {
  const { room, surface, lane, seenAt, memberAvatars, root } = reading;
  const { type, event_id: id, sender, origin_server_ts: at, content } = event;
  if (isRedacted(event) || NOTHING_SHARED.has(type)) return undefined;
  if (type === 'm.room.member' && !memberAvatars) return undefined;
  const { text, links, media } = contentOf(content);
  if (text === '' && links.length === 0 && media.length === 0) return undefined;
  return {
    id: root ?? id,
    ...(root === undefined ? {} : { revision: revisionOf(id) }),
    ...{ account: sender, room, surface, seenAt, lane },
    ...(isTime(at) ? { sharedAt: new Date(at).toISOString() } : {}),
    ...(text === '' ? {} : { text }),
    ...(links.length === 0 ? {} : { links: links.map((url) => ({ url, from: 'entity' as const })) }),
    ...(media.length === 0 ? {} : { media }),
  };
}

function revisionOf(id: string): string {
  return id.length <= REVISION ? id : createHash('sha256').update(id).digest('hex');
}

/** A sender may claim any. */
function isTime(at: number): boolean {
  return at > 0 && at < 4_102_444_800_000;
}
