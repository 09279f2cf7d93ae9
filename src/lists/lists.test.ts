import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../test/databases.js';
import { openedBefore } from '../../test/opened-database.js';
import type { Entry } from '../index/entry.js';
import { MemoryFile } from '../index/memory-file.js';
import { signalType } from '../signals/signal-types.js';
import type { BlobStore } from '../storage/blob-store.js';
import type { Database } from '../storage/database.js';
import { runningImports } from '../storage/import-run-store.js';
import type { ImportOptions } from './import.js';
import type { Lists } from './lists.js';
import { openBlobs, openLists, type TestBlobs } from './testing/open-lists.js';
import { signalText } from './testing/read-records.js';

const md5 = (seed: number) => signalText('md5', seed);
const pdq = (seed: number) => signalText('pdq', seed);

/** A list of entries `from` to `to`, with MD5 and PDQ. */
function csv(from: number, to: number, extra = ''): string {
  let text = 'id,md5,pdq,grade\n';
  for (let i = from; i < to; i++) text += `e${i},${md5(i)},${pdq(i)},A\n`;
  return text + extra;
}

function options(list: string, text: string, more: Partial<ImportOptions> = {}): ImportOptions {
  async function* stream(): AsyncGenerator<Uint8Array> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 5000) yield bytes.subarray(at, at + 5000);
  }
  return { list, input: { stream: stream(), bytes: text.length }, sourceName: `${list}.csv`, ...more };
}

function entry(id: string, seed: number): Entry {
  return { id, signals: [{ type: 'pdq', value: signalType('pdq').parse(pdq(seed)), active: true }] };
}

/** The ids of entries that a PDQ look-up finds. */
async function found(lists: Lists, seed: number, type: 'pdq' | 'md5' = 'pdq'): Promise<string[]> {
  const value = signalType(type).parse(signalText(type, seed));
  const ids: string[] = [];
  for (const { segment, row } of lists.lookup(type, value).hits) ids.push((await segment.entry(row)).id);
  return ids;
}

const BY = { reason: 'a test', by: 'anna' };

