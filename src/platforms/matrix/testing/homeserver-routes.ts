import { z } from 'zod';
import { pageOf } from './homeserver-sync.js';
import {
  type Content,
  Denied,
  type HomeserverWorld,
  toldOf,
  type WorldEvent,
  type WorldRoom,
} from './homeserver-world.js';

export interface Asked {
  readonly world: HomeserverWorld;
  readonly user: string;
  readonly isAdmin: boolean;
  /** What stands in the path, unescaped. */
  readonly at: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Content;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: RegExp;
  readonly answer: (asked: Asked) => Content;
}

const ROOM = '/_matrix/client/v3/rooms/([^/]+)';
const to = (text: string) => new RegExp(`^${text}$`);

/** What is asked of the homeserver beside syncs and media; strict about rights and about what is sent. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: to('/_matrix/client/v3/account/whoami'), answer: ({ user }) => ({ user_id: user }) },
  {
    method: 'GET',
    path: to('/_matrix/client/v3/joined_rooms'),
    answer: ({ world, user }) => ({
      joined_rooms: [...world.rooms.values()].filter((room) => room.isIn(user)).map(({ id }) => id),
    }),
  },
  {
    method: 'POST',
    path: to('/_matrix/client/v3/join/([^/]+)'),
    answer: ({ world, user, at: [name = ''] }) => {
      const room = world.rooms.get(world.aliases.get(name) ?? name);
      if (room === undefined) throw new Denied(404, 'M_NOT_FOUND');
      const before = room.membership(user)?.content['membership'];
      const open = room.state('m.room.join_rules')?.content['join_rule'] === 'public';
      if (before === 'ban' || (before !== 'invite' && before !== 'join' && !open)) throw new Denied(403, 'M_FORBIDDEN');
      if (before !== 'join') world.join(room, user);
      return { room_id: room.id };
    },
  },
  {
    method: 'POST',
    path: to('/_matrix/client/v3/createRoom'),
    answer: ({ world, user, body }) => {
      const shape = { is_direct: z.boolean(), preset: z.enum(['trusted_private_chat']), invite: z.array(z.string()) };
      const { invite } = checked(z.strictObject(shape), body);
      const room = world.room(`made${world.rooms.size}`, { by: user, rule: 'invite' });
      for (const guest of invite) world.state(room, user, 'm.room.member', guest, { membership: 'invite' });
      return { room_id: room.id };
    },
  },
  {
    method: 'GET',
    path: to(`${ROOM}/messages`),
    answer: (asked) => {
      const { query } = asked;
      if (query.get('dir') !== 'b') throw new Denied(400, 'M_INVALID_PARAM');
      const limit = Math.min(100, Number(query.get('limit') ?? 10));
      const until = query.get('to');
      return pageOf(roomOf(asked), placeOf(query.get('from')), until === null ? 0 : placeOf(until), limit);
    },
  },
  { method: 'GET', path: to(`${ROOM}/event/([^/]+)`), answer: (asked) => toldOf(eventOf(asked)) },
  {
    method: 'GET',
    path: to('/_matrix/client/v1/rooms/([^/]+)/relations/([^/]+)/m.replace'),
    answer: (asked) => {
      const { event_id: target, sender } = eventOf(asked);
      const edits = roomOf(asked).events.filter((event) => {
        const relation = event.content['m.relates_to'] as Content | undefined;
        return relation?.['rel_type'] === 'm.replace' && relation['event_id'] === target && event.sender === sender;
      });
      return { chunk: edits.map(toldOf) };
    },
  },
  {
    method: 'GET',
    path: to(`${ROOM}/state/([^/]+)(?:/([^/]*))?`),
    answer: (asked) => {
      const { at, query } = asked;
      const found = roomOf(asked).state(at[1] ?? '', at[2] ?? '');
      if (found === undefined) throw new Denied(404, 'M_NOT_FOUND');
      return query.get('format') === 'event' ? toldOf(found) : found.content;
    },
  },
  {
    method: 'PUT',
    path: to(`${ROOM}/state/([^/]+)`),
    answer: (asked) => {
      const { world, user, body, at } = asked;
      const room = roomOf(asked);
      const type = at[1] ?? '';
      need(room, user, room.neededFor(type, true));
      return { event_id: world.state(room, user, type, '', body).event_id };
    },
  },
  {
    method: 'PUT',
    path: to(`${ROOM}/send/([^/]+)/([^/]+)`),
    answer: (asked) => {
      const { world, user, body, at } = asked;
      const room = roomOf(asked);
      need(room, user, room.neededFor(at[1] ?? '', false));
      return { event_id: world.post(room, user, at[1] ?? '', body).event_id };
    },
  },
  {
    method: 'PUT',
    path: to(`${ROOM}/redact/([^/]+)/([^/]+)`),
    answer: (asked) => {
      const { world, user, body } = asked;
      const room = roomOf(asked);
      const target = eventOf(asked);
      need(room, user, room.neededFor('m.room.redaction', false));
      if (target.sender !== user) need(room, user, room.toRedact);
      const { reason } = checked(z.strictObject({ reason: z.string().optional() }), body);
      return { event_id: world.redact(room, user, target, reason).event_id };
    },
  },
  { method: 'POST', path: to(`${ROOM}/ban`), answer: (asked) => setMembership(asked, 'ban') },
  { method: 'POST', path: to(`${ROOM}/unban`), answer: (asked) => setMembership(asked, 'leave') },
  {
    method: 'GET',
    path: to('/_matrix/client/v3/user/([^/]+)/account_data/([^/]+)'),
    answer: (asked) => {
      const found = asked.world.accountData.get(ownData(asked));
      if (found === undefined) throw new Denied(404, 'M_NOT_FOUND');
      return found;
    },
  },
  {
    method: 'PUT',
    path: to('/_matrix/client/v3/user/([^/]+)/account_data/([^/]+)'),
    answer: (asked) => {
      asked.world.accountData.set(ownData(asked), asked.body);
      return {};
    },
  },
  {
    method: 'GET',
    path: to('/_synapse/admin/v1/users/([^/]+)/admin'),
    answer: ({ isAdmin }) => {
      if (!isAdmin) throw new Denied(403, 'M_FORBIDDEN');
      return { admin: true };
    },
  },
  {
    method: 'POST',
    path: to('/_synapse/admin/v1/media/quarantine/([^/]+)/([^/]+)'),
    answer: ({ world, isAdmin, at: [server = '', id = ''] }) => {
      if (!isAdmin) throw new Denied(403, 'M_FORBIDDEN');
      const medium = world.media.get(`mxc://${server}/${id}`);
      if (medium !== undefined) medium.quarantined = true;
      return {};
    },
  },
  {
    method: 'GET',
    path: to('/_synapse/admin/v1/event_reports'),
    answer: ({ world, isAdmin, query }) => {
      if (!isAdmin) throw new Denied(403, 'M_FORBIDDEN');
      const [from, limit] = [Number(query.get('from') ?? 0), Number(query.get('limit') ?? 100)];
      const newest = [...world.reports].sort((a, b) => b.id - a.id);
      return { event_reports: newest.slice(from, from + limit), total: newest.length };
    },
  },
];

export function placeOf(token: string | null): number {
  const [, place] = /^s(\d+)$/.exec(token ?? '') ?? [];
  if (place === undefined) throw new Denied(400, 'M_UNKNOWN');
  return Number(place);
}

/** A room, for whoever is or was in it. */
function roomOf({ world, user, at }: Asked): WorldRoom {
  const room = world.rooms.get(at[0] ?? '');
  const membership = room?.membership(user)?.content['membership'];
  if (room === undefined || (membership !== 'join' && membership !== 'leave')) throw new Denied(403, 'M_FORBIDDEN');
  return room;
}

