import type { PlatformHouse, PlatformIntake, SharedItem } from '../enforcement/platform.js';
import { VigieError } from '../errors.js';
import { persist } from '../runtime/persist.js';

export interface HandingIn {
  readonly intake: PlatformIntake;
  readonly logger: PlatformHouse['logger'];
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
}

const PATIENCE = { firstPauseMs: 500, longestPauseMs: 30_000, passes: isPassing };

/**
 * Hands an item in, again and again while the house is full or its database away. What the house does not take is told
 * to its operator, so that one message stands in the way of no other.
 * @throws the signal's reason
 */
export async function handIn({ intake, logger, signal }: HandingIn, item: SharedItem): Promise<void> {
  try {
    await untilTaken(() => intake.hand(item), signal);
  } catch (error) {
    signal.throwIfAborted();
    const { code } = VigieError.from(error);
    const isPrivate = code === 'surface-private';
    if (!isPrivate) logger.warn({ code }, 'something that was shared was not taken in');
    const trouble = { code: isPrivate ? 'room-private' : 'item-refused' };
    await untilTaken(() => intake.trouble(item.room === undefined ? trouble : { ...trouble, room: item.room }), signal);
  }
}

/** Tells the house something, again and again while it cannot take it. @throws what does not pass; the signal's reason */
export async function untilTaken<T>(tell: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return await persist(tell, signal, PATIENCE);
}

function isPassing(thrown: unknown): boolean {
  const { code, status, retryAfter } = VigieError.from(thrown);
  return status >= 500 || retryAfter !== undefined || code === 'queue-full';
}
