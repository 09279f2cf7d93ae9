import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import type { Database } from '../database.js';
import { Keyring } from '../keyring.js';
import { seal, unseal } from '../seal.js';
import { openSecret } from '../secrets.js';
import { Accounts, type PlatformAccount } from './accounts.js';

describe.each(DATABASES)('Accounts: $name', ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  const keys = [randomBytes(32), randomBytes(32)] as const;
  const keyring = new Keyring([keys[0]], 'file');
  let database: Database;
  const open = (ring = keyring) =>
    Accounts.open(database, ring, async (_tx, subject, plain, aad) =>
      seal(ring, plain, { purpose: 'test', aad: `${subject} ${aad}` }),
    );
  const idsOf = (accounts: Accounts, wanted: readonly PlatformAccount[]) =>
    database.transaction((tx) => accounts.idsOf(tx, wanted));

  openedBefore({ missing, start }, (opened) => {
    database = opened;
  });
  beforeEach(async () => {
    if (missing !== undefined) return;
    await sql`TRUNCATE secret, account, account_identity CASCADE`.execute(database.db);
  });

  it('gives one random id an account, the same on every node, and each platform its own', async () => {
    const [here, there] = [await open(), await open()];
    const wanted = [
      { platform: 'a', account: 'alice' },
      { platform: 'a', account: 'bob' },
      { platform: 'b', account: 'alice' },
      { platform: 'a', account: 'alice' },
    ];
    const [ids, again] = await Promise.all([idsOf(here, wanted), idsOf(there, [...wanted].reverse())]);
    expect(ids[0]).toBe(ids[3]);
    expect(new Set(ids).size).toBe(3);
    expect([...again].reverse()).toEqual(ids);
    expect(await idsOf(here, wanted)).toEqual(ids);
    expect(await here.find(database.db, { platform: 'a', account: 'bob' })).toBe(ids[1]);
    expect(await here.find(database.db, { platform: 'a', account: 'carol' })).toBeUndefined();
  });

  it("keeps the platform's own id only under the account's key", async () => {
    const accounts = await open();
    const [id = ''] = await idsOf(accounts, [{ platform: 'a', account: 'alice-4711' }]);
    const rows = [
      await database.db.selectFrom('account').selectAll().execute(),
      await database.db.selectFrom('account_identity').selectAll().execute(),
    ];
    expect(rows.map((each) => each.length)).toEqual([1, 1]);
    const texts = rows.flat().flatMap((row) => Object.values(row).map((value) => Buffer.from(String(value))));
    for (const text of texts) expect(text.includes('alice')).toBe(false);
    const { sealed } = await database.db.selectFrom('account_identity').select('sealed').executeTakeFirstOrThrow();
    const plain = unseal(keyring, sealed, { purpose: 'test', aad: `account:${id} ${id}` });
    expect(Buffer.from(plain).toString()).toBe('alice-4711');
  });

  it('keeps pseudonyms through a rotation of the master key', async () => {
    const wanted = [{ platform: 'a', account: 'alice' }];
    const before = await idsOf(await open(), wanted);
    const rotated = new Keyring([keys[1], keys[0]], 'file');
    expect(await idsOf(await open(rotated), wanted)).toEqual(before);
    const lost = new Keyring([keys[1]], 'file');
    await expect(open(lost)).rejects.toMatchObject({ code: 'seal-key-wrong' });
  });

  it('draws a secret once, however many ask for it first', async () => {
    const secrets = await Promise.all(
      Array.from({ length: 8 }, () => openSecret(database, keyring, 'item-fingerprint')),
    );
    expect(new Set(secrets.map((each) => Buffer.from(each).toString('hex'))).size).toBe(1);
    expect(await openSecret(database, keyring, 'account-pseudonym')).not.toEqual(secrets[0]);
  });

  it('remembers nothing that was rolled back', async () => {
    const accounts = await open();
    const wanted = [{ platform: 'a', account: 'alice' }];
    await expect(
      database.transaction(async (tx) => {
        await accounts.idsOf(tx, wanted);
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    const [id = ''] = await idsOf(accounts, wanted);
    expect(await database.db.selectFrom('account').select('id').execute()).toEqual([{ id }]);
  });
});