function eventOf(asked: Asked): WorldEvent {
  const found = roomOf(asked).events.find(({ event_id }) => event_id === asked.at[1]);
  if (found === undefined) throw new Denied(404, 'M_NOT_FOUND');
  return found;
}

function need(room: WorldRoom, user: string, level: number): void {
  if (!room.isIn(user) || room.levelOf(user) < level) throw new Denied(403, 'M_FORBIDDEN');
}

function setMembership(asked: Asked, membership: 'ban' | 'leave'): Content {
  const { world, user, body } = asked;
  const room = roomOf(asked);
  const shape = z.strictObject({ user_id: z.string(), reason: z.string().optional() });
  const { user_id: about } = checked(shape, body);
  need(room, user, room.toBan);
  if (room.levelOf(about) >= room.levelOf(user)) throw new Denied(403, 'M_FORBIDDEN');
  const banned = room.membership(about)?.content['membership'] === 'ban';
  if (membership === 'leave' && !banned) throw new Denied(403, 'M_FORBIDDEN');
  world.state(room, user, 'm.room.member', about, { membership });
  return {};
}

function ownData({ user, at: [whose = '', type = ''] }: Asked): string {
  if (whose !== user) throw new Denied(403, 'M_FORBIDDEN');
  return type;
}

function checked<S extends z.ZodType>(shape: S, body: unknown): z.output<S> {
  const { success, data } = shape.safeParse(body);
  if (!success) throw new Denied(400, 'M_BAD_JSON');
  return data;
}
