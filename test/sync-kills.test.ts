import { randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { NcmecServer, type ServedEntry } from '../src/lists/sources/testing/ncmec-server.js';
import { KILLS } from './chaos.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const ENTRIES = 120;
const PAGE = 10;
/** Beyond the last page: while what was told is stored. */
const MOMENTS = ENTRIES / PAGE + 6;

/**
 * A service that is killed at any moment of a sync goes on as if nothing had been: each change of the exchange is on the
 * list, and was counted once, as the checkpoint lies in the transaction of what it stands for.
 */
it(`syncs all, and once, through ${KILLS} kills`, { timeout: 120_000 + KILLS * 60_000 }, async () => {
  await using exchange = await NcmecServer.open({ pageSize: PAGE });
  const hour = Math.floor(Date.now() / 1_000) - 3_600;
  for (let i = 0; i < ENTRIES; i++) exchange.put(served(i, hour + i));
  let service = await startService({ args: ['--decoders', '1', '--allow-fetch-from', '127.0.0.1'] });
  try {
    const source = {
      ...{ name: 'line', kind: 'ncmec', settings: { baseUrl: exchange.base }, holdPercent: 100 },
      credentials: { username: 'harbour', password: 'pass:word' },
    };
    expect((await post(service, '/v1/sources', source)).status).toBe(201);
    for (let kill = 0; kill < KILLS; kill++) {
      const enough = exchange.http.asked.length + ((randomBytes(1)[0] ?? 0) % MOMENTS);
      const patience = Date.now() + 5_000;
      while (exchange.http.asked.length < enough && Date.now() < patience) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await service.kill();
      // Between two lives of ours the exchange goes on: something new, something changed, something taken off.
      const now = Math.floor(Date.now() / 1_000);
      exchange.put(served(ENTRIES + kill, now), { ...served(kill, now), classification: 'B2' });
      exchange.put({ ...served(ENTRIES / 2 + kill, now), deleted: true });
      service = await service.restart();
    }
    await vi.waitFor(async () => await expectSynced(service, exchange), { timeout: 60_000, interval: 500 });
    const told = [...exchange.entries.values()];
    const there = told.filter(({ deleted }) => deleted !== true).length;
    const list = (await (await service.call('GET', '/v1/lists/line')).json()) as { entries: number };
    // By the moment of the kills, what was taken off was there before and is withdrawn now, or was never taken in.
    expect(list.entries).toBeGreaterThanOrEqual(there);
    expect(list.entries).toBeLessThanOrEqual(told.length);
    const { counts } = (await (await service.call('GET', '/v1/sources/line')).json()) as { counts: Counts };
    expect(counts.added).toBeGreaterThanOrEqual(there);
    expect(counts.added).toBeLessThanOrEqual(told.length);
    expect(counts.removed).toBeGreaterThanOrEqual(counts.added - there);
    expect(counts.removed).toBeLessThanOrEqual(told.length - there);
  } finally {
    await service[Symbol.asyncDispose]();
  }
});

interface Counts {
  readonly added: number;
  readonly removed: number;
}

const md5 = (i: number): string => (i + 1).toString(16).padStart(4, '0').repeat(8);

function served(i: number, timestamp: number): ServedEntry {
  return {
    ...{ member: '42', id: `image-${i}`, kind: 'image', timestamp, classification: 'A1' },
    fingerprints: [['md5', md5(i)]],
  };
}

async function post(service: RunningService, path: string, body: unknown): Promise<Response> {
  return await service.call('POST', path, JSON.stringify(body), JSON_TYPE);
}

/** Every entry of the exchange matches with what it says now, and no other. */
async function expectSynced(service: RunningService, { entries }: NcmecServer): Promise<void> {
  await post(service, '/v1/sources/line/sync', {});
  const all = [...entries.values()];
  const signals = all.map(({ fingerprints }) => ({ type: 'md5', value: fingerprints?.[0]?.[1] }));
  const answer = await post(service, '/v1/lookup', { signals });
  const { results } = (await answer.json()) as { results: { matches: { grade: string | null }[] }[] };
  const grades = results.map(({ matches }) => matches.map(({ grade }) => grade));
  expect(grades).toEqual(all.map(({ deleted, classification }) => (deleted ? [] : [classification])));
}
