import { z } from 'zod';
import { ACTS, type Order, type Outcome } from '../../enforcement/acts.js';
import type { Platform, PlatformIntake, PlatformKind, SharedItem } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';

/** A platform that tells what a test has it tell, and remembers how far it was heard. */
export class ScriptedPlatform {
  readonly shared: SharedItem[] = [];
  readonly orders: Order[] = [];
  /** What each act answers. */
  answer: (order: Order, signal: AbortSignal) => Promise<Outcome> = async () => 'done';
  /** Why nobody can connect just now. */
  refuses: VigieError | undefined;
  /** What a connection does before it ends. */
  ending: () => Promise<void> = async () => undefined;
  /** Connections that were made, and those that are there. */
  made = 0;
  open = 0;
  /** The intake of the connection that was made last. */
  intake: PlatformIntake | undefined;
  #wake: (() => void)[] = [];

  share(...items: readonly SharedItem[]): void {
    this.shared.push(...items);
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Breaks the connection that is there. */
  broken = false;
  cut(): void {
    this.broken = true;
    for (const wake of this.#wake.splice(0)) wake();
  }

  get kind(): PlatformKind<{ town: string }, { word: string }> {
    return {
      kind: 'scripted',
      title: 'Scripted',
      description: 'Tells what a test has it tell.',
      settings: z.strictObject({ town: z.string().min(1).default('here').describe('Where it stands') }),
      credentials: z.strictObject({ word: z.string().min(1).describe('The pass word') }),
      deliveries: {
        expected: ({ town }) => town === 'at the mole',
        isGenuine: ({ word }, headers) => headers('x-word') === word,
      },
      test: async ({ town }, { word }) => {
        if (word === 'wrong') throw new VigieError('platform-refused');
        return { town };
      },
      open: (_settings, { word }) => this.#connection(word),
      fetch: async (_settings, { word }, _house, ref) => once(Buffer.from(`${ref} by ${word}`)),
    };
  }

  #connection(word: string): Platform {
    return {
      acts: new Set(ACTS.filter((act) => act !== 'close-room')),
      run: async (intake, signal) => {
        if (word === 'wrong') throw new VigieError('platform-refused');
        if (this.refuses !== undefined) throw this.refuses;
        this.made++;
        this.open++;
        this.intake = intake;
        this.broken = false;
        try {
          await this.#tell(intake, signal);
        } finally {
          await this.ending();
          this.open--;
        }
      },
      deliver: async (body) => {
        if (this.intake === undefined) throw new VigieError('delivery-untaken');
        await this.intake.hand(body as SharedItem);
      },
      act: async (order, signal) => {
        this.orders.push(order);
        return await this.answer(order, signal);
      },
    };
  }

  async #tell(intake: PlatformIntake, signal: AbortSignal): Promise<void> {
    intake.heard();
    for (let heard = Number(intake.memory ?? 0); ; ) {
      signal.throwIfAborted();
      if (this.broken) throw new VigieError('platform-unreachable');
      const item = this.shared[heard];
      if (item === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        continue;
      }
      await intake.hand(item);
      await intake.remember(++heard);
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
