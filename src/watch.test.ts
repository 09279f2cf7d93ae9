import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabases } from '../test/databases.js';
import { listAttention } from './storage/attention/attention-store.js';
import type { Database } from './storage/database.js';
import { Watch, type Watched } from './watch.js';

describe('Watch', () => {
  let databases: TestDatabases;
  let database: Database;
  beforeAll(async () => {
    databases = await DATABASES[0].start();
    database = await databases.open();
  });
  afterAll(() => databases.close());

  const open = async () =>
    (await listAttention(database.db, { limit: 100 })).map(({ kind, cause, count }) => ({
      kind,
      cause,
      count,
    }));

  it('raises what is amiss once, settles what is well again, and what is not watched any more', async () => {
    let state: Watched[] = [
      { kind: 'disk-low', cause: 'data', trouble: undefined },
      { kind: 'index-incomplete', cause: 'list a', trouble: { list: 'a' } },
    ];
    const watch = new Watch(database, 'node:one', async () => state);
    await watch.tick();
    await watch.tick();
    expect(await open()).toEqual([{ kind: 'index-incomplete', cause: 'node:one list a', count: 1 }]);
    state = [{ kind: 'disk-low', cause: 'data', trouble: { percent: 3 } }];
    await watch.tick();
    expect(await open()).toEqual([{ kind: 'disk-low', cause: 'node:one data', count: 1 }]);
  });

  it('settles what a process before it raised, and nothing of another node', async () => {
    const other: Watched = { kind: 'disk-low', cause: 'data', trouble: { percent: 1 } };
    await new Watch(database, 'node:two', async () => [other]).tick();
    expect(await open()).toHaveLength(2);
    await new Watch(database, 'node:one', async () => [{ ...other, trouble: undefined }]).tick();
    expect(await open()).toEqual([{ kind: 'disk-low', cause: 'node:two data', count: 1 }]);
  });
});
