import type { SoakOptions, SoakPart, SoakResult } from './part.js';
import { runTests } from './run-tests.js';

/** At the usual count of 5,000: 20,000 items, 40 kills, and 20 seconds without each server. */
const ITEMS = 4;
const ITEMS_PER_KILL = 500;
const CUT_MS = 20_000;

/** Three processes on one PostgreSQL and one NATS, killed and cut off all the time. */
export const cluster: SoakPart = (options) => throughKills('test/cluster.test.ts', options);

/** The same with pictures on a platform that stumbles, from which those that are listed are removed. */
export const removals: SoakPart = (options) => throughKills('test/removal-kills.test.ts', options);

async function throughKills(test: string, { count, seed, progress }: SoakOptions): Promise<SoakResult> {
  const items = count * ITEMS;
  const kills = Math.max(4, Math.round(items / ITEMS_PER_KILL));
  progress(`${test}: ${items} items through ${kills} kills and two cuts of ${CUT_MS / 1_000} s`);
  const { seconds, passed, said } = await runTests([test], {
    VIGIE_SOAK_ITEMS: String(items),
    VIGIE_SOAK_CLUSTER_KILLS: String(kills),
    VIGIE_SOAK_CUT_MS: String(CUT_MS),
    VIGIE_SOAK_SEED: String(seed),
  });
  return {
    rows: [
      {
        what: `${items} items, ${kills} kills, ${CUT_MS / 1_000} s without PostgreSQL and NATS each`,
        value: `${seconds} s`,
      },
      ...said.map((value) => ({ what: 'in the end', value })),
    ],
    failures: passed ? [] : ['an item or an effect was lost, doubled or wrong, see above'],
  };
}
