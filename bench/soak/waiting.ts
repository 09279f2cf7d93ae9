import type { SoakPart } from './part.js';
import { runTests } from './run-tests.js';

/** At the usual count of 5,000: a million. */
const ITEMS = 200;

/** A service that starts with many items that wait. */
export const waiting: SoakPart = async ({ count, progress }) => {
  const items = count * ITEMS;
  progress(`waiting: a start with ${items} items that wait`);
  const { passed, said } = await runTests(['test/waiting.test.ts'], { VIGIE_SOAK_WAITING: String(items) });
  return {
    rows: said.map((value) => ({ what: `with ${items} items that wait at the start`, value })),
    failures: passed ? [] : ['what waited was not taken, or the service did not answer, see above'],
  };
};
