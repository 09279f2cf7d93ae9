import { abortable } from '../../../runtime/abortable.js';
import { type MatrixApi, path } from '../matrix-api.js';
import { isForbidden, isNotFound } from '../matrix-refusal.js';
import { roomVersion } from './redact-pdu.js';

const MOST_ROOMS = 5_000;
const ASK_MS = 15_000;
/** How long it is believed that the bot is in a room, or is not, milliseconds. */
const BELIEVED_MS = 60_000;

/** `outside`: the bot is not in the room, so that nobody may ask about it. `unknown`: its rules are not known here. */
export type RoomKnown = number | 'outside' | 'unknown';

/** The versions of the rooms that the bot is in, which say what is signed there. */
export class RoomVersions {
  readonly #api: MatrixApi;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly at: number; readonly version: Promise<RoomKnown> }>();

  constructor(api: MatrixApi, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  /** @throws VigieError `platform-busy`, `platform-unreachable`, `platform-malformed`, `platform-refused` */
  async of(room: string, signal: AbortSignal): Promise<RoomKnown> {
    const known = this.#known.get(room);
    if (known !== undefined && this.#now() - known.at < BELIEVED_MS) return await abortable(known.version, signal);
    // Others may come to wait for it, so that it does not end with who asked first.
    const version = this.#ask(room, AbortSignal.timeout(ASK_MS));
    this.#known.delete(room);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_ROOMS && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(room, { at: this.#now(), version });
    version.catch(() => this.#known.delete(room));
    return await abortable(version, signal);
  }

  async #ask(room: string, signal: AbortSignal): Promise<RoomKnown> {
    try {
      const where = path`/_matrix/client/v3/rooms/${room}/state/m.room.create`;
      const content = await this.#api.ask('state', { path: where }, signal);
      const { room_version: version = '1' } = content;
      return roomVersion(String(version)) ?? 'unknown';
    } catch (error) {
      if (isForbidden(error) || isNotFound(error)) return 'outside';
      throw error;
    }
  }
}
