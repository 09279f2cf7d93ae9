import { VigieError } from '../../errors.js';
import { lookUpSignals } from '../../scan/look-up-signals.js';
import type { Match } from '../../scan/verdict.js';
import { whileCurrent } from '../../scan/while-current.js';
import type { HmaCall } from './hma-endpoint.js';
import { ourType, parseSignal } from './hma-signal-types.js';

const LIMIT = 1_000;

/**
 * Looks up a signal that the client made.
 * @throws HmaRefusal 400; VigieError `index-not-loaded`, `index-incomplete`, `rules-undecided`: none of these is "nothing found"
 */
export async function lookUp(
  { services, signal }: Pick<HmaCall, 'services' | 'signal'>,
  name: string,
  value: string,
  { unsampled }: { readonly unsampled: boolean },
): Promise<readonly Match[]> {
  const { lists } = services;
  const type = ourType(name);
  parseSignal(name, value, (reason) => `invalid signal: ${reason}`);
  if (!lists.ready) throw new VigieError('index-not-loaded', { retryAfter: 2 });
  const options = { limit: LIMIT, showFingerprints: false, unsampled, signal };
  const [found] = await whileCurrent(lists, () => lookUpSignals(lists, [{ type, value }], options));
  services.metrics.count('vigie_lookup_signals_total', { type });
  const { matches = [], undecided = false } = found ?? {};
  if (undecided) throw new VigieError('rules-undecided');
  if (matches.length === 0 && lists.incomplete) throw new VigieError('index-incomplete');
  return matches;
}
