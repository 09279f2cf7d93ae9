import { askService } from './ask-service.js';
import type { Finding } from './finding.js';

const what = 'record of events';
const DAY_MS = 86_400_000;

interface Told {
  readonly verified: readonly { readonly part: string; readonly at: string; readonly faults: number }[] | null;
}

/** When the record of events was last verified, and whether all of it fitted. The running service is asked. */
export async function record(dataDir: string): Promise<Finding> {
  const told = await askService<Told>(dataDir, '/v1/status').catch(() => undefined);
  if (told === undefined || told.verified === null) {
    return { what, state: 'good', found: 'when it was last verified the running service knows' };
  }
  return recordFinding(told.verified, Date.now());
}

/** @param verified by part, as /v1/status tells it. @param now milliseconds since 1970 */
export function recordFinding(verified: NonNullable<Told['verified']>, now: number): Finding {
  const newest = verified.find(({ part }) => part === 'newest');
  const found = verified
    .map(({ part, at, faults }) => `${part} verified ${at}${faults === 0 ? '' : `, ${faults} faults`}`)
    .join('; ');
  if (verified.some(({ faults }) => faults > 0)) {
    return { what, state: 'bad', found, remedy: '`vigie audit verify` names all that does not fit.' };
  }
  if (newest === undefined || now - Date.parse(newest.at) > DAY_MS) {
    const remedy = 'It is verified each hour while a service runs; `vigie audit verify` does it now.';
    return { what, state: 'limited', found: found === '' ? 'was never verified' : found, remedy };
  }
  return { what, state: 'good', found };
}