describe.each(DATABASES)('lists: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('living', () => {
    let database: Database;
    let store: TestBlobs;
    const open: Lists[] = [];

    const node = async (more: Parameters<typeof openLists>[2] = {}, blobs: BlobStore = store.blobs): Promise<Lists> => {
      const { lists } = await openLists(database, blobs, more);
      open.push(lists);
      return lists;
    };
    const blobCount = async () => {
      let count = 0;
      for await (const _ of store.blobs.list()) count++;
      return count;
    };

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await sql`TRUNCATE list, list_change CASCADE`.execute(database.db);
      store = await openBlobs();
    });
    afterEach(async () => {
      for (const lists of open.splice(0)) await lists.close();
      await store.close();
    });

    it('imports, matches, says what it knows, and rolls back', async () => {
      const lists = await node();
      const terms = { source: 'a hotline', licence: 'members', expiresAt: new Date('2099-01-01T00:00:00Z') };
      const first = await lists.import(options('hotline', csv(0, 100, 'bad,bad,bad,\n'), { terms }));
      expect(first).toMatchObject({ list: 'hotline', version: 1, entries: 100, resumed: false });
      expect(first.report).toMatchObject({ records: 101, accepted: 100, rejectedRecords: 1 });
      expect(await found(lists, 7)).toEqual(['e7']);
      expect(await found(lists, 7, 'md5')).toEqual(['e7']);

      const second = await lists.import(options('hotline', csv(50, 150)));
      expect(second.version).toBe(2);
      expect(await found(lists, 7)).toEqual([]);
      expect(await found(lists, 140)).toEqual(['e140']);
      expect(await lists.show('hotline')).toMatchObject({
        ...{ name: 'hotline', source: 'a hotline', version: 2, entries: 100, withdrawn: 0, state: 'ready' },
        grades: { A: 100 },
        signals: { pdq: { values: 100, active: 100 }, md5: { values: 100, active: 100 } },
        versions: [
          { version: 2, state: 'current', entries: 100, sourceName: 'hotline.csv' },
          { version: 1, state: 'kept' },
        ],
      });

      expect(await lists.rollback('hotline')).toBe(1);
      expect(await found(lists, 7)).toEqual(['e7']);
      expect(await found(lists, 140)).toEqual([]);
      const [hit] = lists.lookup('pdq', signalType('pdq').parse(pdq(7))).hits;
      expect(lists.describe(hit!.segment)).toMatchObject({ name: 'hotline', version: 1, sample: false });
      await expect(lists.rollback('hotline')).rejects.toMatchObject({ code: 'list-version-not-found' });
      await lists.rollback('hotline', 2);
      expect(await found(lists, 140)).toEqual(['e140']);
      expect(lists.appliedSeq).toBeGreaterThanOrEqual(4);
      expect(await runningImports(database.db)).toEqual([]);
    });

    it('keeps a withdrawal across versions, deltas and restarts, in every process', async () => {
      const lists = await node();
      const other = await node();
      await other.follow();
      await lists.import(options('hotline', csv(0, 20)));
      await lists.withdraw('hotline', 'e3', BY);
      expect(await found(lists, 3)).toEqual([]);
      expect(await found(lists, 4)).toEqual(['e4']);
      await expect.poll(() => found(other, 4)).toEqual(['e4']);
      await expect.poll(() => found(other, 3)).toEqual([]);
      await other.withdraw('hotline', ['e4', 'e5'], BY);
      expect(await found(other, 4)).toEqual([]);

      await lists.import(options('hotline', csv(0, 30)));
      expect([await found(lists, 3), await found(lists, 5), await found(lists, 25)]).toEqual([[], [], ['e25']]);
      await lists.addEntries('hotline', [entry('e3', 300)]);
      expect(await found(lists, 300)).toEqual([]);
      const restarted = await node();
      expect([await found(restarted, 3), await found(restarted, 300), await found(restarted, 6)]).toEqual([
        [],
        [],
        ['e6'],
      ]);

      await lists.restore('hotline', 'e3', BY);
      expect([await found(lists, 3), await found(lists, 300)]).toEqual([[], ['e3']]);
      await lists.dispute('hotline', 'e6', BY);
      expect(await found(lists, 6)).toEqual(['e6']);
      expect(await lists.entry('hotline', 'e6')).toMatchObject({
        statuses: [{ origin: 'person', status: 'disputed', reason: 'a test' }],
      });
      expect(await lists.show('hotline')).toMatchObject({ withdrawn: 2 });
      await expect(lists.withdraw('hotline', 'nobody', BY)).rejects.toMatchObject({ code: 'entry-not-found' });
      await expect(lists.withdraw('nothing', 'e1', BY)).rejects.toMatchObject({ code: 'list-not-found' });
    });

    it('adds entries on top: the later one of an id counts, and a rollback brings the earlier one back', async () => {
      const lists = await node();
      await lists.import(options('hotline', csv(0, 10)));
      const { version, report } = await lists.addEntries('hotline', [entry('e1', 100), entry('new', 101)]);
      expect([version, report.accepted]).toEqual([2, 2]);
      expect([await found(lists, 1), await found(lists, 100), await found(lists, 101)]).toEqual([[], ['e1'], ['new']]);
      await Promise.all([
        lists.addEntries('hotline', [entry('a', 201)]),
        lists.addEntries('hotline', [entry('b', 202)]),
      ]);
      expect([await found(lists, 201), await found(lists, 202)]).toEqual([['a'], ['b']]);
      await lists.rollback('hotline', 1);
      expect([await found(lists, 1), await found(lists, 100), await found(lists, 201)]).toEqual([['e1'], [], []]);
      await lists.rollback('hotline', 2);
      expect([await found(lists, 1), await found(lists, 100)]).toEqual([[], ['e1']]);

      const zero = { type: 'pdq', value: new Uint8Array(32), active: true } as const;
      await expect(lists.addEntries('hotline', [{ id: 'z', signals: [zero] }])).rejects.toMatchObject({
        code: 'list-too-many-rejected',
      });
      expect(await runningImports(database.db)).toEqual([]);
    });

    it('merges small segments while look-ups go on, without changing an answer', async () => {
      const lists = await node();
      await lists.import(options('hotline', csv(0, 50)));
      await lists.withdraw('hotline', 'e9', BY);
      for (let i = 0; i < 5; i++) await lists.addEntries('hotline', [entry(`e${i}`, 100 + i), entry(`n${i}`, 200 + i)]);
      const answers = async () => {
        const all = [];
        for (const seed of [0, 4, 5, 9, 49, 100, 104, 200, 204]) all.push((await found(lists, seed)).join());
        return all;
      };
      const before = await answers();
      expect(before).toEqual(['', '', 'e5', '', 'e49', 'e0', 'e4', 'n0', 'n4']);
      let looking = true;
      const looks = (async () => {
        let rounds = 0;
        for (; looking; rounds++) {
          expect(await answers()).toEqual(before);
          await new Promise((resolve) => setImmediate(resolve));
        }
        return rounds;
      })();
      expect(await lists.compact()).toEqual(['hotline']);
      looking = false;
      expect(await looks).toBeGreaterThan(0);
      expect(await answers()).toEqual(before);
      const { rows } = await sql<{ n: number }>`
        SELECT count(*) AS n FROM version_segment JOIN list ON id = list_id AND version = current_version`.execute(
        database.db,
      );
      expect(rows[0]?.n).toBe(1);
      await lists.restore('hotline', 'e9', BY);
      expect(await found(lists, 9)).toEqual(['e9']);
      expect(await lists.compact()).toEqual([]);
      const restarted = await node();
      expect(await found(restarted, 100)).toEqual(['e0']);
    });

    it('lets go of old versions, and sweeps what nothing needs', async () => {
      const lists = await node({ keepVersions: 1 });
      for (let i = 0; i < 4; i++) await lists.import(options('hotline', csv(i, i + 10)));
      expect(await lists.sweep()).toBe(0);
      expect(await blobCount()).toBe(4);
      expect(await lists.sweep({ olderThanMs: 0 })).toBe(2);
      expect((await lists.show('hotline')).versions.map(({ state }) => state)).toEqual([
        'current',
        'kept',
        'retired',
        'retired',
      ]);
      await lists.rollback('hotline');
      await expect(lists.rollback('hotline')).rejects.toMatchObject({ code: 'list-version-not-found' });
      await lists.remove('hotline');
      expect(await found(lists, 5)).toEqual([]);
      expect(await lists.sweep({ olderThanMs: 0 })).toBe(2);
      expect(await lists.ls()).toEqual([]);
    });

    it('goes on with an import that was cut off, and leaves the list as it was until then', async () => {
      const lists = await node();
      await lists.import(options('hotline', csv(0, 10)));
      const controller = new AbortController();
      const text = csv(100, 1100);
      const cutOff = lists.import(
        options('hotline', text, {
          entriesPerSegment: 300,
          signal: controller.signal,
          onProgress: ({ segments }) => {
            if (segments === 2) controller.abort();
          },
        }),
      );
      await expect(cutOff).rejects.toMatchObject({ code: 'import-aborted' });
      expect([await found(lists, 5), await found(lists, 105)]).toEqual([['e5'], []]);
      expect(await blobCount()).toBeGreaterThan(2);

      const again = await node();
      const created: unknown[] = [];
      const rest = await again.import(
        options('hotline', text, { entriesPerSegment: 300, onProgress: ({ segments }) => created.push(segments) }),
      );
      expect(rest).toMatchObject({
        version: 2,
        entries: 1000,
        resumed: true,
        report: { records: 1000, accepted: 1000 },
      });
      expect(created.at(-1)).toBe(4 - 2);
      expect([await found(again, 105), await found(again, 1099)]).toEqual([['e105'], ['e1099']]);
    });

    it('starts over with another file, and sweeps what the cut off import had staged', async () => {
      const lists = await node();
      const controller = new AbortController();
      const cutOff = (text: string) =>
        lists.import(
          options('hotline', text, {
            entriesPerSegment: 300,
            signal: controller.signal,
            onProgress: ({ segments }) => {
              if (segments === 2) controller.abort();
            },
          }),
        );
      await expect(cutOff(csv(0, 3000))).rejects.toMatchObject({ code: 'import-aborted' });
      const other = await lists.import(options('hotline', csv(5000, 5100)));
      expect(other).toMatchObject({ resumed: false, entries: 100 });
      expect(await lists.sweep({ olderThanMs: 0 })).toBe(2);
      expect(await blobCount()).toBe(1);
    });

    it('survives a crash between staging and publishing: the list stays, the rest is swept, the dead cannot publish', async () => {
      const lists = await node();
      await lists.import(options('hotline', csv(0, 10)));
      let go = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        go = resolve;
      });
      let staged = (): void => undefined;
      const bothStaged = new Promise<void>((resolve) => {
        staged = resolve;
      });
      async function* hanging(): AsyncGenerator<Uint8Array> {
        yield Buffer.from(csv(100, 1100));
        staged();
        await gate;
      }
      const input = { stream: hanging() };
      const dead = lists.import({ ...options('hotline', ''), input, entriesPerSegment: 400 });
      await bothStaged;
      const other = await node();
      expect([await found(other, 5), await found(other, 105)]).toEqual([['e5'], []]);
      expect(await other.sweep({ olderThanMs: 0 })).toBe(0);
      expect(await other.sweep({ olderThanMs: 0, abandonAfterMs: 0 })).toBe(2);
      go();
      await expect(dead).rejects.toMatchObject({ code: 'import-aborted' });
      expect([await found(lists, 5), await found(lists, 105)]).toEqual([['e5'], []]);
      expect((await lists.show('hotline')).version).toBe(1);
      await lists.import(options('hotline', csv(100, 110)));
      expect(await found(lists, 105)).toEqual(['e105']);
    });

    it('notices a stream that goes on differently, and a file that does starts over by itself', async () => {
      const lists = await node();
      const path = join(store.root, 'list.csv');
      const text = csv(0, 3000);
      const stopAtTwo = (input: ImportOptions['input']) => {
        const controller = new AbortController();
        return lists.import({
          ...options('hotline', text, { entriesPerSegment: 1000, signal: controller.signal }),
          input,
          onProgress: ({ segments }) => {
            if (segments === 2) controller.abort();
          },
        });
      };
      const changed = text.replace(md5(1500), md5(99_999));
      const { input } = options('hotline', text);
      await expect(stopAtTwo(input)).rejects.toMatchObject({ code: 'import-aborted' });
      await expect(lists.import(options('hotline', changed, { entriesPerSegment: 1000 }))).rejects.toMatchObject({
        code: 'import-source-changed',
      });
      await writeFile(path, text);
      await expect(stopAtTwo({ path })).rejects.toMatchObject({ code: 'import-aborted' });
      await writeFile(path, changed);
      const done = await lists.import({ ...options('hotline', text, { entriesPerSegment: 1000 }), input: { path } });
      expect(done).toMatchObject({ resumed: false, entries: 3000 });
      expect(await found(lists, 99_999, 'md5')).toEqual(['e1500']);
    });

    it('changes nothing when an import fails, and leaves no list behind that it made', async () => {
      const lists = await node();
      await lists.import(options('hotline', csv(0, 10)));
      await expect(lists.import(options('hotline', 'md5\nbad\n'))).rejects.toMatchObject({ code: 'list-all-rejected' });
      await expect(lists.import(options('other', 'md5\nbad\n'))).rejects.toMatchObject({ code: 'list-all-rejected' });
      await expect(lists.import(options('No Name', csv(0, 1)))).rejects.toMatchObject({ code: 'list-name-invalid' });
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.from(csv(20, 2000));
        throw new Error('the line broke');
      }
      const cut = { ...options('hotline', ''), input: { stream: broken() }, entriesPerSegment: 500 };
      await expect(lists.import(cut)).rejects.toMatchObject({ code: 'internal' });
      expect((await lists.ls()).map(({ name, version }) => [name, version])).toEqual([['hotline', 1]]);
      expect(await found(lists, 5)).toEqual(['e5']);
      expect(await runningImports(database.db)).toEqual([]);
      expect(await blobCount()).toBe(1);
    });

    it('runs one import of a list at a time', async () => {
      const lists = await node();
      let go = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        go = resolve;
      });
      let begun = (): void => undefined;
      const beginning = new Promise<void>((resolve) => {
        begun = resolve;
      });
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield Buffer.from(csv(0, 3000));
        begun();
        await gate;
      }
      const first = lists.import({ list: 'hotline', input: { stream: slow() } });
      await beginning;
      await expect.poll(() => runningImports(database.db)).toHaveLength(1);
      await expect(lists.import(options('hotline', csv(0, 1)))).rejects.toMatchObject({ code: 'import-in-progress' });
      await expect(lists.addEntries('hotline', [entry('x', 1)])).rejects.toMatchObject({ code: 'import-in-progress' });
      go();
      expect(await first).toMatchObject({ entries: 3000 });
    });

    it('stops matching a list whose time is over, and loads it again when it is prolonged', async () => {
      const lists = await node();
      const terms = { expiresAt: new Date(Date.now() - 1000) };
      await lists.import(options('old', csv(0, 10), { terms }));
      expect(await found(lists, 5)).toEqual([]);
      expect((await lists.show('old')).state).toBe('expired');
      await lists.describeList('old', { expiresAt: new Date(Date.now() + 3_600_000) });
      expect(await found(lists, 5)).toEqual(['e5']);
      await lists.describeList('old', { expiresAt: new Date(Date.now() - 1) });
      expect(await found(lists, 5)).toEqual([]);
      expect(lists.problems()).toEqual([]);
    });

    it('tells of a damaged segment; other lists go on', async () => {
      const lists = await node();
      await lists.import(options('good', csv(0, 10)));
      await lists.import(options('bad', csv(500, 700)));
      const { rows } = await sql<{ id: string }>`
        SELECT segment.id FROM segment JOIN list ON list.id = list_id WHERE name = 'bad'`.execute(database.db);
      const id = rows[0]!.id;
      const path = join(store.root, 'segments', id.slice(0, 2), id);
      await truncate(path, 4000);
      const restarted = await node();
      expect(restarted.ready).toBe(true);
      expect(restarted.problems()).toMatchObject([{ list: 'bad', code: 'seal-damaged', olderVersionMatches: false }]);
      expect([await found(restarted, 5), await found(restarted, 505)]).toEqual([['e5'], []]);
      expect((await restarted.show('bad')).state).toBe('damaged');
      await restarted.import(options('bad', csv(500, 700)));
      expect(restarted.problems()).toEqual([]);
      expect(await found(restarted, 505)).toEqual(['e505']);
    });

    it('keeps the version that is there when the next one does not fit into memory', async () => {
      const small = await node({ limit: 4 * 2 ** 20 });
      const lists = await node();
      await lists.import(options('hotline', csv(0, 100)));
      await expect(small.addEntries('hotline', [entry('x', 9000)])).resolves.toBeDefined();
      expect(await found(small, 5)).toEqual(['e5']);
      await lists.import(options('hotline', csv(0, 40_000)));
      // Reading the log is enough to make it try.
      await small.dispute('hotline', 'e5', BY);
      await expect
        .poll(() => small.problems())
        .toMatchObject([{ code: 'memory-exhausted', olderVersionMatches: true }]);
      expect(await found(small, 5)).toEqual(['e5']);
      expect(await found(small, 9000)).toEqual(['x']);
    });

    it.each(['csv', 'jsonl'] as const)('exports what an import reads back to the same: %s', async (format) => {
      const lists = await node();
      const text = `id,md5,sha1,sha256,pdq,quality,photodna,grade,kind,added,comment
a,${md5(1)},${signalText('sha1', 1)},${signalText('sha256', 1)},${pdq(1)},30,${signalText('photodna', 1)},A,image,2024-02-29T12:00:00Z,"one, ""two""
three"
b,${md5(2)} ${md5(3)},,,${pdq(2)},80,,,,,
c,${md5(4)},,,,,,,,,
`;
      await lists.import(options('one', text));
      await lists.withdraw('one', 'c', BY);
      const file = new MemoryFile();
      expect(await lists.export('one', file, format)).toBe(2);
      await lists.import(options('two', Buffer.from(file.bytes).toString(), { sourceName: 'export' }));
      for (const id of ['a', 'b']) {
        expect((await lists.entry('two', id)).entry).toEqual((await lists.entry('one', id)).entry);
      }
      await expect(lists.entry('two', 'c')).rejects.toMatchObject({ code: 'entry-not-found' });
    });

    it('imports in a thread, from a file and from a stream, with the same result', async () => {
      const lists = await node({ place: store.place });
      const text = csv(0, 20_000, 'bad,bad,bad,\n');
      const path = join(store.root, 'list.csv');
      await writeFile(path, text);
      const told: number[] = [];
      const settings = {
        entriesPerSegment: 8000,
        onProgress: ({ records }: { records: number }) => told.push(records),
      };
      const fromFile = await lists.import({ ...options('file', text, settings), input: { path } });
      const fromStream = await lists.import(options('stream', text, settings));
      expect(fromFile.entries).toBe(20_000);
      expect(fromStream.report).toEqual(fromFile.report);
      expect(told.length).toBeGreaterThan(4);
      expect((await found(lists, 19_999)).sort()).toEqual(['e19999', 'e19999']);
      await expect(lists.import(options('bad', 'md5\nbad\n'))).rejects.toMatchObject({ code: 'list-all-rejected' });
      await expect(
        lists.import({ ...options('none', ''), input: { path: join(store.root, 'nothing') } }),
      ).rejects.toMatchObject({ code: 'file-not-readable', detail: 'ENOENT' });
      const controller = new AbortController();
      const stopped = lists.import({
        ...options('stopped', text, { entriesPerSegment: 5000, signal: controller.signal }),
        onProgress: ({ segments }) => {
          if (segments === 2) controller.abort();
        },
      });
      await expect(stopped).rejects.toMatchObject({ code: 'import-aborted' });
      const resumed = await lists.import(options('stopped', text, { entriesPerSegment: 5000 }));
      expect(resumed).toMatchObject({ resumed: true, entries: 20_000 });
      expect(await readdir(join(store.root, 'tmp'))).toEqual([]);
    });
  });
});
