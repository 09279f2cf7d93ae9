import { type Json, type MatrixApi, path } from './matrix-api.js';
import { isNotFound } from './matrix-refusal.js';

const MOST_ROOMS = 2_000;
/** How long what a homeserver said of a room is believed where nothing tells of changes, milliseconds. */
const BELIEVED_MS = 60_000;

/** State that decides who can read a room. */
const DECIDES: ReadonlySet<string> = new Set(['m.room.join_rules', 'm.room.history_visibility']);

export interface RoomFactsOptions {
  readonly api: MatrixApi;
  /** Rooms that are public whatever their settings say. */
  readonly openRooms: ReadonlySet<string>;
  readonly now: () => number;
}

/** What a homeserver says of the state of rooms, asked when it is first needed. */
export class RoomFacts {
  readonly #options: RoomFactsOptions;
  readonly #surfaces = new Map<string, { readonly at: number; readonly surface: Promise<'public' | 'private'> }>();

  constructor(options: RoomFactsOptions) {
    this.#options = options;
  }

  /**
   * Whether anybody can get to what is said in a room.
   * @throws MatrixRefusal when the bot is not in the room; VigieError as `MatrixApi.ask`
   */
  async surface(room: string, signal: AbortSignal): Promise<'public' | 'private'> {
    const { openRooms, now } = this.#options;
    if (openRooms.has(room)) return 'public';
    const known = this.#surfaces.get(room);
    if (known !== undefined && now() - known.at < BELIEVED_MS) return await known.surface;
    const surface = this.#surface(room, signal);
    const [oldest] = this.#surfaces.keys();
    if (this.#surfaces.size >= MOST_ROOMS && oldest !== undefined) this.#surfaces.delete(oldest);
    this.#surfaces.set(room, { at: now(), surface });
    surface.catch(() => this.#surfaces.delete(room));
    return await surface;
  }

  /** Told of every event of state. */
  changed(room: string, type: string): void {
    if (DECIDES.has(type)) this.#surfaces.delete(room);
  }

  /** Content of a part of a room's state; undefined where there is none. @throws as `MatrixApi.ask` */
  async state(room: string, type: string, key: string, signal: AbortSignal): Promise<Json | undefined> {
    try {
      return await this.#options.api.ask('state', { path: statePath(room, type, key) }, signal);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async setState(room: string, type: string, content: Json, signal: AbortSignal): Promise<void> {
    const call = { method: 'PUT', path: statePath(room, type, ''), body: content } as const;
    await this.#options.api.ask('state', call, signal);
  }

  async #surface(room: string, signal: AbortSignal): Promise<'public' | 'private'> {
    const rules = await this.state(room, 'm.room.join_rules', '', signal);
    if (rules?.['join_rule'] === 'public') return 'public';
    const history = await this.state(room, 'm.room.history_visibility', '', signal);
    return history?.['history_visibility'] === 'world_readable' ? 'public' : 'private';
  }
}

function statePath(room: string, type: string, key: string): string {
  const ofType = path`/_matrix/client/v3/rooms/${room}/state/${type}`;
  return key === '' ? ofType : `${ofType}${path`/${key}`}`;
}
