import { VigieError } from '../errors.js';
import type { KnownLists } from './known-lists.js';

const ATTEMPTS = 5;

/**
 * Looks something up in lists that are known to be up to date, before and after: a process that was stopped in between,
 * or whose machine slept, reads what it missed and looks again.
 * @throws VigieError `index-stale`; what `act` throws
 */
export async function whileCurrent<T>(lists: Pick<KnownLists, 'catchUp'>, act: () => Promise<T>): Promise<T> {
  let behind = lists.catchUp?.();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await behind;
    const result = await act();
    behind = lists.catchUp?.();
    if (behind === undefined) return result;
  }
  await behind;
  throw new VigieError('index-stale', { retryAfter: 1 });
}
