import { setMaxListeners } from 'node:events';
import type { Act, Order, Outcome } from '../../enforcement/acts.js';
import type { Platform, PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { withoutSlash } from '../../net/base-url.js';
import { persist } from '../persist.js';
import { setBan } from './act-on-account.js';
import { removeEvent } from './act-on-event.js';
import { closeRoom, reopenRoom, restrictRoom } from './act-on-room.js';
import { Gaps } from './gaps.js';
import { MatrixApi } from './matrix-api.js';
import { MatrixMemory } from './matrix-memory.js';
import { actError, MatrixRefusal } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';
import { Reports } from './reports.js';
import { RoomFacts } from './room-facts.js';
import { RoomReader } from './room-reader.js';
import { Rooms } from './rooms.js';
import { tellAuthor, tellRoom } from './say.js';
import type { MatrixCredentials, MatrixSettings } from './settings.js';
import { sync } from './sync.js';

/** An account on a homeserver of Matrix, and the rooms that it is in. */
export class MatrixConnection implements Platform {
  readonly acts: ReadonlySet<Act> = new Set<Act>([
    ...(['remove', 'restrict-room', 'close-room', 'reopen-room'] as const),
    ...(['suspend-account', 'reinstate-account', 'notify-author', 'notify-room'] as const),
  ]);
  readonly #settings: MatrixSettings;
  readonly #house: PlatformHouse;
  readonly #api: MatrixApi;
  #running: MatrixParts | undefined;

  constructor(settings: MatrixSettings, { token }: MatrixCredentials, house: PlatformHouse) {
    this.#settings = settings;
    this.#house = house;
    this.#api = apiOf(settings, token, house);
  }

  /** @inheritdoc */
  async run(intake: PlatformIntake, signal: AbortSignal): Promise<void> {
    try {
      await this.#run(intake, signal);
    } catch (error) {
      // To be aborted is how it ends.
      if (signal.aborted) return;
      if (!(error instanceof MatrixRefusal)) throw error;
      throw new VigieError('platform-refused', { detail: error.errcode });
    }
  }

  /** @inheritdoc */
  async act(order: Order, outer: AbortSignal): Promise<Outcome> {
    const parts = this.#running;
    if (parts === undefined) throw new VigieError('platform-unreachable', { detail: 'not connected' });
    const signal = AbortSignal.any([outer, parts.signal]);
    setMaxListeners(0, signal);
    try {
      return await carry(parts, order, signal);
    } catch (error) {
      throw actError(error);
    }
  }

  async #run(intake: PlatformIntake, outer: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    setMaxListeners(0, signal);
    const { now, logger } = this.#house;
    const settings = this.#settings;
    const again = (error: VigieError) => logger.warn({ code: error.code }, 'the homeserver is tried again');
    const self = await persist(() => whoAmI(this.#api, signal), signal, again);
    const memory = new MatrixMemory(intake);
    const facts = new RoomFacts({ api: this.#api, openRooms: new Set(settings.openRooms), now });
    const adminUrl = withoutSlash(settings.adminUrl === '' ? settings.baseUrl : settings.adminUrl);
    const parts = { settings, house: this.#house, intake, memory, api: this.#api, facts, self, adminUrl, signal };
    const reader = new RoomReader(parts);
    const [rooms, gaps, reports] = [new Rooms(parts), new Gaps(parts, reader), new Reports(parts, reader)];
    this.#running = parts;
    const work = [
      sync({
        ...{ parts, reader, room: (room) => rooms.seen(room), gaps: () => gaps.nudge() },
        invited: (room, told) => rooms.invited(room, told),
        event: async (room, event) => {
          if (event.type === 'm.room.power_levels') rooms.check(room);
          if (event.type === 'm.room.tombstone') await rooms.moved(event);
          await reports.take(room, event);
        },
      }),
      ...[rooms.run(), gaps.run(), reports.run()],
    ];
    // The first that fails ends the others, and all of them are waited for.
    for (const each of work) each.catch((error: unknown) => ended.abort(error));
    try {
      await Promise.all(work);
    } finally {
      this.#running = undefined;
      await Promise.allSettled([...work, rooms.settle()]);
      await memory.flush().catch(() => undefined);
    }
  }
}

export function apiOf(
  { baseUrl }: Pick<MatrixSettings, 'baseUrl'>,
  token: string,
  { client, now }: Pick<PlatformHouse, 'client' | 'now'>,
): MatrixApi {
  return new MatrixApi({ baseUrl: withoutSlash(baseUrl), token, client }, now);
}

/** The account that a token is of. @throws VigieError as `MatrixApi.ask` */
export async function whoAmI(api: MatrixApi, signal: AbortSignal): Promise<string> {
  const { user_id: self } = await api.ask('account', { path: '/_matrix/client/v3/account/whoami' }, signal);
  if (typeof self !== 'string') throw new VigieError('platform-malformed', { detail: 'no account' });
  return self;
}

async function carry(parts: MatrixParts, order: Order, signal: AbortSignal): Promise<Outcome> {
  switch (order.act) {
    case 'remove':
      return await removeEvent(parts, order, signal);
    case 'suspend-account':
      return await setBan(parts, order, true, signal);
    case 'reinstate-account':
      return await setBan(parts, order, false, signal);
    case 'restrict-room':
      return await restrictRoom(parts, roomOf(order), signal);
    case 'close-room':
      return await closeRoom(parts, roomOf(order), signal);
    case 'reopen-room':
      return await reopenRoom(parts, roomOf(order), signal);
    case 'notify-room':
      return await tellRoom(parts, order, signal);
    case 'notify-author':
      return await tellAuthor(parts, order, signal);
    default:
      throw new VigieError('act-unsupported', { detail: 'Matrix has no way of it' });
  }
}

function roomOf({ target: { room } }: Order): string {
  if (room === null) throw new VigieError('act-unsupported', { detail: 'no room' });
  return room;
}
