import type { Principal } from '../../access/principal.js';
import { VigieError } from '../../errors.js';
import { isExact } from '../../index/signal-widths.js';
import type { Match } from '../../scan/verdict.js';
import type { Services } from '../services.js';
import { HmaRefusal } from './hma-endpoint.js';
import { firstRandom } from './python-random.js';

/** Matches by name of the bank. */
export type BankMatches = Record<string, { bank_content_id: number; distance: string }[]>;

/** Which banks are asked. */
export interface BankChoice {
  /** Undefined for all. */
  readonly names: ReadonlySet<string> | undefined;
  /** Only banks whose share is at least this; undefined when our own sampling decides, by the medium. */
  readonly ratio: number | undefined;
}

/** @throws HmaRefusal 400 */
export function bankChoice(query: Readonly<Record<string, string>>, bypass: boolean): BankChoice {
  const { banks, seed } = query;
  const names = banks === undefined || banks === '' ? undefined : new Set(banks.split(',').map((name) => name.trim()));
  if (seed !== undefined && seed.length > 1_024) throw new HmaRefusal(400, 'seed is too long');
  if (bypass) return { names, ratio: 0 };
  return { names, ratio: seed === undefined ? undefined : firstRandom(seed) };
}

/**
 * Puts matches by bank. Distances are told only with the scope for it: `-` else, as of exact hashes.
 * @throws VigieError `index-incomplete` when none is left, and lists are not searched
 */
export async function byBank(
  { banks, lists }: Pick<Services, 'banks' | 'lists'>,
  matches: readonly Match[],
  { names, ratio }: BankChoice,
  principal: Principal,
): Promise<BankMatches> {
  const answer: BankMatches = {};
  if (matches.length === 0) return answer;
  const detail = principal.scopes.has('matches:detail');
  for (const bank of await banks.ls()) {
    const found = matches.filter(({ list }) => list === bank.list);
    if (found.length === 0 || names?.has(bank.name) === false) continue;
    if (ratio !== undefined && bank.ratio < ratio) continue;
    const numbers = await banks.numbers(
      bank,
      found.map(({ entry }) => entry),
    );
    answer[bank.name] = found.map(({ signal, distance }, i) => ({
      bank_content_id: numbers[i] as number,
      distance: detail && !isExact(signal) ? String(distance) : '-',
    }));
  }
  // What was found is of other banks than those that are asked for, and theirs may not be searched.
  if (Object.keys(answer).length === 0 && lists.incomplete) throw new VigieError('index-incomplete');
  return answer;
}
