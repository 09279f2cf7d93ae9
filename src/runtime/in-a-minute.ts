import { type ErrorCode, VigieError } from '../errors.js';

const MINUTE = 60_000;

/**
 * Asks something that must answer in a minute.
 * @throws VigieError of the code when it does not; what the question throws
 */
export async function inAMinute<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  code: ErrorCode,
): Promise<T> {
  const late = AbortSignal.timeout(MINUTE);
  try {
    return await ask(AbortSignal.any([signal, late]));
  } catch (thrown) {
    if (!late.aborted) throw thrown;
    throw new VigieError(code, { detail: 'no answer in a minute', cause: thrown });
  }
}
