import { setTimeout as sleep } from 'node:timers/promises';
import { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import { persist } from '../persist.js';
import { type Json, path } from './matrix-api.js';
import type { Gap } from './matrix-memory.js';
import { MatrixRefusal } from './matrix-refusal.js';
import type { MatrixParts } from './parts.js';
import { readRoomEvent } from './room-event.js';
import type { RoomReader } from './room-reader.js';

const PAGE = 100;
/** Gaps that are filled at the same time. */
const AT_ONCE = 3;
/** After the homeserver was away for so long that it was given up, milliseconds. */
const PAUSE_MS = 60_000;

/** Reads what a sync left out, and the last days of rooms that are new; how far it came outlasts a restart. */
export class Gaps {
  readonly #parts: MatrixParts;
  readonly #reader: RoomReader;
  readonly #taken = new Set<Gap>();
  #nudges: (() => void)[] = [];

  constructor(parts: MatrixParts, reader: RoomReader) {
    this.#parts = parts;
    this.#reader = reader;
  }

  /** There may be more to do. */
  nudge(): void {
    for (const nudge of this.#nudges.splice(0)) nudge();
  }

  /** Fills gaps until it is aborted. @throws the signal's reason; those of the database */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work()));
  }

  async #work(): Promise<void> {
    const { signal } = this.#parts;
    for (;;) {
      signal.throwIfAborted();
      const gap = this.#next();
      if (gap === undefined) {
        await abortable(new Promise<void>((resolve) => this.#nudges.push(resolve)), signal);
        continue;
      }
      this.#taken.add(gap);
      try {
        await this.#page(gap);
      } finally {
        this.#taken.delete(gap);
      }
    }
  }

  /** What was missed just now comes before what is old. */
  #next(): Gap | undefined {
    const free = this.#parts.memory.gaps.filter((gap) => !this.#taken.has(gap));
    return free.find(({ lane }) => lane === 'live') ?? free[0];
  }

  async #page(gap: Gap): Promise<void> {
    const { memory, intake, signal } = this.#parts;
    const { room, lane, until } = gap;
    let said: Json;
    try {
      said = await persist(() => this.#ask(gap), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MatrixRefusal) {
        await intake.trouble({ code: 'history-not-seen', room });
        memory.filled(gap, undefined);
        return;
      }
      if (VigieError.from(error).code === 'platform-refused') throw error;
      await sleep(PAUSE_MS, undefined, { signal });
      return;
    }
    const chunk = Array.isArray(said['chunk']) ? (said['chunk'] as unknown[]) : [];
    let oldest = Number.POSITIVE_INFINITY;
    for (const each of chunk) {
      const at = readRoomEvent(each)?.origin_server_ts ?? Number.POSITIVE_INFINITY;
      oldest = Math.min(oldest, at);
      if (until === undefined || at >= until) await this.#reader.take(room, each, lane);
    }
    const end = said['end'];
    const more = chunk.length > 0 && typeof end === 'string' && end !== gap.from;
    const wanted = more && (until === undefined || oldest >= until);
    memory.filled(gap, wanted ? { ...gap, from: end } : undefined);
  }

  async #ask({ room, from, to }: Gap): Promise<Json> {
    const { api, signal } = this.#parts;
    const query = { dir: 'b', from, limit: String(PAGE), ...(to === undefined ? {} : { to }) };
    return await api.ask('messages', { path: path`/_matrix/client/v3/rooms/${room}/messages`, query }, signal);
  }
}
