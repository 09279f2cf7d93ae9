import { z } from 'zod';
import type { PlatformIntake } from '../../enforcement/platform.js';

const WRITE_MS = 1_000;
const MOST_ROOMS = 5_000;
const MOST_GAPS = 5_000;
const MOST_ORDERS = 500;

const gapShape = z.object({
  room: z.string(),
  /** Where the next page backwards begins. */
  from: z.string(),
  /** What was handed in before; without, it goes on until `until`. */
  to: z.string().optional(),
  /** Milliseconds since 1970. */
  until: z.number().optional(),
  lane: z.enum(['live', 'backfill']),
});

/** A part of a room's past that is still to be handed in, read backwards. */
export type Gap = z.output<typeof gapShape>;

const roomShape = z.object({
  /** Encrypted messages that could not be looked at. */
  encrypted: z.number().optional(),
  /** A conversation of the bot with one person. */
  direct: z.boolean().optional(),
  /** Content of its state before it was restricted or closed. */
  before: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});

export type RoomMemory = z.output<typeof roomShape>;

const memoryShape = z.object({
  /** Up to where everything is handed in, but for the gaps. */
  next: z.string().optional(),
  rooms: z.record(z.string(), roomShape),
  gaps: z.array(gapShape),
  /** Orders whose effect cannot be seen from the room, latest last. */
  orders: z.array(z.string()).catch([]),
  /** The newest report of the homeserver's users that was passed on. */
  report: z.number().optional(),
});

type State = z.output<typeof memoryShape>;

/** What has to outlast a restart. Written when something changed, a moment later, so that many messages cost one write. */
export class MatrixMemory {
  readonly #intake: PlatformIntake;
  #state: State;
  #changed = false;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /** @param intake whose memory it is; what cannot be read there counts as nothing */
  constructor(intake: PlatformIntake) {
    this.#intake = intake;
    this.#state = memoryShape.safeParse(intake.memory).data ?? { rooms: {}, gaps: [], orders: [] };
  }

  get next(): string | undefined {
    return this.#state.next;
  }

  get gaps(): readonly Gap[] {
    return this.#state.gaps;
  }

  get report(): number | undefined {
    return this.#state.report;
  }

  get rooms(): readonly string[] {
    return Object.keys(this.#state.rooms);
  }

  /** Undefined for a room that was not met before. */
  room(room: string): RoomMemory | undefined {
    return this.#state.rooms[room];
  }

  /**
   * Notes what was handed in up to here, in one step with the gaps that it leaves.
   * @returns gaps that are one too many, and will not be filled
   */
  reached(next: string, gaps: readonly Gap[]): readonly Gap[] {
    const all = [...this.#state.gaps, ...gaps];
    const most = Math.max(0, all.length - MOST_GAPS);
    this.#change({ next, gaps: all.slice(most) });
    return all.slice(0, most);
  }

  /** A gap has become smaller, or is filled. */
  filled(gap: Gap, left: Gap | undefined): void {
    const gaps = this.#state.gaps.flatMap((each) => (each === gap ? (left === undefined ? [] : [left]) : [each]));
    this.#change({ gaps });
  }

  noteRoom(room: string, change: RoomMemory): void {
    const { [room]: before, ...others } = this.#state.rooms;
    // The rooms that nothing was noted of for longest are the first to go.
    const rooms = [...Object.entries(others), [room, { ...before, ...change }] as const];
    this.#change({ rooms: Object.fromEntries(rooms.slice(-MOST_ROOMS)) });
  }

  forgetRoom(room: string): void {
    const { [room]: _gone, ...rooms } = this.#state.rooms;
    this.#change({ rooms, gaps: this.#state.gaps.filter((gap) => gap.room !== room) });
  }

  noteReport(report: number): void {
    this.#change({ report });
  }

  isDone(order: string): boolean {
    return this.#state.orders.includes(order);
  }

  noteDone(order: string): void {
    this.#change({ orders: [...this.#state.orders, order].slice(-MOST_ORDERS) });
  }

  /** Writes what has changed. @throws VigieError those of `remember`; it is tried again at the next change */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    await this.#writing;
  }

  #change(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    this.#changed = true;
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), WRITE_MS);
  }

  async #write(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    try {
      await this.#intake.remember(this.#state);
    } catch (error) {
      this.#changed = true;
      throw error;
    }
  }
}
