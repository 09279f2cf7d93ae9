import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabases } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import { createApiKey, findApiKey, listApiKeys, revokeApiKey, touchApiKeys } from './api-key-store.js';
import { jsonb } from './column-values.js';
import type { Database } from './database.js';
import { clearEntryStatus, findEntryStatuses, readSilenced, setEntryStatus } from './entry-status-store.js';
import {
  endImport,
  listImports,
  runningImport,
  runningImports,
  saveProgress,
  startImport,
} from './import-run-store.js';
import { loadInstance } from './instance-store.js';
import { appendListChange, LIST_CHANGE_CHANNEL, lastListChange, readListChanges } from './list-change-log.js';
import { changeListTerms, createList, findList, getList, listLists, removeList } from './list-store.js';
import {
  currentManifests,
  forgetUnusedSegments,
  listVersions,
  type ManifestSegment,
  orphanSegments,
  publishVersion,
  retireVersions,
  rollBackTo,
} from './list-version-store.js';
import { randomId } from './random-id.js';
import type { Tx } from './schema.js';

describe.each(DATABASES)('the stores: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('opened', () => {
    let database: Database;

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await sql`TRUNCATE list, list_change, api_key, instance CASCADE`.execute(database.db);
    });

    const within = <T>(act: (tx: Tx) => Promise<T>): Promise<T> => database.transaction(act);
    const segment = (id: string): ManifestSegment => ({ id, bytes: 2 ** 40, entries: 10, summary: { pdq: 10 } });
    const publish = (listId: string, version: number, ...segments: string[]): Promise<number> =>
      within((tx) =>
        publishVersion(tx, listId, {
          ...{ version, sourceName: 'hotline.csv', format: 'csv', entries: 10, report: { accepted: 10 } },
          segments: segments.map(segment),
        }),
      );

    it('keeps lists and what is said of them', async () => {
      const expiresAt = new Date('2030-01-01T00:00:00Z');
      const made = await createList(database.db, 'hotline.a', { source: 'IWF', expiresAt, threshold: { pdq: 24 } });
      expect(made).toMatchObject({ name: 'hotline.a', shadow: false, currentVersion: null, licence: null, expiresAt });
      expect(await getList(database.db, 'hotline.a')).toEqual(made);
      await expect(createList(database.db, 'hotline.a')).rejects.toMatchObject({ code: 'list-name-taken' });
      for (const name of ['', 'Upper', '.dot', 'a b', 'x'.repeat(65), "a'; DROP TABLE list; --"]) {
        await expect(createList(database.db, name)).rejects.toMatchObject({ code: 'list-name-invalid' });
      }
      await expect(getList(database.db, 'none')).rejects.toMatchObject({ code: 'list-not-found' });
      await within((tx) => changeListTerms(tx, made.id, { shadow: true, threshold: null }));
      expect(await findList(database.db, 'hotline.a')).toEqual({ ...made, shadow: true, threshold: null });
      await createList(database.db, 'a-first');
      expect((await listLists(database.db)).map(({ name }) => name)).toEqual(['a-first', 'hotline.a']);
    });

    it('publishes versions, goes back to one, and lets go of old ones', async () => {
      const { id } = await createList(database.db, 'list');
      await publish(id, 1, 'a', 'b');
      await publish(id, 2, 'b', 'c');
      await publish(id, 3, 'd');
      await expect(publish(id, 3, 'e')).rejects.toMatchObject({ code: 'import-in-progress' });
      expect(await currentManifests(database.db)).toEqual([{ listId: id, version: 3, segments: [segment('d')] }]);

      await within((tx) => rollBackTo(tx, id, 2));
      expect(await currentManifests(database.db, id)).toMatchObject([
        { version: 2, segments: [{ id: 'b' }, { id: 'c' }] },
      ]);
      expect((await listVersions(database.db, id)).map(({ version, state }) => [version, state])).toEqual([
        [3, 'kept'],
        [2, 'current'],
        [1, 'kept'],
      ]);

      expect(await within((tx) => retireVersions(tx, id, 1))).toEqual([1]);
      expect(await within(forgetUnusedSegments)).toEqual(['a']);
      expect(await orphanSegments(database.db, ['a', 'b', 'c', 'd', 'x'])).toEqual(['a', 'x']);
      await expect(within((tx) => rollBackTo(tx, id, 1))).rejects.toMatchObject({ code: 'list-version-not-found' });
      expect(await listVersions(database.db, id)).toMatchObject([
        { report: { accepted: 10 } },
        {},
        { state: 'retired' },
      ]);

      const changes = await readListChanges(database.db, 0, 100);
      expect(changes.map(({ seq, kind, payload }) => [seq, kind, payload])).toEqual([
        [1, 'version', { version: 1, previous: null }],
        [2, 'version', { version: 2, previous: 1 }],
        [3, 'version', { version: 3, previous: 2 }],
        [4, 'version', { version: 2, previous: 3 }],
      ]);
    });

    it('publishes all of a version or nothing', async () => {
      const { id } = await createList(database.db, 'list');
      await publish(id, 1, 'a');
      await expect(publish(id, 2, 'b', 'c', 'b')).rejects.toMatchObject({ sqlState: '23505' });
      expect(await currentManifests(database.db)).toMatchObject([{ version: 1, segments: [{ id: 'a' }] }]);
      expect(await lastListChange(database.db)).toBe(1);
      expect(await orphanSegments(database.db, ['b', 'c'])).toEqual(['b', 'c']);
    });

    it('loads a list without segments, and none without a version', async () => {
      const { id } = await createList(database.db, 'empty');
      expect(await currentManifests(database.db)).toEqual([]);
      await publish(id, 1);
      expect(await currentManifests(database.db)).toEqual([{ listId: id, version: 1, segments: [] }]);
    });

    it('removes a list with everything, and says so', async () => {
      const { id } = await createList(database.db, 'list');
      await publish(id, 1, 'a');
      await within((tx) =>
        setEntryStatus(tx, {
          ...{ listId: id, entryIds: ['e'], origin: 'person', status: 'withdrawn', reason: null, changedBy: null },
        }),
      );
      const seq = await within((tx) => removeList(tx, id));
      expect(await readListChanges(database.db, seq - 1, 9)).toMatchObject([
        { kind: 'removed', listId: id, payload: { name: 'list' } },
      ]);
      expect(await orphanSegments(database.db, ['a'])).toEqual(['a']);
      expect(await readSilenced(database.db, id, '', 9)).toEqual([]);
      await expect(within((tx) => removeList(tx, id))).rejects.toMatchObject({ code: 'list-not-found' });
    });

    it('keeps the status of entries and names each change', async () => {
      const { id } = await createList(database.db, 'list');
      const entryIds = Array.from({ length: 12_345 }, (_, index) => `entry-${String(index).padStart(6, '0')}`);
      const change = {
        listId: id,
        entryIds,
        origin: 'person',
        status: 'withdrawn',
        reason: 'not what it seemed',
        changedBy: 'anna',
      } as const;
      const seq = await within((tx) => setEntryStatus(tx, change));
      const changes = await readListChanges(database.db, 0, 10);
      expect(changes.at(-1)?.seq).toBe(seq);
      const named = changes.flatMap((logged) => (logged.kind === 'entry' ? logged.payload.silent : []));
      expect(named).toEqual(entryIds);
      const page = await readSilenced(database.db, id, entryIds[9999]!, 1000);
      expect(page).toEqual(entryIds.slice(10_000, 11_000));
      await within((tx) =>
        setEntryStatus(tx, { ...change, entryIds: [entryIds[0]!, entryIds[0]!], status: 'active', reason: null }),
      );
      expect(await findEntryStatuses(database.db, id, [entryIds[0]!, 'unknown'])).toMatchObject([
        { status: 'active', reason: null, changed_by: 'anna' },
      ]);
    });

    it('lets an entry match only while no origin says otherwise, and says in the log what follows', async () => {
      const { id } = await createList(database.db, 'list');
      const entryIds = ['a', 'b'];
      const say = { listId: id, reason: null, changedBy: null, status: 'withdrawn' } as const;
      const effects = async (): Promise<unknown> => (await readListChanges(database.db, seq - 1, 9)).at(-1)?.payload;
      let seq = await within((tx) => setEntryStatus(tx, { ...say, entryIds, origin: 'source' }));
      expect(await effects()).toEqual({ origin: 'source', status: 'withdrawn', silent: entryIds, live: [] });
      seq = await within((tx) => setEntryStatus(tx, { ...say, entryIds: ['a'], origin: 'person' }));
      const clear = () =>
        within((tx) => clearEntryStatus(tx, { listId: id, entryIds: ['a', 'b', 'c'], origin: 'source' }));
      expect([...(await clear())].sort()).toEqual(['a', 'b']);
      seq = await lastListChange(database.db);
      expect(await effects()).toEqual({ origin: 'source', status: null, silent: ['a'], live: ['b'] });
      expect(await clear()).toEqual([]);
      seq = await within((tx) => setEntryStatus(tx, { ...say, status: 'active', entryIds: ['a'], origin: 'person' }));
      expect(await effects()).toEqual({ origin: 'person', status: 'active', silent: [], live: ['a'] });
      expect(await readSilenced(database.db, id, '', 9)).toEqual([]);
      // Whoever is quarantined alone matches by exact hashes all the same.
      await within((tx) => setEntryStatus(tx, { ...say, entryIds: ['b'], origin: 'person' }));
      const held = { ...say, status: 'inactive', origin: 'quarantine' } as const;
      seq = await within((tx) => setEntryStatus(tx, { ...held, entryIds }));
      expect(await effects()).toMatchObject({ silent: entryIds, exact: ['a'], live: [] });
    });

    it('reads changes of entries as they were written before there were origins', async () => {
      const { id } = await createList(database.db, 'list');
      await database.db
        .insertInto('list_change')
        .values({
          seq: 1,
          list_id: id,
          kind: 'entry',
          payload: jsonb<unknown>({ status: 'withdrawn', entries: ['a'] }),
        })
        .execute();
      expect(await readListChanges(database.db, 0, 9)).toMatchObject([
        { kind: 'entry', payload: { origin: 'person', status: 'withdrawn', silent: ['a'], live: [] } },
      ]);
    });

    it('runs one import of a list at a time, and takes it up again', async () => {
      const { id } = await createList(database.db, 'list');
      const source = { name: 'big.csv', fingerprint: 'f00' };
      const run = await within((tx) => startImport(tx, id, source));
      expect(run).toMatchObject({ version: 1, state: 'running', progress: { staged: [] } });
      await expect(within((tx) => startImport(tx, id, source))).rejects.toMatchObject({ code: 'import-in-progress' });
      const progress = { checkpoint: { offset: 2 ** 40 }, staged: [segment('s')], counts: { read: 7 } };
      await saveProgress(database.db, run.id, progress);
      expect((await runningImport(database.db, id))?.progress).toEqual(progress);
      expect(await runningImports(database.db)).toHaveLength(1);
      expect(await orphanSegments(database.db, ['s', 't'])).toEqual(['t']);
      expect(await endImport(database.db, run.id, 'abandoned')).toBe(true);
      expect(await orphanSegments(database.db, ['s', 't'])).toEqual(['s', 't']);
      await expect(saveProgress(database.db, run.id, progress)).rejects.toMatchObject({ code: 'import-aborted' });

      const second = await within((tx) => startImport(tx, id, source));
      const version = { sourceName: null, format: null, entries: 1, report: {}, segments: [segment('s')] };
      await within((tx) => publishVersion(tx, id, { ...version, version: second.version, importRun: second.id }));
      expect((await listImports(database.db, id, 9)).map((each) => [each.version, each.state])).toEqual([
        [2, 'done'],
        [1, 'abandoned'],
      ]);
      expect(await endImport(database.db, second.id, 'failed')).toBe(false);
      const third = await within((tx) => startImport(tx, id, source));
      await endImport(database.db, third.id, 'abandoned');
      const late = within((tx) => publishVersion(tx, id, { ...version, version: third.version, importRun: third.id }));
      await expect(late).rejects.toMatchObject({ code: 'import-aborted' });
      expect(await currentManifests(database.db)).toMatchObject([{ version: 2 }]);
    });

    it('gives every change the next number, however many come at once', async () => {
      const lists = await Promise.all(['a', 'b', 'c'].map((name) => createList(database.db, name)));
      const given = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          within((tx) =>
            appendListChange(tx, {
              kind: 'entry',
              listId: lists[index % 3]!.id,
              payload: { origin: 'person', status: 'active', silent: [], live: [] },
            }),
          ),
        ),
      );
      expect(given.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    });

    it('hints at a change once it is committed', async () => {
      const { id } = await createList(database.db, 'list');
      const heard = new Promise<string>(
        (resolve) => void database.listen(LIST_CHANGE_CHANNEL, resolve).then(() => publish(id, 1)),
      );
      expect(await heard).toBe('1');
    });

    it('keeps keys by their hash until they are revoked', async () => {
      const hash = Uint8Array.from({ length: 32 }, (_, index) => index);
      const key = await createApiKey(database.db, { name: 'gateway', hash, scopes: ['scan', 'lookup'] });
      expect(await findApiKey(database.db, hash)).toEqual(key);
      expect(key).toMatchObject({ name: 'gateway', scopes: ['scan', 'lookup'], revokedAt: null });
      const at = new Date('2024-05-05T05:05:05Z');
      await touchApiKeys(
        database.db,
        new Map([
          [key.id, at],
          ['unknown', at],
        ]),
      );
      await touchApiKeys(database.db, new Map([[key.id, new Date(0)]]));
      expect((await listApiKeys(database.db))[0]?.lastUsedAt).toEqual(at);
      expect(await revokeApiKey(database.db, key.id)).toBe(true);
      expect(await revokeApiKey(database.db, key.id)).toBe(false);
      expect(await findApiKey(database.db, hash)).toBeUndefined();
      expect(await listApiKeys(database.db)).toMatchObject([{ id: key.id, revokedAt: expect.any(Date) }]);
    });

    it('knows its installation again', async () => {
      const first = await loadInstance(database.db, { segment: 1 });
      const second = await loadInstance(database.db, { segment: 2 });
      expect(second).toEqual({ ...first, formats: { segment: 2 } });
    });
  });
});

