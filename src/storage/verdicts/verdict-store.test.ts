import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { DATABASES, noPostgres, startPostgres } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import { type Database, openDatabase } from '../database.js';
import { randomId } from '../random-id.js';
import type { Tx } from '../schema.js';
import type { VerdictRecord } from './verdict-record.js';
import { VerdictStore, type VerdictStoreOptions } from './verdict-store.js';

const record = (over: Partial<VerdictRecord> = {}): VerdictRecord => ({
  id: randomId(),
  itemId: null,
  medium: 0,
  verdict: 'no-match',
  reason: 'nothing-known',
  detail: { media: [] },
  engine: 'test',
  appliedSeq: 7,
  node: 'here',
  surface: 'public',
  milliseconds: 2,
  at: new Date('2026-03-04T10:20:30Z'),
  ...over,
});

async function addItem(database: Database): Promise<string> {
  const id = randomId();
  const row = { id, platform: 'p', platform_id: id, surface: 'public', lane: 'live' } as const;
  await database.db
    .insertInto('item')
    .values({ ...row, fingerprint: new Uint8Array(32), sealed: new Uint8Array(1) })
    .execute();
  return id;
}

const rowsOf = (database: Database) => database.db.selectFrom('verdict').selectAll().orderBy('at').execute();
const minutesOf = (database: Database) =>
  database.db.selectFrom('verdict_minute').selectAll().orderBy('minute').orderBy('reason').execute();

