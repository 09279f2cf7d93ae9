import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabases } from '../../test/databases.js';
import type { Database } from '../storage/database.js';
import { ApiKeys } from './api-keys.js';

describe.each(DATABASES)('API keys: $name', ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let databases: TestDatabases;
  let database: Database;
  let now: number;
  let keys: ApiKeys;

  beforeAll(async () => {
    if (missing === undefined) databases = await start();
  });
  afterAll(async () => {
    await databases?.close();
  });
  beforeEach(async () => {
    database = await databases.open();
    now = 0;
    keys = new ApiKeys(database, undefined, () => now);
  });

  it('finds a key with its scopes, and keeps only its hash', async () => {
    const { key, info } = await keys.create('a service', ['scan', 'lookup']);
    expect(key).toMatch(/^vigie_[\w-]{43}$/);
    const found = await keys.find(key);
    expect(found).toMatchObject({ kind: 'service', id: info.id, name: 'a service' });
    expect([...(found?.scopes ?? [])]).toEqual(['scan', 'lookup']);
    expect(await keys.find(`${key}x`)).toBeUndefined();
    const rows = await database.db.selectFrom('api_key').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(key.slice(6));
    expect(rows[0]?.hash).toHaveLength(32);
  });

  it('refuses a revoked key at once, and within half a second where another process revoked it', async () => {
    const elsewhere = new ApiKeys(database, undefined, () => now);
    const { key, info } = await keys.create('a service', ['scan']);
    expect(await elsewhere.find(key)).toBeDefined();
    expect(await keys.revoke(info.id)).toBe(true);
    expect(await keys.find(key)).toBeUndefined();
    now += 501;
    expect(await elsewhere.find(key)).toBeUndefined();
    expect(await keys.revoke(info.id)).toBe(false);
    expect((await keys.ls()).map(({ id, revoked }) => [id, revoked instanceof Date])).toEqual([[info.id, true]]);
  });

  it('writes down when keys were used', async () => {
    const { key } = await keys.create('a service', ['scan']);
    await keys.find(key);
    await keys.flush();
    const [row] = await database.db.selectFrom('api_key').select('last_used_at').execute();
    expect(row?.last_used_at).toBeInstanceOf(Date);
  });
});