describe.skipIf(DATABASES[1].missing !== undefined)('the change log on a server', () => {
  let databases: TestDatabases;

  beforeAll(async () => {
    databases = await DATABASES[1].start();
  });
  afterAll(() => databases?.close());

  it('never shows a number before all lower ones, also when a transaction commits late', async () => {
    const database = await databases.open();
    const { id: listId } = await createList(database.db, 'list');
    const seen: number[] = [];
    const poll = async (): Promise<void> => {
      for (const { seq } of await readListChanges(database.db, seen.at(-1) ?? 0, 100)) seen.push(seq);
    };
    const change = { kind: 'version', listId, payload: { version: 1, previous: null } } as const;
    let commit = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      commit = resolve;
    });
    let numbered = (): void => undefined;
    const hasNumber = new Promise<void>((resolve) => {
      numbered = resolve;
    });
    const late = database.transaction(async (tx) => {
      await appendListChange(tx, change);
      numbered();
      await gate;
    });
    await hasNumber;
    const others = Array.from({ length: 5 }, () => database.transaction((tx) => appendListChange(tx, change)));
    await poll();
    expect(seen).toEqual([]);
    commit();
    await late;
    await poll();
    await Promise.all(others);
    await poll();
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('gives the number of a transaction that was undone to the next', async () => {
    const database = await databases.open();
    const change = { kind: 'removed', listId: randomId(), payload: { name: 'x' } } as const;
    const undone = database.transaction(async (tx) => {
      await appendListChange(tx, change);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await database.transaction((tx) => appendListChange(tx, change))).toBe(1);
  });
});
