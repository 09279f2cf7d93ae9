import { z } from 'zod';
import type { PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';

const MOST_ORDERS = 500;
const MOST_ROOMS = 5_000;

const stateSchema = z.object({
  /** What rooms allowed before they were restricted, by room. */
  allowed: z.record(z.string(), z.record(z.string(), z.boolean())).catch({}),
  /** Rooms whose owner was told that rights are missing. */
  told: z.array(z.string()).catch([]),
  /** Orders that cannot be seen from the room to have been carried out, latest last. */
  orders: z.array(z.string()).catch([]),
});

type State = z.output<typeof stateSchema>;

/** What has to be known after a restart; it is kept by the house, and changes only while the connection is held. */
export class TelegramMemory {
  #intake: PlatformIntake | undefined;
  #state: State = { allowed: {}, told: [], orders: [] };
  /** One change after the other, so that an older one never comes to lie over a newer one. */
  #last: Promise<unknown> = Promise.resolve();

  attach(intake: PlatformIntake): void {
    this.#intake = intake;
    this.#state = stateSchema.catch({ allowed: {}, told: [], orders: [] }).parse(intake.memory ?? {});
  }

  detach(): void {
    this.#intake = undefined;
  }

  /** What a room allowed before it was restricted. */
  allowedIn(room: string): Readonly<Record<string, boolean>> | undefined {
    return this.#state.allowed[room];
  }

  /** @param allowed undefined: it is open again */
  async setAllowed(room: string, allowed: Readonly<Record<string, boolean>> | undefined): Promise<void> {
    await this.#change((state) => {
      const { [room]: _old, ...others } = state.allowed;
      return { ...state, allowed: allowed === undefined ? others : { ...others, [room]: { ...allowed } } };
    });
  }

  isDone(order: string): boolean {
    return this.#state.orders.includes(order);
  }

  async setDone(order: string): Promise<void> {
    await this.#change((state) => ({ ...state, orders: [...state.orders, order].slice(-MOST_ORDERS) }));
  }

  isTold(room: string): boolean {
    return this.#state.told.includes(room);
  }

  async setTold(room: string, told: boolean): Promise<void> {
    if (this.isTold(room) === told) return;
    await this.#change((state) => {
      const others = state.told.filter((each) => each !== room);
      return { ...state, told: told ? [...others, room].slice(-MOST_ROOMS) : others };
    });
  }

  /** @throws VigieError `platform-unreachable` while the connection is not held; those of the database */
  assertHeld(): void {
    if (this.#intake === undefined) throw new VigieError('platform-unreachable', { detail: 'not connected' });
  }

  async #change(change: (state: State) => State): Promise<void> {
    this.assertHeld();
    const intake = this.#intake as PlatformIntake;
    const turn = this.#last.then(async () => {
      const next = change(this.#state);
      await intake.remember(next);
      this.#state = next;
    });
    this.#last = turn.catch(() => undefined);
    await turn;
  }
}
