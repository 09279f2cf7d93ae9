import type { SoakPart } from './part.js';
import { runTests } from './run-tests.js';

/** At the usual count of 5,000: 20,000 items, 40 kills, and 20 seconds without each server. */
const ITEMS = 4;
const ITEMS_PER_KILL = 500;
const CUT_MS = 20_000;

/** Three processes on one PostgreSQL and one NATS, killed and cut off all the time. */
export const cluster: SoakPart = async ({ count, seed, progress }) => {
  const items = count * ITEMS;
  const kills = Math.max(4, Math.round(items / ITEMS_PER_KILL));
  progress(`cluster: ${items} items through ${kills} kills and two cuts of ${CUT_MS / 1_000} s`);
  const { seconds, passed, said } = await runTests(['test/cluster.test.ts'], {
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
};
