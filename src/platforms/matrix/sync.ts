import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { Slots } from '../../runtime/slots.js';
import { persist } from '../persist.js';
import type { Json } from './matrix-api.js';
import type { Gap } from './matrix-memory.js';
import { MatrixRefusal } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';
import type { RoomEvent } from './room-event.js';
import type { RoomReader } from './room-reader.js';

/** How long the homeserver may wait for something to tell, milliseconds. */
const WAIT_MS = 30_000;
/** Rooms that are taken in at the same time. */
const AT_ONCE = 16;
const DAY_MS = 86_400_000;

const NOTHING = { not_types: ['*'] };
/** @param limit most events of a room that are told at once; the others are read as gaps */
const filter = (limit: number) =>
  JSON.stringify({
    presence: NOTHING,
    account_data: NOTHING,
    room: {
      timeline: { limit, lazy_load_members: true },
      state: {
        lazy_load_members: true,
        types: ['m.room.avatar', 'm.room.name', 'm.room.topic', 'm.room.join_rules', 'm.room.history_visibility'],
      },
      ephemeral: NOTHING,
      account_data: NOTHING,
    },
  });
/** The first tells of all rooms in one answer. */
const FIRST = { filter: filter(20), timeout: '0' };
const NEXT = { filter: filter(100), timeout: String(WAIT_MS) };

const events = z.object({ events: z.array(z.unknown()).catch([]) }).catch({ events: [] });
const roomShape = z.object({
  state: events,
  timeline: z.object({
    events: z.array(z.unknown()).catch([]),
    limited: z.boolean().catch(false),
    prev_batch: z.string().optional().catch(undefined),
  }),
});
const syncShape = z.object({
  next_batch: z.string().min(1).max(10_000),
  rooms: z
    .object({
      join: z.record(z.string(), z.unknown()).catch({}),
      leave: z.record(z.string(), z.unknown()).catch({}),
      invite: z.record(z.string(), z.unknown()).catch({}),
    })
    .catch({ join: {}, leave: {}, invite: {} }),
});

type Synced = z.output<typeof syncShape>;

export interface SyncOptions {
  readonly parts: MatrixParts;
  readonly reader: RoomReader;
  /** Told of each room that something is heard of, and of each event of somebody else that has just been said. */
  readonly room: (room: string) => void;
  readonly event: (room: string, event: RoomEvent) => Promise<void>;
  readonly invited: (room: string, invitation: unknown) => Promise<void>;
  /** There are gaps to fill. */
  readonly gaps: () => void;
}

/**
 * Asks for what is new until it is aborted. How far it came moves only after all of it was stored, so that what was not
 * is told again after a restart; what the homeserver leaves out in between is noted as gaps.
 * @throws VigieError `platform-refused`, `platform-unreachable`, `platform-malformed`, `platform-busy`; the signal's reason
 */
export async function sync(options: SyncOptions): Promise<void> {
  const { memory, intake, signal, house } = options.parts;
  for (;;) {
    const since = memory.next;
    const waiting = (error: VigieError) => house.logger.warn({ code: error.code }, 'the homeserver is tried again');
    const told = await persist(() => ask(options.parts, since), signal, waiting);
    intake.heard();
    const gaps = await takeAll(told.said, told.anew ? undefined : since, options);
    for (const { room } of memory.reached(told.said.next_batch, gaps)) {
      await intake.trouble({ code: 'history-not-seen', room });
    }
    if (since === undefined || told.anew) await memory.flush();
    if (gaps.length > 0) options.gaps();
  }
}

async function ask(
  { api, signal, house }: MatrixParts,
  since: string | undefined,
): Promise<{ readonly said: Synced; readonly anew: boolean }> {
  const call = (more: Readonly<Record<string, string>>, waitMs: number) =>
    api.ask('sync', { path: '/_matrix/client/v3/sync', query: { set_presence: 'offline', ...more }, waitMs }, signal);
  if (since === undefined) return { said: read(await call(FIRST, WAIT_MS)), anew: true };
  try {
    return { said: read(await call({ since, ...NEXT }, WAIT_MS)), anew: false };
  } catch (error) {
    if (!(error instanceof MatrixRefusal)) throw error;
    // It does not know the place any more: the last days of each room are read again.
    house.logger.warn({ code: 'platform-malformed' }, 'the homeserver has forgotten where we were');
    return { said: read(await call(FIRST, WAIT_MS)), anew: true };
  }
}

function read(said: Json): Synced {
  const { data } = syncShape.safeParse(said);
  if (data === undefined) throw new VigieError('platform-malformed', { detail: 'no answer to a sync' });
  return data;
}

/** @returns what was left out */
async function takeAll({ rooms }: Synced, since: string | undefined, options: SyncOptions): Promise<readonly Gap[]> {
  const { parts, invited } = options;
  const slots = new Slots(AT_ONCE);
  const gaps: Gap[] = [];
  const joined = Object.entries(rooms.join).map(([room, told]) =>
    slots.with(parts.signal, async () => {
      const gap = await takeRoom(room, told, since, options);
      if (gap !== undefined) gaps.push(gap);
    }),
  );
  const left = Object.entries(rooms.leave).map(([room, told]) =>
    slots.with(parts.signal, () => leave(room, told, since, options)),
  );
  const invitations = Object.entries(rooms.invite).map(([room, told]) =>
    slots.with(parts.signal, () => invited(room, told)),
  );
  const ended = await Promise.allSettled([...joined, ...left, ...invitations]);
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return gaps;
}

/** @returns what was left out between what was known of the room and what is told now */
async function takeRoom(
  room: string,
  told: unknown,
  since: string | undefined,
  options: SyncOptions,
): Promise<Gap | undefined> {
  const { parts, reader } = options;
  const { memory, intake, settings, house } = parts;
  const said = roomShape.safeParse(told).data;
  if (room.length > 255 || said === undefined) {
    await intake.trouble({ code: 'event-malformed' });
    return undefined;
  }
  const known = memory.room(room);
  if (known?.direct === true) return undefined;
  if (known === undefined) {
    memory.noteRoom(room, {});
    await intake.settled({ code: 'room-left', room });
  }
  options.room(room);
  const { events: all, limited, prev_batch: before } = said.timeline;
  const goesOn = since !== undefined && known !== undefined;
  const lane = goesOn ? 'live' : 'backfill';
  const until = house.now() - settings.backfillDays * DAY_MS;
  for (const each of said.state.events) await reader.take(room, each, lane);
  for (const each of all) {
    const event = await reader.take(room, each, lane);
    if (event !== undefined && goesOn) await options.event(room, event);
  }
  if (before === undefined || (goesOn && !limited)) return undefined;
  if (goesOn) return { room, from: before, to: since, lane };
  return settings.backfillDays === 0 ? undefined : { room, from: before, until, lane };
}

/** The bot was put out of a room, or the room was closed: a person must know, as nothing more is seen there. */
async function leave(room: string, told: unknown, since: string | undefined, { parts, reader }: SyncOptions) {
  const { memory, intake } = parts;
  if (memory.room(room) === undefined || since === undefined) return;
  const said = roomShape.safeParse(told).data;
  if (memory.room(room)?.direct !== true) {
    for (const each of said?.timeline.events ?? []) await reader.take(room, each, 'live');
    await intake.trouble({ code: 'room-left', room });
  }
  memory.forgetRoom(room);
}
