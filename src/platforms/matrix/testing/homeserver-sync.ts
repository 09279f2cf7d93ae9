import { type Content, type HomeserverWorld, toldOf, type WorldEvent, type WorldRoom } from './homeserver-world.js';

interface Filter {
  readonly room?: { readonly timeline?: { readonly limit?: number }; readonly state?: { readonly types?: string[] } };
}

export interface SyncQuestion {
  readonly user: string;
  /** Undefined for the first. */
  readonly since: number | undefined;
  readonly filter: Filter;
  /** Most events of a room, less than the client asks for where that is to be seen. */
  readonly most: number;
}

/** What a sync tells; undefined when nothing is new. */
export function syncOf(world: HomeserverWorld, question: SyncQuestion): Content | undefined {
  const { user, since } = question;
  const [join, leave, invite] = [{}, {}, {}] as [
    Record<string, unknown>,
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  for (const room of world.rooms.values()) {
    const mine = room.membership(user);
    if (mine === undefined) continue;
    const isNew = since === undefined || mine.at > since;
    const membership = mine.content['membership'];
    if (membership === 'join') {
      const told = joined(room, question, since === undefined || mine.at > since ? undefined : since);
      if (told !== undefined) join[room.id] = told;
    } else if (membership === 'invite' && isNew) {
      invite[room.id] = { invite_state: { events: [stripped(mine)] } };
    } else if (since !== undefined && mine.at > since) {
      const events = room.events.filter(({ at }) => at > since && at <= mine.at).map(toldOf);
      leave[room.id] = { state: { events: [] }, timeline: { events, limited: false } };
    }
  }
  const nothing = [join, leave, invite].every((each) => Object.keys(each).length === 0);
  if (nothing && since !== undefined) return undefined;
  return { next_batch: `s${world.at}`, rooms: { join, leave, invite } };
}

function joined(room: WorldRoom, { filter, most }: SyncQuestion, since: number | undefined): Content | undefined {
  const fresh = room.events.filter(({ at }) => since === undefined || at > since);
  if (fresh.length === 0) return undefined;
  const limit = Math.min(filter.room?.timeline?.limit ?? 10, most);
  const events = fresh.slice(-limit);
  const limited = fresh.length > events.length;
  const before = (events[0]?.at ?? 1) - 1;
  const types = filter.room?.state?.types;
  const isWanted = (event: WorldEvent) => event.state_key !== undefined && (types?.includes(event.type) ?? true);
  const left = since === undefined ? room.allState.filter(({ at }) => at <= before) : fresh.slice(0, -events.length);
  return {
    state: { events: left.filter(isWanted).map(toldOf) },
    timeline: { events: events.map(toldOf), limited, prev_batch: `s${before}` },
  };
}

function stripped({ type, sender, content, state_key }: WorldEvent): Content {
  return { type, sender, content, state_key };
}

/** A page of a room's past, newest first. */
export function pageOf(room: WorldRoom, from: number, to: number, limit: number): Content {
  const older = room.events.filter(({ at }) => at <= from && at > to).reverse();
  const chunk = older.slice(0, limit);
  const last = chunk.at(-1);
  return {
    start: `s${from}`,
    chunk: chunk.map(toldOf),
    ...(older.length > chunk.length && last !== undefined ? { end: `s${last.at - 1}` } : {}),
  };
}
