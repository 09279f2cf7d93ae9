/** What tests do to a cluster while it works, and whether every item has its one right verdict afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../src/storage/database.js';
import type { Cluster } from './cluster.js';

/** Items, kills and the length of cuts; many times more in `npm run soak`. */
export const ITEMS = Number(process.env['VIGIE_SOAK_ITEMS'] ?? 200);
export const CLUSTER_KILLS = Number(process.env['VIGIE_SOAK_CLUSTER_KILLS'] ?? 4);
export const SEED = Number(process.env['VIGIE_SOAK_SEED'] ?? 1);
const CUT_MS = Number(process.env['VIGIE_SOAK_CUT_MS'] ?? 2_000);
/** Long enough for leases and back-offs of what was killed to be over; what takes longer is lost. */
export const PATIENCE_MS = 240_000;
/** For a test of one run through all of it. */
export const TEST_MS = PATIENCE_MS * 3 + ITEMS * 200;

/**
 * Kills one process after the other, and cuts both servers off.
 * @param everyMs from one kill to the next, on average
 */
export async function harm(cluster: Cluster, random: () => number, everyMs = 1_250): Promise<void> {
  const { postgres, nats } = cluster;
  const cut = async (server: { crash(): Promise<void>; restart(): Promise<void> }): Promise<void> => {
    await server.crash();
    await sleep(CUT_MS);
    await server.restart();
  };
  for (let kill = 0; kill < CLUSTER_KILLS; kill++) {
    await sleep(everyMs * (0.4 + random() * 1.2));
    await cluster.killAndRestart(Math.floor(random() * (cluster.workers.length + 1)));
    if (kill === Math.floor(CLUSTER_KILLS / 3)) await cut(postgres);
    if (kill === Math.floor((2 * CLUSTER_KILLS) / 3) && nats !== undefined) await cut(nats);
  }
}

/** Waits until nothing is left to do. @throws Error with what is left and what the processes said, when it takes too long */
export async function untilDone(
  database: Database,
  cluster: Cluster,
  effects: 'webhook' | 'action',
  expected = 0,
): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await sql<{ items: number; waiting: number; pending: number }>`SELECT
      (SELECT count(*) FROM item) AS items,
      (SELECT count(*) FROM item WHERE state <> 'told') AS waiting,
      (SELECT count(*) FROM outbox WHERE kind = ${effects} AND state <> 'delivered') AS pending`.execute(database.db);
    const { items = 0, waiting = 0, pending = 0 } = rows[0] ?? {};
    if (items >= expected && waiting === 0 && pending === 0) return;
    if (Date.now() > until) {
      const { rows: left } = await sql`SELECT state, count(*), min(received_at) FROM item GROUP BY 1`.execute(
        database.db,
      );
      const { rows: effectsLeft } =
        await sql`SELECT state, attempts, last_error, next_at, leased_until, now() FROM outbox
        WHERE kind = ${effects} AND state <> 'delivered' LIMIT 10`.execute(database.db);
      const logs = [cluster.service, ...cluster.workers].map((each) => each.log().slice(-1_500)).join('\n--\n');
      const missing = Math.max(0, expected - items);
      throw new Error(
        `${missing} items never came, ${waiting} wait, ${pending} effects are left: ${JSON.stringify([left, effectsLeft])}\n${logs}`,
      );
    }
    await sleep(250);
  }
}

/** Items whose verdict is another than the right one, or that have none or several. @param isListed by the platform's id */
export async function wrongVerdicts(database: Database, isListed: (id: string) => boolean): Promise<unknown[]> {
  const { rows } = await sql<{ id: string; verdicts: readonly string[] }>`
    SELECT item.platform_id AS id, array_agg(verdict.verdict) AS verdicts
    FROM item LEFT JOIN verdict ON verdict.item_id = item.id GROUP BY 1`.execute(database.db);
  return rows.filter(({ id, verdicts }) => {
    const right = isListed(id) ? 'match' : 'no-match';
    return verdicts.length !== 1 || verdicts[0] !== right;
  });
}
