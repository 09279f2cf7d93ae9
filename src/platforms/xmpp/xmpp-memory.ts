import { z } from 'zod';
import type { PlatformIntake } from '../../enforcement/platform.js';

const WRITE_MS = 1_000;
const MOST_ROOMS = 2_000;

const roomMemory = z.object({
  /** The newest message that was handed in: its id in the archive (empty where there is none), and when it was said. */
  last: z.object({ id: z.string(), at: z.string() }).optional(),
  /** How far what was there before is handed in: an id in the archive, or `true` for all of it. */
  backfilled: z.union([z.string(), z.literal(true)]).optional(),
  /** Settings of the room before it was restricted or closed. */
  before: z.record(z.string(), z.string()).optional(),
});

export type RoomMemory = z.output<typeof roomMemory>;

const memoryShape = z.object({ rooms: z.record(z.string(), roomMemory) });

/** What has to outlast a restart. Written when something changed, a moment later, so that many messages cost one write. */
export class XmppMemory {
  readonly #intake: PlatformIntake;
  readonly #rooms: Map<string, RoomMemory>;
  #changed = false;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /** @param intake whose memory it is; what cannot be read there counts as nothing */
  constructor(intake: PlatformIntake) {
    this.#intake = intake;
    const read = memoryShape.safeParse(intake.memory);
    this.#rooms = new Map(read.success ? Object.entries(read.data.rooms) : []);
  }

  of(room: string): RoomMemory {
    return this.#rooms.get(room) ?? {};
  }

  note(room: string, change: RoomMemory): void {
    const memory = { ...this.of(room), ...change };
    // The rooms that nothing was heard of for longest are the first to go.
    this.#rooms.delete(room);
    this.#rooms.set(room, memory);
    for (const oldest of this.#rooms.keys()) {
      if (this.#rooms.size <= MOST_ROOMS) break;
      this.#rooms.delete(oldest);
    }
    this.#changed = true;
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), WRITE_MS);
  }

  /** Writes what has changed. @throws VigieError those of `remember`; it is tried again at the next change */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    try {
      await this.#intake.remember({ rooms: Object.fromEntries(this.#rooms) });
    } catch (error) {
      this.#changed = true;
      throw error;
    }
  }
}
