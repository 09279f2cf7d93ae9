import type { SoakPart } from './part.js';
import { runTests } from './run-tests.js';

/** At the usual count of 5,000: a million. */
const ENTRIES = 200;

/** How soon a service that was killed gives verdicts again, with many entries. */
export const restart: SoakPart = async ({ count, progress }) => {
  const entries = count * ENTRIES;
  progress(`restart: after a kill with ${entries} entries`);
  const { passed, said } = await runTests(['test/restart.test.ts'], { VIGIE_SOAK_ENTRIES: String(entries) });
  return {
    rows: said.map((value) => ({ what: `start after a kill with ${entries} entries`, value })),
    failures: passed ? [] : ['it did not come back whole, see above'],
  };
};
