import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../src/intake/item-draft.js';
import { sealContent } from '../src/intake/sealed-content.js';
import { openDatabase } from '../src/storage/database.js';
import { Keyring } from '../src/storage/keyring.js';
import { newDataDir, startService } from './service.js';

/** Items that wait at the start; a million in `npm run soak -- waiting`. */
const WAITING = Number(process.env['VIGIE_SOAK_WAITING'] ?? 20_000);
const AT_ONCE = 5_000;

/** Lays down items of words alone, as a service of yesterday left them, every other one of the backfill. */
async function dataDirWithQueue(key: Buffer): Promise<string> {
  const data = await newDataDir();
  const keyring = new Keyring([key], 'file');
  const database = await openDatabase({ dataDir: `${data}/db` }, { allowNoFsync: true, fsync: false });
  for (let from = 0; from < WAITING; from += AT_ONCE) {
    const ids = Array.from({ length: Math.min(AT_ONCE, WAITING - from) }, (_, i) => `i${from + i}`);
    const sealed = ids.map((id) => {
      const content = contentOf({ platform: 'forum', id, surface: 'public', text: 'words' }, []);
      return Buffer.from(sealContent(keyring, id, content)).toString('hex');
    });
    await sql`
      INSERT INTO item (id, platform, platform_id, fingerprint, surface, lane, sealed, published_at)
      SELECT id, 'forum', id, '', 'public', CASE WHEN n % 2 = 0 THEN 'live' ELSE 'backfill' END, decode(sealed, 'hex'), now()
      FROM unnest(${ids}::text[], ${sealed}::text[]) WITH ORDINALITY AS u (id, sealed, n)`.execute(database.db);
  }
  await sql`INSERT INTO work (id, lane) SELECT id, lane FROM item`.execute(database.db);
  await database.close();
  return data;
}

describe('a service that starts with a long queue', () => {
  it(`answers while ${WAITING} items wait, and looks at them`, { timeout: 180_000 + WAITING }, async () => {
    const key = randomBytes(32);
    const data = await dataDirWithQueue(key);
    const timed = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
      const begun = performance.now();
      const result = await act();
      console.log(`soak: ${what} ${Math.round(performance.now() - begun)} ms`);
      return result;
    };
    await using service = await timed('start', () =>
      startService({ data, env: { VIGIE_KEY: key.toString('hex') }, args: ['--decoders', '1', '--allow-no-fsync'] }),
    );
    const metric = async (name: string): Promise<number> => {
      const text = await (await service.call('GET', '/metrics')).text();
      return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
    };
    const backfill = await timed('/metrics', () => metric('vigie_work_waiting{lane="backfill"}'));
    expect(backfill).toBeGreaterThan(0);
    expect(await metric('vigie_items_waiting')).toBeGreaterThan(0);
    const attention = await timed('/v1/attention', () => service.call('GET', '/v1/attention'));
    expect(attention.status).toBe(200);
    const item = { platform: 'forum', id: 'new', surface: 'public', text: 'words' };
    const handed = await timed('an item handed in', () =>
      service.call('POST', '/v1/items', JSON.stringify(item), { 'content-type': 'application/json' }),
    );
    expect(handed.status).toBe(202);
    // The oldest of the live lane comes first, and the other lane gets its share.
    for (const id of ['i1', 'i0']) {
      await expect
        .poll(async () => ((await (await service.call('GET', `/v1/items/${id}`)).json()) as { state: string }).state, {
          timeout: 60_000,
          interval: 100,
        })
        .toBe('told');
    }
    expect(await metric('vigie_items_waiting')).toBeLessThanOrEqual(Math.min(WAITING, 100_000));
  });
});
