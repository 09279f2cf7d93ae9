import { setTimeout as delay } from 'node:timers/promises';
import type { PlatformHouse, PlatformIntake, SharedItem } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** What handing in needs of a connection. */
export interface HandingIn {
  readonly intake: PlatformIntake;
  readonly house: Pick<PlatformHouse, 'logger'>;
  readonly signal: AbortSignal;
}

/**
 * Hands an item in, again and again while the house is full or its database away, until the connection ends.
 * @throws the reason of the signal when it ends
 */
export async function handIn(parts: HandingIn, room: string, item: SharedItem): Promise<void> {
  const { intake, signal, house } = parts;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    signal.throwIfAborted();
    try {
      await intake.hand(item);
      return;
    } catch (thrown) {
      const error = VigieError.from(thrown);
      // There already, told apart by something that does not matter.
      if (error.code === 'item-conflict') return;
      if (error.code === 'surface-private') {
        await intake.trouble({ code: 'surface-private', room }).catch(() => undefined);
        return;
      }
      if (error.status < 500 && error.retryAfter === undefined) {
        house.logger.warn({ code: error.code }, 'something that was shared in a room could not be handed in');
        await intake.trouble({ code: error.code, room }).catch(() => undefined);
        return;
      }
      await delay(error.retryAfter === undefined ? wait : error.retryAfter * 1_000, undefined, { signal });
    }
  }
}
