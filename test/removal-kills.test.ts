import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { seeded } from '../src/index/testing/random.js';
import {
  type BotApiFault,
  BotApiServer,
  type Called,
  TOKEN,
} from '../src/platforms/telegram/testing/bot-api-server.js';
import { type Database, openDatabase } from '../src/storage/database.js';
import { startCluster } from './cluster.js';
import { CLUSTER_KILLS, harm, ITEMS, SEED, TEST_MS, untilDone, wrongVerdicts } from './cluster-harm.js';
import { noPostgres } from './databases.js';
import { noNats } from './nats.js';
import type { RunningService } from './service.js';

const PICTURES = 12;
const GROUP = -1_001;
/** What waits to be fetched by the bot at the most; the rest is posted later. */
const AHEAD = 60;
/** Between two of them, milliseconds, so that they come all through the kills. */
const EVERY_MS = 30;
const MANY = '1000000';

const missing = noPostgres ?? noNats;

/**
 * Pictures are posted in a group all the time, while three processes are killed and restarted, PostgreSQL and NATS are
 * cut off and Telegram stumbles. In the end every listed picture is gone, by one action, and every other one is there.
 */
describe.skipIf(missing !== undefined)(missing ?? 'removals by three processes', () => {
  it(`take every listed one of ${ITEMS} pictures away, and no other, through ${CLUSTER_KILLS} kills`, {
    timeout: TEST_MS,
  }, async () => {
    const random = seeded(SEED);
    const pictures = await Promise.all(Array.from({ length: PICTURES }, (_, n) => photographLikeJpeg(160, 120, n + 1)));
    const isListed = (n: number): boolean => n % 3 === 0;
    await using telegram = await BotApiServer.open();
    telegram.fault = stumbling(random);
    const group = telegram.world.group(GROUP, 'harbour');
    // So many removals would wait for a person.
    const holds = ['--removal-hold', MANY, '--removal-hold-entry', MANY];
    await using cluster = await startCluster({ workers: 2, nats: true, args: holds });
    await setUp(
      cluster.service,
      telegram.origin,
      pictures.filter((_, n) => isListed(n)),
    );

    const posted = new Map<string, boolean>();
    const posting = (async () => {
      for (let i = 0; i < ITEMS; i++) {
        do await sleep(EVERY_MS);
        while (telegram.world.updates.length > AHEAD);
        const { id, unique } = telegram.world.file(pictures[i % PICTURES] as Buffer);
        const photo = [{ file_id: id, file_unique_id: unique, width: 160, height: 120 }];
        const { message_id: message } = telegram.world.post(group, { photo });
        posted.set(`${GROUP}:${message}`, isListed(i % PICTURES));
      }
    })();
    await harm(cluster, random, (ITEMS * EVERY_MS) / CLUSTER_KILLS);
    await posting;

    const database = await openDatabase({ url: cluster.databaseUrl });
    try {
      await untilDone(database, cluster, 'action', ITEMS);
      expect(await wrongVerdicts(database, (id) => posted.get(id) === true)).toEqual([]);
      const listed = [...posted.values()].filter(Boolean).length;
      expect(await figures(database)).toEqual({ items: ITEMS, actions: listed, confirmed: listed, events: listed });
      const left = [...posted].filter(([id]) => group.messages.has(Number(id.split(':')[1])));
      expect(left.filter(([, known]) => known)).toEqual([]);
      expect(left).toHaveLength(ITEMS - listed);
      const asked = telegram.calls('deleteMessages').length + telegram.calls('deleteMessage').length;
      console.log(
        `soak: ${ITEMS} pictures, ${listed} of them removed by one action each (${asked} requests); 0 lost, 0 doubled`,
      );
    } finally {
      await database.close();
    }
  });
});

/**
 * Telegram as it is on a bad day: it breaks off before or after it does what it is told, or asks for patience. The same
 * is done after two failures: what is tried is loss and doubling, not a day of back-off.
 */
function stumbling(random: () => number): (called: Called) => BotApiFault | undefined {
  const failures = new Map<string, number>();
  return ({ method, args }) => {
    if (method === 'getMe' || method === 'getUpdates') return random() < 0.02 ? 'break' : undefined;
    const { message_ids: ids, message_id: id, file_id: file, path } = args;
    const about = ((ids ?? [id ?? file ?? path]) as unknown[]).map((each) => `${method} ${each}`);
    const spared = about.some((each) => (failures.get(each) ?? 0) >= 2);
    const fault = spared ? undefined : stumble(method, random());
    if (fault !== undefined) for (const each of about) failures.set(each, (failures.get(each) ?? 0) + 1);
    return fault;
  };
}

function stumble(method: string, chance: number): BotApiFault | undefined {
  if (chance < 0.03) return 'break';
  if (chance < 0.06) return method === 'file' ? 'break' : 'break-after';
  return chance < 0.07 && method !== 'file' ? { retryAfter: 1 } : undefined;
}

async function setUp(service: RunningService, baseUrl: string, pictures: readonly Uint8Array[]): Promise<void> {
  const rows = pictures.map((bytes, n) => `e${n},${createHash('md5').update(bytes).digest('hex')},A\n`);
  const imported = await service.call('PUT', '/v1/lists/known/import', `id,md5,grade\n${rows.join('')}`, {
    'content-type': 'application/octet-stream',
  });
  expect(await imported.text()).toContain('"result"');
  const platform = {
    name: 'tg',
    kind: 'telegram',
    settings: { baseUrl },
    credentials: { token: TOKEN },
    dryRun: false,
  };
  const added = await service.call('POST', '/v1/platforms', JSON.stringify(platform), {
    'content-type': 'application/json',
  });
  expect(added.status).toBe(201);
}

async function figures(database: Database): Promise<unknown> {
  const { rows } = await sql`SELECT
    (SELECT count(*) FROM item) AS items,
    (SELECT count(*) FROM action WHERE act = 'remove') AS actions,
    (SELECT count(*) FROM action WHERE act = 'remove' AND state = 'confirmed' AND NOT dry_run) AS confirmed,
    (SELECT count(*) FROM event WHERE kind = 'action.confirmed') AS events`.execute(database.db);
  return rows[0];
}
