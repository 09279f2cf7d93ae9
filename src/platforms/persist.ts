import { VigieError } from '../errors.js';
import { persist as persistWith } from '../runtime/persist.js';

/** Troubles that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set(['platform-busy', 'platform-unreachable', 'platform-malformed']);

const PATIENCE = {
  firstPauseMs: 250,
  longestPauseMs: 30_000,
  /** After so long without a good answer the connection is given up, to be opened anew. */
  giveUpMs: 10 * 60_000,
  passes: (error: unknown) => error instanceof VigieError && PASSING.has(error.code),
};

/**
 * Asks a platform for something, and waits for it to come back where it has to.
 * @param again told before each further attempt
 * @throws what `act` throws and does not pass by itself, or did not for ten minutes; the signal's reason
 */
export async function persist<T>(
  act: () => Promise<T>,
  signal: AbortSignal,
  again: (error: VigieError) => void = () => undefined,
): Promise<T> {
  return await persistWith(act, signal, { ...PATIENCE, again: (error) => again(VigieError.from(error)) });
}
