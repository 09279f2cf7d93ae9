import type { SoakPart } from './part.js';
import { runTests } from './run-tests.js';

/** The tests that kill what they test, which say for themselves what must have survived. */
const TESTS = ['test/kills.test.ts', 'src/lists/durability.test.ts', 'src/storage/durability.test.ts'];
/** A kill with its restart takes as long as some hundred media. */
const MEDIA_PER_KILL = 50;

/** Kills services, and processes that hold lists and databases, again and again: the tests of that, with many more kills. */
export const kills: SoakPart = async ({ count, progress }) => {
  const wanted = Math.max(1, Math.round(count / MEDIA_PER_KILL));
  progress(`kills: ${wanted} in each of ${TESTS.length} tests`);
  const { seconds, passed } = await runTests(TESTS, { VIGIE_SOAK_KILLS: String(wanted) });
  return {
    rows: [{ what: `${wanted} kills of each: a service, what holds lists, a database`, value: `${seconds} s` }],
    failures: passed ? [] : ['something that was acknowledged was lost, see above'],
  };
};
