import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { type Json, path } from './matrix-api.js';
import { MatrixRefusal } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';
import { missingRights } from './rights.js';
import type { RoomEvent } from './room-event.js';
import { serverOf } from './server-of.js';

/** Between two looks at the rooms that are to be joined, milliseconds. */
const LOOK_MS = 60_000;
const MOST_CHECKED = 5_000;
const MOST_CHECKS = 8;

const invitationShape = z.object({
  invite_state: z.object({ events: z.array(z.unknown()) }),
});
const memberShape = z.object({
  type: z.literal('m.room.member'),
  state_key: z.string(),
  sender: z.string(),
  content: z.object({ membership: z.literal('invite') }),
});

/** Which rooms the bot is in, and whether it may do there what it is there for. */
export class Rooms {
  readonly #parts: MatrixParts;
  /** Ids by the names in the settings. */
  readonly #ids = new Map<string, string>();
  readonly #checked = new Set<string>();
  readonly #checks = new Map<string, Promise<void>>();

  constructor(parts: MatrixParts) {
    this.#parts = parts;
  }

  /** Joins the rooms of the settings, and again those that it fell out of, until it is aborted. */
  async run(): Promise<void> {
    const { signal, settings, house } = this.#parts;
    if (settings.rooms.length === 0) return;
    for (;;) {
      await this.#joinAll().catch((error: unknown) => {
        signal.throwIfAborted();
        if (error instanceof VigieError && error.code === 'platform-refused') throw error;
        house.logger.warn({ code: VigieError.from(error).code }, 'the rooms to join were not found out');
      });
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  /** Takes an invitation by somebody of a server that may invite. */
  async invited(room: string, told: unknown): Promise<void> {
    const { self, settings } = this.#parts;
    const events = invitationShape.safeParse(told).data?.invite_state.events ?? [];
    const by = events
      .map((event) => memberShape.safeParse(event).data)
      .find((member) => member?.state_key === self)?.sender;
    const server = by === undefined ? undefined : serverOf(by);
    const allowed = server !== undefined && settings.acceptInvitesFrom.includes(server);
    if (allowed || settings.rooms.includes(room)) await this.#join(room, server);
  }

  /** Follows a room to the one that takes its place. */
  async moved({ content, sender }: RoomEvent): Promise<void> {
    const { replacement_room: room } = content;
    if (typeof room === 'string' && room.startsWith('!')) await this.#join(room, serverOf(sender));
  }

  /** Told of every room that something is heard of: the rights there are looked up once in a run. */
  seen(room: string): void {
    if (!this.#checked.has(room) && this.#checks.size < MOST_CHECKS) this.check(room);
  }

  /** Looks up the rights in a room, beside what else is done. */
  check(room: string): void {
    if (this.#checks.has(room)) return;
    if (this.#checked.size > MOST_CHECKED) this.#checked.clear();
    this.#checked.add(room);
    const check = this.#check(room).catch((error: unknown) => {
      // Looked up again when the room is next heard of.
      this.#checked.delete(room);
      this.#parts.house.logger.warn({ code: VigieError.from(error).code }, 'rights in a room were not found out');
    });
    this.#checks.set(room, check);
    void check.finally(() => this.#checks.delete(room));
  }

  /** Waits for what is being looked up. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#checks.values());
  }

  async #check(room: string): Promise<void> {
    const { intake } = this.#parts;
    const missing = await missingRights(this.#parts, room);
    const trouble = { code: 'rights-missing', room };
    await (missing.length > 0 ? intake.trouble(trouble) : intake.settled(trouble));
  }

  async #joinAll(): Promise<void> {
    const { api, settings, signal } = this.#parts;
    const said = await api.ask('joined', { path: '/_matrix/client/v3/joined_rooms' }, signal);
    const joined = new Set(Array.isArray(said['joined_rooms']) ? (said['joined_rooms'] as unknown[]) : []);
    for (const name of settings.rooms) {
      if (!joined.has(this.#ids.get(name) ?? name)) await this.#join(name);
    }
  }

  /** @param via a server that is in the room, for one that ours is not in yet */
  async #join(name: string, via?: string): Promise<void> {
    const { api, intake, signal, house } = this.#parts;
    const trouble = { code: 'room-not-joined', room: name };
    try {
      const query = via === undefined ? {} : { via };
      const where = path`/_matrix/client/v3/join/${name}`;
      const said: Json = await api.ask('join', { method: 'POST', path: where, query, waitMs: 60_000 }, signal);
      if (typeof said['room_id'] === 'string') this.#ids.set(name, said['room_id']);
      await intake.settled(trouble);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MatrixRefusal) await intake.trouble(trouble);
      else if (error instanceof VigieError && error.code === 'platform-refused') throw error;
      else house.logger.warn({ code: VigieError.from(error).code }, 'a room could not be joined');
    }
  }
}