describe.each(DATABASES)('VerdictStore: $name', ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let database: Database;
  const open = (options: Partial<VerdictStoreOptions> = {}) => new VerdictStore({ database, ...options });

  openedBefore({ missing, start }, (opened) => {
    database = opened;
  });
  beforeEach(async () => {
    if (missing !== undefined) return;
    await sql`TRUNCATE item, verdict, verdict_minute CASCADE`.execute(database.db);
    for (const day of await open().partitions.days()) {
      await sql`DROP TABLE ${sql.id(`verdict_${day.replaceAll('-', '')}`)}`.execute(database.db);
    }
  });

  it('stores what is written at once in few transactions, and counts it by the minute', async () => {
    const store = open();
    const at = (second: number) => new Date(Date.UTC(2026, 2, 4, 10, 20, second));
    const words = ['nothing-known', 'low-quality'] as const;
    const written = Array.from({ length: 1_000 }, (_, i) =>
      record({ at: at(i % 120), reason: words[i % 2] ?? null, surface: i % 5 === 0 ? 'private' : 'public' }),
    );
    await Promise.all(written.map((each) => store.write(each)));
    const rows = await rowsOf(database);
    expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(written.map(({ id }) => id)));
    const minutes = await minutesOf(database);
    const key = (minute: Date, surface: string, reason: string) => `${minute.toISOString()} ${surface} ${reason}`;
    const expected = new Map<string, number>();
    for (const each of written) {
      const minute = new Date(Math.floor(each.at.getTime() / 60_000) * 60_000);
      const name = key(minute, each.surface, each.reason ?? '');
      expected.set(name, (expected.get(name) ?? 0) + 1);
    }
    expect(new Map(minutes.map((each) => [key(each.minute, each.surface, each.reason), each.count]))).toEqual(expected);
    expect(minutes.reduce((sum, { milliseconds }) => sum + milliseconds, 0)).toBe(2_000);
    const { rows: transactions } = await sql<{ xmins: number }>`
      SELECT count(DISTINCT xmin::text) AS xmins FROM verdict`.execute(database.db);
    expect(transactions[0]?.xmins).toBeLessThanOrEqual(10);
  });

  it('stores on both sides of midnight, and for a clock that is set back or far ahead', async () => {
    const store = open();
    const moments = [
      '2026-03-04T23:59:59.999Z',
      '2026-03-05T00:00:00Z',
      '2020-02-29T12:00:00Z',
      '2031-01-01T00:00:00Z',
    ];
    await Promise.all(moments.map((at) => store.write(record({ at: new Date(at) }))));
    await store.write(record({ at: new Date('2026-03-04T23:59:00Z') }));
    const days = (await rowsOf(database)).map(({ at }) => at.toISOString().slice(0, 10));
    expect(days.sort()).toEqual(['2020-02-29', '2026-03-04', '2026-03-04', '2026-03-05', '2031-01-01']);
    expect(await store.partitions.days()).toEqual(['2020-02-29', '2026-03-04', '2026-03-05', '2031-01-01']);
  });

  it('makes tomorrow ahead, drops what is old, and stores a day again whose partition another node has dropped', async () => {
    const now = new Date();
    const store = open({ keepDays: 30, now: () => now });
    const old = new Date(now.getTime() - 40 * 86_400_000);
    await store.write(record({ at: old }));
    const day = (at: Date) => at.toISOString().slice(0, 10);
    const tomorrow = new Date(now.getTime() + 86_400_000);
    const other = open({ keepDays: 30, now: () => now });
    expect(await other.tend()).toEqual([day(old)]);
    expect(await store.partitions.days()).toEqual([day(now), day(tomorrow)]);
    await store.write(record({ at: old }));
    expect(await rowsOf(database)).toHaveLength(1);
  });

  it('does not drop anything for one clock that has jumped ahead', async () => {
    const store = open({ keepDays: 30, now: () => new Date('2099-01-01T00:00:00Z') });
    await store.write(record({ at: new Date() }));
    expect(await store.tend()).toEqual([]);
    expect(await rowsOf(database)).toHaveLength(1);
  });

  it('lets one verdict that the database refuses harm no other', async () => {
    const store = open();
    const good = Array.from({ length: 20 }, () => record());
    const bad = record({ verdict: 'perhaps' as 'match' });
    const failing = record();
    const outcomes = await Promise.allSettled([
      ...good.slice(0, 10).map((each) => store.write(each)),
      store.write(bad),
      store.write(failing, async () => {
        throw new Error('this effect cannot be queued');
      }),
      ...good.slice(10).map((each) => store.write(each)),
    ]);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(2);
    expect(outcomes[10]?.status).toBe('rejected');
    expect(new Set((await rowsOf(database)).map(({ id }) => id))).toEqual(new Set(good.map(({ id }) => id)));
    expect((await minutesOf(database)).map(({ count }) => count)).toEqual([20]);
  });

  it('tells an item once, whoever tries, and does what goes along once', async () => {
    const stores = [open(), open()];
    const items = await Promise.all(Array.from({ length: 20 }, () => addItem(database)));
    let effects = 0;
    const alongside = async (tx: Tx) => {
      await sql`SELECT 1`.execute(tx);
      effects++;
    };
    const told = await Promise.all(
      items.flatMap((itemId) =>
        [0, 1, 2, 3].map((i) =>
          stores[i % 2]?.tell({
            verdict: record({ itemId, verdict: 'match', reason: null }),
            moves: 'told',
            copies: [0, 1].map((ordinal) => ({ ordinal, medium: String(2n ** 63n - 1n - BigInt(i)) })),
            alongside,
          }),
        ),
      ),
    );
    expect(told.filter((each) => each === true)).toHaveLength(20);
    const rows = await rowsOf(database);
    expect(rows.map(({ item_id }) => item_id).sort()).toEqual([...items].sort());
    expect(effects).toBeGreaterThanOrEqual(20);
    expect((await minutesOf(database)).reduce((sum, { count }) => sum + count, 0)).toBe(20);
    const copies = await database.db
      .selectFrom('item_copy')
      .select(['item_id', 'ordinal'])
      .orderBy('ordinal')
      .execute();
    expect(copies.map(({ item_id }) => item_id).sort()).toEqual([...items, ...items].sort());
    const states = await database.db.selectFrom('item').select('state').distinct().execute();
    expect(states).toEqual([{ state: 'told' }]);
  });

  it('counts a verdict once that is written again after an answer was lost', async () => {
    const [store, again] = [open(), open()];
    const once = record();
    await store.write(once);
    await again.write(once);
    expect(await rowsOf(database)).toHaveLength(1);
    expect((await minutesOf(database)).map(({ count }) => count)).toEqual([1]);
  });

  it('refuses what it cannot hold', async () => {
    const store = open({ limit: 3 });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => store.write(record())));
    const refused = outcomes.filter((each) => each.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const each of refused) expect((each as PromiseRejectedResult).reason).toMatchObject({ code: 'database-busy' });
    expect(await rowsOf(database)).toHaveLength(10 - refused.length);
  });
});

describe('VerdictStore while the server is away', () => {
  test.skipIf(noPostgres !== undefined)('waits, stores everything once it is back, or says why not', async () => {
    const cluster = await startPostgres();
    const database = await openDatabase({ url: await cluster.createDatabase() });
    try {
      const store = new VerdictStore({ database });
      const impatient = new VerdictStore({ database, patienceMs: 300 });
      await store.write(record());
      const during = Array.from({ length: 100 }, () => record());
      const begun = during.slice(0, 50).map((each) => store.write(each));
      await cluster.crash();
      const later = during.slice(50).map((each) => store.write(each));
      await expect(impatient.write(record())).rejects.toMatchObject({ code: 'database-unavailable' });
      await cluster.restart();
      await Promise.all([...begun, ...later]);
      expect(await rowsOf(database)).toHaveLength(101);
      expect((await minutesOf(database)).map(({ count }) => count)).toEqual([101]);
    } finally {
      await database.close();
      await cluster.stop();
    }
  });
});
