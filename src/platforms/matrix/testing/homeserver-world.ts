import { randomBytes } from 'node:crypto';

/** Rooms, events and media of a homeserver, by the rules of Matrix as far as a moderator meets them. */

export type Content = Readonly<Record<string, unknown>>;

export interface WorldEvent {
  readonly type: string;
  readonly event_id: string;
  readonly room_id: string;
  readonly sender: string;
  readonly origin_server_ts: number;
  content: Content;
  readonly state_key?: string;
  readonly redacts?: string;
  unsigned?: { readonly redacted_because: WorldEvent };
  /** Its place in the order of everything. */
  readonly at: number;
}

export class Denied extends Error {
  readonly status: number;
  readonly errcode: string;

  constructor(status: number, errcode: string) {
    super(`${status} ${errcode}`);
    this.status = status;
    this.errcode = errcode;
  }
}

export interface WorldMedium {
  readonly bytes: Buffer;
  quarantined: boolean;
}

interface Power {
  readonly users?: Readonly<Record<string, number>>;
  readonly users_default?: number;
  readonly events?: Readonly<Record<string, number>>;
  readonly events_default?: number;
  readonly state_default?: number;
  readonly redact?: number;
  readonly ban?: number;
}

export class WorldRoom {
  readonly id: string;
  readonly version: string;
  readonly events: WorldEvent[] = [];
  readonly #state = new Map<string, WorldEvent>();

  constructor(id: string, version: string) {
    this.id = id;
    this.version = version;
  }

  add(event: WorldEvent): void {
    this.events.push(event);
    if (event.state_key !== undefined) this.#state.set(`${event.type} ${event.state_key}`, event);
  }

  state(type: string, key = ''): WorldEvent | undefined {
    return this.#state.get(`${type} ${key}`);
  }

  get allState(): readonly WorldEvent[] {
    return [...this.#state.values()];
  }

  membership(user: string): WorldEvent | undefined {
    return this.state('m.room.member', user);
  }

  isIn(user: string): boolean {
    return this.membership(user)?.content['membership'] === 'join';
  }

  levelOf(user: string): number {
    const power = this.#power;
    return power.users?.[user] ?? power.users_default ?? 0;
  }

  /** What is needed to send an event of a type. */
  neededFor(type: string, isState: boolean): number {
    const { events, events_default: message = 0, state_default: state = 50 } = this.#power;
    return events?.[type] ?? (isState ? state : message);
  }

  get toRedact(): number {
    return this.#power.redact ?? 50;
  }

  get toBan(): number {
    return this.#power.ban ?? 50;
  }

  get #power(): Power {
    return (this.state('m.room.power_levels')?.content ?? {}) as Power;
  }
}

export class HomeserverWorld {
  readonly name = 'hs.example';
  readonly rooms = new Map<string, WorldRoom>();
  readonly aliases = new Map<string, string>();
  readonly media = new Map<string, WorldMedium>();
  readonly accountData = new Map<string, Content>();
  readonly reports: { id: number; room_id: string; event_id: string; user_id: string; reason: string }[] = [];
  /** Told of every change. */
  changed: () => void = () => undefined;
  /** Milliseconds since 1970, replaceable. */
  now: () => number = Date.now;
  #at = 0;

  /** The newest place in the order of everything. */
  get at(): number {
    return this.#at;
  }

  /** Makes a public room whose maker stands at 100; `admins` at 100 too, and they are in it. */
  room(
    name: string,
    { by = '@owner:hs.example', admins = [], rule = 'public', version = '11' }: Partial<RoomOrder> = {},
  ): WorldRoom {
    const room = new WorldRoom(`!${name}:${this.name}`, version);
    this.rooms.set(room.id, room);
    this.aliases.set(`#${name}:${this.name}`, room.id);
    this.state(room, by, 'm.room.create', '', { room_version: version });
    this.join(room, by);
    const users = Object.fromEntries([by, ...admins].map((user) => [user, 100]));
    this.state(room, by, 'm.room.power_levels', '', { users, redact: 50, ban: 50, events: { 'm.room.name': 50 } });
    this.state(room, by, 'm.room.join_rules', '', { join_rule: rule });
    for (const admin of admins) this.join(room, admin);
    return room;
  }

  join(room: WorldRoom, user: string): WorldEvent {
    return this.state(room, user, 'm.room.member', user, { membership: 'join' });
  }

  /** Adds an event without asking whether it may be. */
  post(room: WorldRoom, sender: string, type: string, content: Content, more: Partial<WorldEvent> = {}): WorldEvent {
    const event: WorldEvent = {
      ...{ type, event_id: `$${randomBytes(32).toString('base64url')}`, room_id: room.id, sender, content },
      ...{ origin_server_ts: this.now(), ...more, at: ++this.#at },
    };
    room.add(event);
    this.changed();
    return event;
  }

  state(room: WorldRoom, sender: string, type: string, key: string, content: Content): WorldEvent {
    return this.post(room, sender, type, content, { state_key: key });
  }

  upload(bytes: Buffer, server = this.name): string {
    const mxc = `mxc://${server}/${randomBytes(12).toString('hex')}`;
    this.media.set(mxc, { bytes, quarantined: false });
    return mxc;
  }

  redact(room: WorldRoom, sender: string, target: WorldEvent, reason?: string): WorldEvent {
    const newer = Number(room.version) >= 11;
    const said = reason === undefined ? {} : { reason };
    const event = this.post(
      room,
      sender,
      'm.room.redaction',
      { ...said, ...(newer ? { redacts: target.event_id } : {}) },
      newer ? {} : { redacts: target.event_id },
    );
    target.content = target.type === 'm.room.member' ? { membership: target.content['membership'] } : {};
    target.unsigned = { redacted_because: event };
    return event;
  }
}

interface RoomOrder {
  readonly by: string;
  readonly admins: readonly string[];
  readonly rule: string;
  readonly version: string;
}

/** An event as clients are told of it. */
export function toldOf({ at: _at, ...event }: WorldEvent): Content {
  const { unsigned } = event;
  if (unsigned === undefined) return event;
  return { ...event, unsigned: { redacted_because: toldOf(unsigned.redacted_because) } };
}
