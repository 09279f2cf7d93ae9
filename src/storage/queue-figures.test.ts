import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DATABASES, type TestDatabases } from '../../test/databases.js';
import { fillRandomly } from '../../test/random-rows.js';
import { queueFigures } from './queue-figures.js';

describe.each(DATABASES)('figures of the queues: $name', ({ missing, start }) => {
  const it = test.skipIf(missing !== undefined);
  let databases: TestDatabases;
  beforeAll(async () => {
    if (missing === undefined) databases = await start();
  });
  afterAll(async () => {
    await databases?.close();
  });

  it('are zero of nothing, and those of the rows', async () => {
    const database = await databases.open();
    const none = { work: [], itemsWaiting: 0, outbox: [], attention: [], eventsUnsealed: 0, verified: [], nodes: [] };
    expect(await queueFigures(database.db)).toEqual(none);
    await fillRandomly(database, 7, 8);
    const { work, itemsWaiting, outbox, attention, eventsUnsealed } = await queueFigures(database.db);
    const { db } = database;
    const waiting = (await db.selectFrom('item').select('id').where('state', '=', 'waiting').execute()).length;
    const open = (await db.selectFrom('event').select('id').where('xid', '>=', 100).execute()).length;
    expect([itemsWaiting, eventsUnsealed]).toEqual([waiting, open]);
    const sum = (rows: readonly { count: number }[]) => rows.reduce((all, each) => all + Number(each.count), 0);
    const rows = async (table: 'outbox' | 'attention') => (await db.selectFrom(table).select('id').execute()).length;
    const lanes = async () =>
      (await db.selectFrom('work').select('lane').distinct().orderBy('lane').execute()).map(({ lane }) => lane);
    expect(work.map(({ lane }) => lane).sort()).toEqual(await lanes());
    expect(sum(outbox)).toBe(await rows('outbox'));
    expect(sum(attention)).toBe(await rows('attention'));
  });
});
