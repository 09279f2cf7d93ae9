import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabases } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { jsonb } from './column-values.js';
import type { Database } from './database.js';
import { migrate } from './migrate.js';
import type { Tx } from './schema.js';
import { schemaSnapshot } from './schema-snapshot.js';
import { SqlError } from './sql-error.js';

describe.each(DATABASES)('the database: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let databases: TestDatabases;
    let database: Database;

    openedBefore({ missing, start }, (opened, all) => {
      database = opened;
      databases = all;
    });
    beforeAll(async () => {
      await sql`CREATE TABLE thing (id int PRIMARY KEY, big bigint, bytes bytea, at timestamptz, doc jsonb)`.execute(
        database.db,
      );
    });

    const count = async (): Promise<unknown> => {
      const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM thing`.execute(database.db);
      return rows[0]?.n;
    };

    it('has the tables of the snapshot', async () => {
      await sql`CREATE SCHEMA IF NOT EXISTS aside`.execute(database.db);
      await sql`ALTER TABLE thing SET SCHEMA aside`.execute(database.db);
      const snapshot = await schemaSnapshot(database.db);
      await sql`ALTER TABLE aside.thing SET SCHEMA public`.execute(database.db);
      expect(snapshot).toBe(await readFile(new URL('schema.snapshot.txt', import.meta.url), 'utf8'));
    });

    it('gives the same JavaScript values on both', async () => {
      const doc = { list: [1, 'two', null], nested: { yes: true } };
      const at = new Date('2024-02-29T12:34:56.789Z');
      const bytes = Uint8Array.of(0, 1, 254, 255);
      await sql`INSERT INTO thing VALUES (1, ${2 ** 53 - 1}, ${bytes}, ${at}, ${jsonb(doc)}), (2, ${2n ** 62n}, NULL, NULL, ${jsonb(['a'])})`.execute(
        database.db,
      );
      const { rows } = await sql<Record<string, unknown>>`SELECT * FROM thing ORDER BY id`.execute(database.db);
      expect(rows).toEqual([
        { id: 1, big: 2 ** 53 - 1, bytes, at, doc },
        { id: 2, big: 2n ** 62n, bytes: null, at: null, doc: ['a'] },
      ]);
      expect(rows[0]?.['bytes']?.constructor).toBe(Uint8Array);
      expect(await count()).toBe(2);
      const { numAffectedRows } = await sql`DELETE FROM thing`.execute(database.db);
      expect(numAffectedRows).toBe(2n);
    });

    it('undoes a transaction that throws, and says why in the same words on both', async () => {
      await sql`INSERT INTO thing (id) VALUES (1)`.execute(database.db);
      const twice = database.transaction(async (tx) => {
        await sql`INSERT INTO thing (id) VALUES (2)`.execute(tx);
        await sql`INSERT INTO thing (id) VALUES (1)`.execute(tx);
      });
      await expect(twice).rejects.toMatchObject({ sqlState: '23505', constraint: 'thing_pkey' });
      await expect(twice).rejects.toBeInstanceOf(SqlError);
      expect(await count()).toBe(1);
      await sql`DELETE FROM thing`.execute(database.db);
    });

    it('keeps values out of its errors', async () => {
      const wrong = sql`SELECT ${'secret value'}::text::bigint`.execute(database.db);
      await expect(wrong).rejects.toMatchObject({ sqlState: '22P02' });
      await expect(wrong).rejects.not.toThrow(/secret/);
    });

    it('runs many transactions at once, each whole', async () => {
      await sql`INSERT INTO thing (id, big) VALUES (1, 0)`.execute(database.db);
      const adding = Array.from({ length: 40 }, () =>
        database.transaction(async (tx) => {
          const { rows } = await sql<{ big: number }>`SELECT big FROM thing WHERE id = 1 FOR UPDATE`.execute(tx);
          await sql`UPDATE thing SET big = ${Number(rows[0]?.big) + 1} WHERE id = 1`.execute(tx);
        }),
      );
      await Promise.all(adding);
      const { rows } = await sql<{ big: number }>`SELECT big FROM thing`.execute(database.db);
      expect(rows).toEqual([{ big: 40 }]);
      await sql`DELETE FROM thing`.execute(database.db);
    });

    it('refuses a query beside the open transaction instead of waiting for ever', async () => {
      const mistake = database.transaction(async () => await count());
      await expect(mistake).rejects.toMatchObject({ code: 'internal' });
      const nested = database.transaction(async (tx) => {
        await sql`SELECT 1`.execute(tx);
        await database.transaction(async () => 1);
      });
      await expect(nested).rejects.toMatchObject({ code: 'internal' });
      expect(await count()).toBe(0);
    });

    it('gives up a transaction on abort and goes on', async () => {
      const controller = new AbortController();
      let entered = (): void => undefined;
      const inside = new Promise<void>((resolve) => {
        entered = resolve;
      });
      const stuck = database.transaction(
        async (tx) => {
          await sql`INSERT INTO thing (id) VALUES (1)`.execute(tx);
          entered();
          await new Promise(() => undefined);
        },
        { signal: controller.signal },
      );
      await inside;
      controller.abort(new Error('enough'));
      await expect(stuck).rejects.toThrow('enough');
      expect(await count()).toBe(0);
    });

    it('gives up a transaction that takes too long, and its later queries fail', async () => {
      const held: Tx[] = [];
      const stuck = database.transaction(
        async (tx) => {
          held.push(tx);
          await sql`INSERT INTO thing (id) VALUES (1)`.execute(tx);
          await new Promise(() => undefined);
        },
        { timeLimit: 500 },
      );
      await expect(stuck).rejects.toMatchObject({ code: 'database-timeout' });
      for (const tx of held) {
        await expect(sql`SELECT 1`.execute(tx)).rejects.toMatchObject({ code: 'database-timeout' });
      }
      expect(await count()).toBe(0);
    });

    it('does not start when the signal has been aborted', async () => {
      const run = database.transaction(async () => 1, { signal: AbortSignal.abort(new Error('no')) });
      await expect(run).rejects.toThrow('no');
    });

    it('hears a notification after the commit', async () => {
      const heard: string[] = [];
      let arrived = (): void => undefined;
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const stop = await database.listen('news', (payload) => {
        heard.push(payload);
        arrived();
      });
      await database.transaction(async (tx) => {
        await sql`SELECT pg_notify('news', 'one')`.execute(tx);
      });
      await arrival;
      expect(heard).toEqual(['one']);
      await stop();
    });

    it('leaves a database of a newer version alone', async () => {
      await database.db.insertInto('migration').values({ number: 9999, name: 'later' }).execute();
      await expect(migrate(database)).rejects.toMatchObject({ code: 'database-too-new' });
      await database.db.deleteFrom('migration').where('number', '=', 9999).execute();
      await migrate(database);
    });

    it('refuses what is too long a line', async () => {
      const narrow = await databases.open({ queueLength: 2, connections: 1 });
      let go = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        go = resolve;
      });
      let holding = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        holding = resolve;
      });
      const holder = narrow.transaction(async (tx) => {
        await sql`SELECT 1`.execute(tx);
        holding();
        await gate;
      });
      await held;
      const waiters = [1, 2].map(() => sql`SELECT 1`.execute(narrow.db));
      await expect(sql`SELECT 1`.execute(narrow.db)).rejects.toMatchObject({ code: 'database-busy' });
      go();
      await Promise.all([holder, ...waiters]);
    });
  });
});
