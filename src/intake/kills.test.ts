/** Whatever is killed while items are on their way, each has exactly one verdict, and each match its event. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, it, test } from 'vitest';
import { KILLS } from '../../test/chaos.js';
import { copyEmptyDatabase } from '../../test/database-templates.js';
import { noPostgres, type PostgresCluster, startPostgres } from '../../test/databases.js';
import { seeded } from '../index/testing/random.js';
import { entryPoint } from '../runtime/entry-point.js';
import { type Database, openDatabase } from '../storage/database.js';
import { blobsInUse } from '../storage/items/item-upkeep.js';
import type { IntakeNews, IntakeOrder } from './testing/intake-process.js';
import { openGround, openNode } from './testing/open-intake.js';

const ITEMS = 60;
const LONG = { timeout: 600_000 };

/** Runs a node until it has nothing left to do, or until it is killed after so many milliseconds of work. */
async function runNode(
  order: IntakeOrder,
  handed: Map<string, string>,
  killAfterMs?: number,
): Promise<'idle' | 'killed'> {
  const child = fork(entryPoint(import.meta.url, './testing/intake-process.js'), [JSON.stringify(order)]);
  let timer: NodeJS.Timeout | undefined;
  const outcome = await new Promise<'idle' | 'killed'>((resolve) => {
    child.on('message', (news: IntakeNews) => {
      if (killAfterMs !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      if (news.kind === 'idle') return resolve('idle');
      const before = handed.get(news.platformId);
      if (before !== undefined && before !== news.id) throw new Error('An item was made twice.');
      handed.set(news.platformId, news.id);
    });
    child.on('exit', () => resolve('killed'));
  });
  clearTimeout(timer);
  if (child.exitCode === null && child.signalCode === null) {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }
  return outcome;
}

/** Every item that was acknowledged is told, once, and what goes with it is there once. */
async function check(database: Database, handed: ReadonlyMap<string, string>): Promise<void> {
  const { rows } = await sql<{ id: string; platform_id: string; state: string; verdicts: number; events: number }>`
    SELECT id, platform_id, state, (SELECT count(*) FROM verdict WHERE item_id = item.id) AS verdicts,
      (SELECT count(*) FROM event WHERE subject = 'item:' || item.id) AS events
    FROM item ORDER BY platform_id`.execute(database.db);
  expect(rows.map(({ platform_id, id }) => [platform_id, id])).toEqual(
    [...handed].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const events = (platformId: string) => (Number(platformId) % 3 === 0 ? 1 : 0);
  for (const { platform_id, ...row } of rows) {
    expect({ platform_id, ...row }).toMatchObject({ state: 'told', verdicts: 1, events: events(platform_id) });
  }
  const { rows: minutes } = await sql<{ told: number }>`SELECT sum(count)::int AS told FROM verdict_minute`.execute(
    database.db,
  );
  expect(minutes[0]?.told).toBe(rows.length);
}

const ids = Array.from({ length: ITEMS }, (_, i) => String(100 + i));

async function killAgainAndAgain(place: IntakeOrder['place'], folder: string): Promise<Map<string, string>> {
  const random = seeded(17);
  const handed = new Map<string, string>();
  const left = () => ids.filter((id) => !handed.has(id));
  expect(await runNode({ place, folder, hand: ids.slice(0, 9), dieInMatch: true }, handed)).toBe('killed');
  for (let kill = 0; kill < KILLS; kill++) {
    // Some that were acknowledged are handed in again, as a platform does that got no answer.
    const hand = [...left().slice(0, 20), ...ids.slice(0, 3)];
    await runNode({ place, folder, hand, dieInMatch: false }, handed, 20 + random() * 600);
  }
  expect(await runNode({ place, folder, hand: left(), dieInMatch: false }, handed)).toBe('idle');
  return handed;
}

describe('Intake that is killed', () => {
  it('tells each item once on the embedded database, and leaves no media behind', LONG, async () => {
    const ground = await openGround();
    const dataDir = join(ground.folder, 'db');
    await copyEmptyDatabase(dataDir);
    const handed = await killAgainAndAgain({ dataDir }, ground.folder);
    const database = await openDatabase({ dataDir }, { allowNoFsync: true, fsync: false });
    try {
      await check(database, handed);
      await using node = await openNode(database, ground);
      await node.intake.media.sweep((blobs) => blobsInUse(database.db, blobs), -1);
      expect(await ground.blobs()).toEqual([]);
    } finally {
      await database.close();
      await ground[Symbol.asyncDispose]();
    }
  });

  test.skipIf(noPostgres !== undefined)('tells each item once on a server that crashes too', LONG, async () => {
    const ground = await openGround();
    const cluster: PostgresCluster = await startPostgres();
    const url = await cluster.createDatabase();
    try {
      const handed = await killAgainAndAgain({ url }, ground.folder);
      const database = await openDatabase({ url });
      try {
        await check(database, handed);
        // The server goes away while two nodes are at work, and comes back.
        await using here = await openNode(database, ground, { leaseMs: 1_000 });
        await using there = await openNode(database, ground, { leaseMs: 1_000 });
        here.intake.start();
        there.intake.start();
        const later = Array.from({ length: 40 }, (_, i) => String(500 + i));
        const handing = later.map(async (platformId, i) => {
          const bytes = Number(platformId) % 3 === 0 ? ground.listed : ground.unlisted;
          const { media, items } = (i % 2 === 0 ? here : there).intake;
          const file = await media.store(
            (async function* () {
              yield bytes;
            })(),
            { maximumBytes: 2 ** 20 },
          );
          const { id } = await items.hand({ platform: 'forum', id: platformId, surface: 'public' }, [file]);
          handed.set(platformId, id);
        });
        await handing[0];
        await cluster.crash();
        await cluster.restart();
        await Promise.all(handing);
        const waiting = async () => {
          const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM work`.execute(database.db);
          return rows[0]?.n ?? 0;
        };
        while ((await waiting()) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
        await check(database, handed);
      } finally {
        await database.close();
      }
    } finally {
      await cluster.stop();
      await ground[Symbol.asyncDispose]();
    }
  });
});
