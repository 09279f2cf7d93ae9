import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { SoakPart } from './part.js';

/** The tests that kill what they test, which say for themselves what must have survived. */
const TESTS = ['test/kills.test.ts', 'src/lists/durability.test.ts', 'src/storage/durability.test.ts'];
/** A kill with its restart takes as long as some hundred media. */
const MEDIA_PER_KILL = 100;

/** Kills services, and processes that hold lists and databases, again and again: the tests of that, with many more kills. */
export const kills: SoakPart = async ({ count, progress }) => {
  const wanted = Math.max(1, Math.round(count / MEDIA_PER_KILL));
  progress(`kills: ${wanted} in each of ${TESTS.length} tests`);
  const start = performance.now();
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', ...TESTS], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, VIGIE_SOAK_KILLS: String(wanted) },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = Math.round((performance.now() - start) / 1_000);
  return {
    rows: [{ what: `${wanted} kills of each: a service, what holds lists, a database`, value: `${seconds} s` }],
    failures: code === 0 ? [] : ['something that was acknowledged was lost, see above'],
  };
};
