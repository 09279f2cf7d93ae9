import { ERRORS, type ErrorCode, VigieError } from '../../errors.js';
import { countVerdict } from '../../scan/count-verdict.js';
import type { ScanRequest } from '../../scan/scanner.js';
import type { Match, Verdict } from '../../scan/verdict.js';
import { type BankChoice, type BankMatches, byBank } from './bank-matches.js';
import { mediumOf } from './hash-medium.js';
import { type HmaCall, HmaRefusal } from './hma-endpoint.js';
import { type ContentType, selectedTypes, theirType } from './hma-signal-types.js';

/**
 * Looks at a medium as `/v1/scan` does, and puts what was found by type of signal and bank. Whatever could not be
 * looked at is refused, so that nobody takes it for "nothing found".
 * @param hint what the client says that it is
 * @throws HmaRefusal, VigieError
 */
export async function scanMedium(
  { query, services, principal, signal }: HmaCall,
  choice: BankChoice,
  hint: ContentType | undefined,
  scan: (request: ScanRequest) => Promise<Verdict>,
): Promise<Record<string, BankMatches>> {
  const { types } = query;
  if (hint !== undefined) selectedTypes(types, hint);
  const unsampled = choice.ratio !== undefined;
  const verdict = await scan({ signal, unsampled });
  countVerdict(services.metrics, verdict, 'public');
  await services.intake.scanVerdicts.keep(verdict, { by: principal.id, itemRef: undefined });
  if (verdict.verdict === 'could-not-tell') throw reasonOf(verdict.reason);
  const medium = hint ?? mediumOf(verdict.kind);
  // Of what is no picture nothing but its exact hashes could be tried; of a video they are what was asked for.
  if (verdict.reason === 'kind-not-covered' && medium === 'photo') {
    throw new HmaRefusal(400, 'the file is no picture');
  }
  const answer: Record<string, BankMatches> = {};
  for (const type of selectedTypes(types, medium)) answer[type] = {};
  const found = new Map<string, Match[]>();
  for (const match of verdict.matches) {
    const type = theirType(match.signal, medium);
    found.set(type, [...(found.get(type) ?? []), match]);
  }
  for (const [type, matches] of found) {
    if (types !== undefined && !Object.hasOwn(answer, type)) continue;
    const banks = await byBank(services, matches, choice, principal);
    if (Object.hasOwn(answer, type) || Object.keys(banks).length > 0) answer[type] = banks;
  }
  return answer;
}

function reasonOf(reason: Verdict['reason']): VigieError {
  return new VigieError(reason !== null && Object.hasOwn(ERRORS, reason) ? (reason as ErrorCode) : 'media-damaged');
}
