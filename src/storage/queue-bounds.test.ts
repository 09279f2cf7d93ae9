import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabases } from '../../test/databases.js';
import { ItemUpkeep } from '../intake/item-upkeep.js';
import { listAttention } from './attention/attention-store.js';
import type { Database } from './database.js';
import { countHeld, countOpenActions, countOpenCases } from './enforcement/open-counts.js';
import { unsealed } from './events/batch-store.js';
import { inIndexOrder } from './in-index-order.js';
import { itemsWithoutWork, lostItems, oldestWaiting } from './items/item-upkeep.js';
import { queueFigures } from './queue-figures.js';
import type { Db, Tx } from './schema.js';
import { TableWorkStream } from './work/table-work-stream.js';

const WAITING = 20_000;
const BOUND = 100;

/** However much waits, what is asked again and again reads no more of it than its bound. */
describe.each(DATABASES)('a long queue on $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('', () => {
    let databases: TestDatabases;
    let database: Database;

    beforeAll(async () => {
      databases = await start();
      database = await databases.open();
      const { db } = database;
      // Only every hundredth is live, so that finding one among the others would show.
      await sql`INSERT INTO item (id, platform, platform_id, fingerprint, surface, lane, sealed, published_at, received_at)
        SELECT 'i' || n, 'forum', n, '', 'public', CASE WHEN n % 100 = 0 THEN 'live' ELSE 'backfill' END, '', now(),
          now() - (n / 7) * interval '1 millisecond'
        FROM generate_series(1, ${WAITING}::int) AS n`.execute(db);
      await sql`INSERT INTO work (id, lane) SELECT id, lane FROM item`.execute(db);
      await sql`INSERT INTO outbox (id, kind, subject, idempotency_key, sealed)
        SELECT n, 'webhook', n, n, '' FROM generate_series(1, ${WAITING}::int) AS n`.execute(db);
      await sql`INSERT INTO event (id, kind, version, at, actor, subject, commitment)
        SELECT n, 'link.created', 1, now(), 'service', 'service', decode(repeat('00', 32), 'hex')
        FROM generate_series(1, ${WAITING}::int) AS n`.execute(db);
      await sql`INSERT INTO attention (id, kind, cause, subject, due)
        VALUES ('a', 'could-not-tell', 'x', 'service', now())`.execute(db);
      await sql`INSERT INTO action (id, act, platform, subject_kind, subject_id, rule, reason, state, held_by)
        SELECT n, 'remove', 'forum', 'item', n, 'r', 'known-medium', CASE WHEN n % 2 = 0 THEN 'proposed' ELSE 'failed' END,
          CASE WHEN n % 2 = 0 THEN 'rate' END
        FROM generate_series(1, ${WAITING}::int) AS n`.execute(db);
      await sql`INSERT INTO moderation_case (id, subject_kind, subject_id, platform, priority, cause, opened_by, due)
        SELECT n, 'item', n, 'forum', n % 100, 'policy', 'policy', now()
        FROM generate_series(1, ${WAITING}::int) AS n`.execute(db);
      await sql`INSERT INTO attention_backlog (attention_id, item_id) SELECT 'a', id FROM item`.execute(db);
    }, 120_000);
    afterAll(() => databases.close());

    const plainly = <T>(act: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(act);
    /** How many rows and entries of indexes of our tables were read by what is done. */
    const reads = async (
      transaction: (act: (tx: Tx) => Promise<number>) => Promise<number>,
      act: (tx: Tx) => Promise<unknown>,
    ): Promise<number> =>
      await transaction(async (tx) => {
        const sum = async (): Promise<number> => {
          const { rows } = await sql<{ sum: number }>`
            SELECT sum(pg_stat_get_xact_tuples_returned(oid))::bigint AS sum FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i')`.execute(tx);
          return Number(rows[0]?.sum ?? 0);
        };
        const before = await sum();
        await act(tx);
        return (await sum()) - before;
      });

    it('is counted by reading as much as is waiting, when that is not bounded', async () => {
      const all = await reads(plainly, (tx) => sql`SELECT count(*) FROM work`.execute(tx));
      expect(all).toBeGreaterThanOrEqual(WAITING);
    });

    const BOUNDED: readonly (readonly [string, (tx: Tx) => Promise<unknown>])[] = [
      ['figures', (tx) => queueFigures(tx, BOUND)],
      ['open acts', (tx) => countOpenActions(tx, BOUND)],
      ['open cases', (tx) => countOpenCases(tx, BOUND)],
      ['acts that wait for people', (tx) => countHeld(tx, BOUND)],
      ['unsealed events', (tx) => unsealed(tx, BOUND)],
      ['the oldest live item', (tx) => oldestWaiting(tx)],
      ['what needs somebody', (tx) => listAttention(tx, { limit: 50, counted: BOUND })],
      ['items without work', (tx) => itemsWithoutWork(tx, 'backfill', undefined, BOUND)],
      ['items in the middle', (tx) => itemsWithoutWork(tx, 'live', { at: new Date().toISOString(), id: '' }, BOUND)],
      ['items that the stream lost', (tx) => lostItems(tx, 'live', -60_000, BOUND)],
    ];
    it.each(BOUNDED)('is not read for %s', async (_, act) => {
      expect(await reads((each) => inIndexOrder(database, each), act)).toBeLessThan(20 * BOUND);
    });

    it('is taken from without reading it all', async () => {
      // The stream counts its table once when it is opened; what follows is asked in a transaction that can be measured.
      let db: Db = database.db;
      const measured: Database = {
        fsync: database.fsync,
        transaction: (...given) => database.transaction(...given),
        version: () => database.version(),
        close: () => database.close(),
        dialect: database.dialect,
        listen: (...given) => database.listen(...given),
        get db() {
          return db;
        },
      };
      const stream = await TableWorkStream.open(measured);
      expect(await stream.depth()).toEqual({ live: WAITING / 100, backfill: WAITING - WAITING / 100 });
      const read = await reads(plainly, async (tx) => {
        db = tx;
        for (let i = 0; i < 9; i++) {
          const works = await stream.take({ most: 32, waitMs: 0, signal: new AbortController().signal });
          expect(works).toHaveLength(32);
        }
      });
      db = database.db;
      expect(read).toBeLessThan(9 * 20 * BOUND);
      await stream.close();
    });

    it('is searched for what the stream does not hold, a portion at a time', async () => {
      const lost = await sql<{ id: string }>`
        DELETE FROM work WHERE id IN ('i1', 'i9999', 'i19998', 'i200') RETURNING id`.execute(database.db);
      expect(lost.rows).toHaveLength(4);
      const stream = await TableWorkStream.open(database);
      const media = {} as ConstructorParameters<typeof ItemUpkeep>[0]['media'];
      const upkeep = new ItemUpkeep({ database, stream, media });
      const found = [await upkeep.republish(), await upkeep.republish()];
      expect(found.reduce((sum, each) => sum + each)).toBe(4);
      expect(Math.min(...found)).toBeGreaterThan(0);
      expect(await upkeep.republish()).toBe(0);
      await stream.close();
    });
  });
});
