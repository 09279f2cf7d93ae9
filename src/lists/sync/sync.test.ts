/** One file: each of these needs the database, the lists and the scripted source that are set up for it here. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import { VigieError } from '../../errors.js';
import { GuardedClient } from '../../net/guarded-client.js';
import { signalType } from '../../signals/signal-types.js';
import type { Database } from '../../storage/database.js';
import { keyUse } from '../../storage/key-use.js';
import { Keyring } from '../../storage/keyring.js';
import { SourceStore } from '../../storage/source-store.js';
import type { Lists } from '../lists.js';
import type { SnapshotSource, SourceKind } from '../sources/source.js';
import { openBlobs, openLists, type TestBlobs } from '../testing/open-lists.js';
import { signalText } from '../testing/read-records.js';
import { putOf, ScriptedSource, scriptedKind } from '../testing/scripted-source.js';
import { SourceSync, type SourceSyncOptions } from './source-sync.js';
import { Sources } from './sources.js';

const BY = { reason: 'a test', by: 'anna' };
const CREDENTIALS = { token: 'a secret word' };

function matches(lists: Lists, seed: number): boolean {
  return lists.lookup('md5', signalType('md5').parse(signalText('md5', seed))).total > 0;
}

/** Which of the entries of these seeds match. */
const matching = (lists: Lists, count: number): number[] =>
  Array.from({ length: count }, (_, seed) => seed).filter((seed) => matches(lists, seed));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each(DATABASES)('sync of sources: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('one source', { timeout: 60_000 }, () => {
    let database: Database;
    let blobs: TestBlobs;
    let lists: Lists;
    let source: ScriptedSource;
    let kinds: SourceKind[];
    const keyring = new Keyring([Buffer.alloc(32, 7)], 'file');
    const store = new SourceStore(keyring);
    const house = { client: new GuardedClient({ allow: [] }), now: Date.now };
    const more: Lists[] = [];

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await sql`TRUNCATE list, list_change, attention CASCADE`.execute(database.db);
      blobs = await openBlobs();
      ({ lists } = await openLists(database, blobs.blobs));
      source = new ScriptedSource(upTo(25).map((i) => putOf(`e${i}`, i)));
      kinds = [scriptedKind(source)];
    });
    afterEach(async () => {
      for (const each of [lists, ...more.splice(0)]) await each.close();
      await blobs.close();
    });

    const sources = () => new Sources({ database, lists, store, kinds, house });
    const sync = (options: Partial<SourceSyncOptions> = {}) =>
      new SourceSync({ database, lists, store, kinds, house, node: 'here', random: () => 0.5, ...options });
    const add = (options: { holdPercent?: number } = {}) =>
      sources().add({ name: 'line', kind: 'scripted', settings: {}, credentials: CREDENTIALS, ...options }, 'anna');
    const due = () => sql`UPDATE source SET next_at = now()`.execute(database.db);
    /** Lets time pass for what waits. */
    const later = (seconds: number) =>
      sql`UPDATE source SET next_at = next_at - ${seconds}::float8 * interval '1 second'`.execute(database.db);
    const show = () => sources().show('line');
    const again = async (options: Partial<SourceSyncOptions> = {}) => {
      await due();
      return await sync(options).syncDue();
    };
    const openAttention = async () =>
      (
        await database.db.selectFrom('attention').select(['kind', 'count']).where('state', '<>', 'resolved').execute()
      ).map(({ kind }) => kind);

    it('takes in all, and then what is new', async () => {
      await add();
      expect(await sync().syncDue()).toBe('up-to-date');
      expect(matching(lists, 30)).toEqual(upTo(25));
      expect(await show()).toMatchObject({
        state: 'up-to-date',
        checkpoint: { told: 25 },
        counts: { added: 25, changed: 0 },
      });
      expect(await sync().syncDue()).toBeUndefined();
      source.log.push(putOf('e25', 25), putOf('e0', 26), { remove: 'e1' });
      expect(await again()).toBe('up-to-date');
      expect(matching(lists, 30)).toEqual(upTo(27).filter((i) => i > 1));
      expect(source.asked).toEqual([undefined, { told: 25 }]);
      expect(await show()).toMatchObject({ counts: { added: 26, changed: 1, removed: 1 } });
    });

    it('seals credentials, and shows them to nobody', async () => {
      expect(JSON.stringify(await add())).not.toContain(CREDENTIALS.token);
      const { sealed } = await database.db.selectFrom('source').select('sealed').executeTakeFirstOrThrow();
      expect(Buffer.from(sealed!).includes(CREDENTIALS.token)).toBe(false);
      expect(await store.credentials(database.db, (await show()).id)).toEqual(CREDENTIALS);
      const uses = await keyUse(database.db, [], { heads: async function* () {} });
      expect(uses.get(keyring.activeId)?.rows).toBeGreaterThan(0);
    });

    it('makes few segments of many pages, and of a large source no large batch', async () => {
      source.pageSize = 3;
      await add();
      expect(await sync({ limits: { changes: 10, bytes: 2 ** 30, ms: 1e9 } }).syncDue()).toBe('up-to-date');
      expect(matching(lists, 30)).toEqual(upTo(25));
      expect((await lists.show('line')).version).toBe(3);
    });

    it('bears pages that come again, in another order, or remove what never was', async () => {
      source.log.push({ remove: 'e3' }, { remove: 'never' }, putOf('e3', 3), { remove: 'e4' }, { remove: 'e4' });
      source.faults.set(1, (page) => ({ ...page, changes: [...page.changes, ...page.changes].reverse() }));
      await add();
      expect(await sync({ limits: { changes: 7, bytes: 2 ** 30, ms: 1e9 } }).syncDue()).toBe('up-to-date');
      expect(matching(lists, 30)).toEqual(upTo(25).filter((i) => i !== 4));
      await sql`UPDATE source SET checkpoint = NULL`.execute(database.db);
      expect(await again()).toBe('up-to-date');
      expect(matching(lists, 30)).toEqual(upTo(25).filter((i) => i !== 4));
    });

    it('lets an entry that comes back match again, unless a person has withdrawn it', async () => {
      await add();
      await sync().syncDue();
      await lists.withdraw('line', 'e2', BY);
      source.log.push({ remove: 'e1' }, { remove: 'e2' });
      await again();
      expect(matching(lists, 4)).toEqual([0, 3]);
      expect((await lists.entry('line', 'e2')).statuses.map(({ origin }) => origin)).toEqual(['person', 'source']);
      source.log.push(putOf('e1', 1), putOf('e2', 2));
      await again();
      expect(matching(lists, 4)).toEqual([0, 1, 3]);
      expect(await show()).toMatchObject({ counts: { added: 25, changed: 0, returned: 2 } });
      await lists.restore('line', 'e2', BY);
      expect(matching(lists, 4)).toEqual([0, 1, 2, 3]);
    });

    it('is overruled by a person in the open, until it puts the entry back itself', async () => {
      await add();
      await sync().syncDue();
      source.log.push({ remove: 'e1' });
      await again();
      await expect(lists.restore('line', 'e1', BY)).rejects.toMatchObject({ code: 'entry-removed-by-source' });
      expect((await lists.entry('line', 'e1')).statuses).toMatchObject([{ origin: 'source', status: 'withdrawn' }]);
      await lists.restore('line', 'e1', { ...BY, overrule: true });
      expect(matching(lists, 3)).toEqual([0, 1, 2]);
      expect((await lists.entry('line', 'e1')).statuses).toMatchObject([
        { origin: 'person', status: 'active' },
        { origin: 'source', status: 'active', by: BY.by, reason: `overruled: ${BY.reason}` },
      ]);
      // Told again it is no news; put back and removed again it is.
      source.log.push({ remove: 'e1' });
      await again();
      expect(matching(lists, 3)).toEqual([0, 1, 2]);
      source.log.push(putOf('e1', 1));
      await again();
      source.log.push({ remove: 'e1' });
      await again();
      expect(matching(lists, 3)).toEqual([0, 2]);
      // What it has said outlives it, and the list is one of two persons from then on.
      await sources().remove('line', { withList: false }, 'anna');
      await lists.describeList('line', { approval: 'two-person' });
      await expect(lists.restore('line', 'e1', { ...BY, overrule: true })).rejects.toMatchObject({
        code: 'approval-required',
      });
      await lists.restore('line', 'e1', BY, { within: async () => undefined });
      expect(matching(lists, 3)).toEqual([0, 1, 2]);
    });

    it('counts signals of types that are not known here', async () => {
      source.faults.set(0, (page) => ({ ...page, unused: { 'hash of tomorrow': 3, tmk: 1 } }));
      source.faults.set(1, (page) => ({ ...page, unused: { tmk: 1 } }));
      await add();
      await sync().syncDue();
      expect((await show()).unused).toEqual({ 'hash of tomorrow': 3, tmk: 2 });
    });

    it('tells a second process, without more than what is new', async () => {
      const { lists: there } = await openLists(database, blobs.blobs);
      more.push(there);
      await there.follow();
      await add();
      await sync().syncDue();
      source.log.push({ remove: 'e1' }, putOf('e2', 30));
      await again();
      await there.applied();
      expect(matching(there, 31)).toEqual(matching(lists, 31));
      expect(matching(there, 31)).toEqual([0, ...upTo(25).filter((i) => i > 2), 30]);
    });

    it('sets one bad record aside, and takes the rest', async () => {
      const empty = { type: 'md5', value: new Uint8Array(16), active: true } as const;
      source.log.splice(5, 0, { put: { id: 'zeros', signals: [empty] } }, { put: { id: 'nothing', signals: [] } });
      source.faults.set(0, (page) => ({ ...page, setAside: [{ reason: 'malformed-record', where: 'record 7' }] }));
      await add();
      expect(await sync().syncDue()).toBe('up-to-date');
      expect(matching(lists, 30)).toEqual(upTo(25));
      const { setAside, counts } = await show();
      expect(setAside).toMatchObject({
        'malformed-record': { count: 1, where: ['record 7'] },
        'no-signal': { count: 1, where: ['nothing'] },
        'no-usable-signal': { count: 1, where: ['zeros'] },
      });
      expect(counts.setAside).toBeGreaterThanOrEqual(3);
    });

    it('keeps what had come before a source failed, goes on there, and never rewinds', async () => {
      source.faults.set(2, new VigieError('source-unreachable'));
      await add();
      expect(await sync().syncDue()).toBe('failing');
      expect(await show()).toMatchObject({ checkpoint: { told: 20 }, failures: 1, lastError: 'source-unreachable' });
      expect(matching(lists, 30)).toEqual(upTo(20));
      source.faults.set(3, 'cut');
      await due();
      expect(await sync().syncDue()).toBe('behind');
      await due();
      expect(await sync().syncDue()).toBe('up-to-date');
      expect(source.asked).toEqual([undefined, { told: 20 }, { told: 20 }]);
      expect(matching(lists, 30)).toEqual(upTo(25));
      expect(await show()).toMatchObject({ state: 'up-to-date', failures: 0, lastError: null });
    });

    it('waits as long as it is told to, and longer after each failure', async () => {
      for (const page of upTo(3)) source.faults.set(page, new VigieError('source-unreachable', { retryAfter: 3_600 }));
      await add();
      for (const failures of [1, 2, 3]) {
        expect(await sync().syncDue()).toBe('failing');
        const { nextAt, now, failures: counted } = await show();
        expect(counted).toBe(failures);
        expect(nextAt.getTime() - now.getTime()).toBeGreaterThan(3_599_000);
        await later(3_500);
        expect(await sync().syncDue()).toBeUndefined();
        await later(2_000);
      }
      expect(await sync().syncDue()).toBe('up-to-date');
    });

    it('puts a refusal before people, and takes it back', async () => {
      source.faults.set(0, new VigieError('source-refused'));
      source.faults.set(1, new VigieError('source-refused'));
      await add();
      expect(await sync().syncDue()).toBe('refused');
      expect(await again()).toBe('refused');
      expect(await openAttention()).toEqual(['source-refused']);
      expect(await again()).toBe('up-to-date');
      expect(await openAttention()).toEqual([]);
    });

    it('puts a source that gives nothing new before people', async () => {
      kinds = [scriptedKind(source, { staleSeconds: 3_600 })];
      await add();
      await sync().syncDue();
      await again();
      expect(await openAttention()).toEqual([]);
      await sql`UPDATE source SET changed_at = now() - interval '2 hours'`.execute(database.db);
      expect(await again()).toBe('up-to-date');
      expect(await openAttention()).toEqual(['source-stale']);
      expect((await show()).state).toBe('stale');
      source.log.push(putOf('news', 30));
      await again();
      expect(await openAttention()).toEqual([]);
      await sources().change('line', { enabled: false }, 'anna');
      expect((await show()).state).toBe('disabled');
      await due();
      expect(await sync().syncDue()).toBeUndefined();
    });

    describe('that removes much of its list', () => {
      const many = 200;
      beforeEach(async () => {
        source.log.splice(0, source.log.length, ...upTo(many).map((i) => putOf(`e${i}`, i)));
        await add();
        await sync().syncDue();
      });
      const remove = (from: number, to: number) => {
        for (let i = from; i < to; i++) source.log.push({ remove: `e${i}` });
      };
      const left = () => matching(lists, many).length;

      it('is held until a person approves it', async () => {
        remove(0, 180);
        source.log.push(putOf('late', 500));
        expect(await again()).toBe('held');
        expect(await again()).toBe('held');
        expect(left()).toBe(many);
        expect(await openAttention()).toEqual(['source-held']);
        const { held, state, checkpoint } = await show();
        expect({ state, checkpoint }).toEqual({ state: 'held', checkpoint: { told: many } });
        expect(held).toMatchObject({ removed: 180, entries: many, decision: 'waiting' });
        await expect(sources().decide('line', 'approved', 'anna', 'another')).rejects.toMatchObject({
          code: 'source-not-held',
        });
        await sources().decide('line', 'approved', 'anna', held!.id);
        expect(await openAttention()).toEqual([]);
        expect(await sync().syncDue()).toBe('up-to-date');
        expect(left()).toBe(20);
        expect(matches(lists, 500)).toBe(true);
        expect((await show()).held).toBeUndefined();
        // What was approved is used up.
        remove(180, 200);
        expect(await again()).toBe('up-to-date');
      });

      it('lets additions and corrections through while it is held, and they make no room for what is held', async () => {
        remove(0, 40);
        source.log.push(putOf('e199', 700), ...upTo(1_000).map((i) => putOf(`new${i}`, 1_000 + i)));
        expect(await again()).toBe('held');
        expect(matching(lists, many)).toEqual(upTo(199));
        expect([700, 1_000, 1_999].map((seed) => matches(lists, seed))).toEqual([true, true, true]);
        expect(await show()).toMatchObject({ checkpoint: { told: many }, held: { removed: 40, entries: many } });
        const { version } = await lists.show('line');
        // Forty of twelve hundred would be few; it is still forty of two hundred, and nothing is written twice.
        expect(await again()).toBe('held');
        expect((await lists.show('line')).version).toBe(version);
        // Cut elsewhere the next time, nothing is put back to what it was before.
        source.log.push(putOf('e199', 701));
        expect(await again()).toBe('held');
        source.pageSize = 50;
        expect(await again({ limits: { changes: 100, bytes: 2 ** 30, ms: 1e9 } })).toBe('held');
        expect([700, 701].map((seed) => matches(lists, seed))).toEqual([false, true]);
        await sources().decide('line', 'approved', 'anna');
        expect(await sync().syncDue()).toBe('up-to-date');
        expect(matching(lists, many)).toEqual(upTo(199).slice(40));
      });

      it('stays as it is when a person refuses, until the source says something else', async () => {
        remove(0, 100);
        await again();
        await sources().decide('line', 'refused', 'anna');
        expect(await again()).toBe('held');
        expect(await openAttention()).toEqual([]);
        expect(left()).toBe(many);
        remove(100, 101);
        expect(await again()).toBe('held');
        expect(await openAttention()).toEqual(['source-held']);
        for (let i = 0; i < 101; i++) source.log.push(putOf(`e${i}`, i));
        expect(await again()).toBe('up-to-date');
        expect(await openAttention()).toEqual([]);
        expect(left()).toBe(many);
      });

      it('is held however small the steps are in which it removes', async () => {
        for (let round = 0; round < 6; round++) {
          remove(round * 5, round * 5 + 5);
          expect(await again()).toBe(round < 4 ? 'up-to-date' : 'held');
        }
        expect(left()).toBe(many - 20);
        await sql`UPDATE source SET removals = jsonb_set(removals, '{since}', to_jsonb('2020-01-01T00:00:00Z'::text))`.execute(
          database.db,
        );
        expect(await again()).toBe('up-to-date');
        remove(30, 120);
        const small = { limits: { changes: 5, bytes: 2 ** 30, ms: 1e9 } };
        source.pageSize = 5;
        expect(await again(small)).toBe('held');
        // Of 180 entries 18 may go in a day: 10 are gone by then.
        expect(left()).toBe(many - 30 - 5);
      });

      it('is held when it begins anew with less', async () => {
        source.log.splice(0, 150);
        source.oldest = many + 1;
        source.log.push(putOf('late', 500));
        expect(await again()).toBe('held');
        expect(left()).toBe(many);
        expect((await show()).held).toMatchObject({ removed: 150 });
        await sources().decide('line', 'approved', 'anna');
        expect(await sync().syncDue()).toBe('up-to-date');
        expect(left()).toBe(50);
      });
    });

    it('takes off the list what a source that begins anew does not tell again', async () => {
      await add({ holdPercent: 100 });
      await sync().syncDue();
      source.log.splice(3, 20);
      source.log.push(putOf('late', 40));
      source.oldest = 26;
      expect(await again({ limits: { changes: 2, bytes: 2 ** 30, ms: 1e9 } })).toBe('up-to-date');
      expect(matching(lists, 50)).toEqual([0, 1, 2, 23, 24, 40]);
      expect(await show()).toMatchObject({ checkpoint: { told: 6 } });
    });

    it('begins anew when its settings are others, and takes off what does not belong on the list any more', async () => {
      await add();
      await sync().syncDue();
      await sources().change('line', { settings: {} }, 'anna');
      await again();
      expect(source.asked.at(-1)).toEqual({ told: 25 });
      await sources().change('line', { settings: { region: 'north' }, holdPercent: 100 }, 'anna');
      source.log.splice(0, 25, ...upTo(20).map((i) => putOf(`e${i}`, i)));
      // It breaks off in the middle: nothing is taken off before all was told, and it begins anew again.
      source.pageSize = 3;
      source.faults.set(source.pages + 3, new VigieError('source-unreachable'));
      const limits = { changes: 3, bytes: 2 ** 30, ms: 1e9 };
      await again({ limits });
      expect(matching(lists, 30)).toEqual(upTo(25));
      expect(await show()).toMatchObject({ checkpoint: { told: 25 } });
      // The source may end early; then it is gone on with where it was.
      source.faults.set(source.pages + 2, 'cut');
      expect(await again({ limits })).toBe('up-to-date');
      expect(source.asked.slice(-3)).toEqual([undefined, undefined, { told: 6 }]);
      expect(matching(lists, 30)).toEqual(upTo(20));
      expect(await show()).toMatchObject({ checkpoint: { told: 20 }, counts: { removed: 5 } });
      source.log.push(putOf('e20', 20));
      await again();
      expect(source.asked.at(-1)).toEqual({ told: 20 });
    });

    it('is synced by one process at a time, and by nobody who was overtaken', async () => {
      await add();
      let go = (): void => undefined;
      const reached = new Promise<void>((resolve) =>
        source.faults.set(1, async (page) => {
          resolve();
          await new Promise<void>((open) => {
            go = open;
          });
          return page;
        }),
      );
      const first = sync({ node: 'one' }).syncDue();
      await reached;
      await due();
      expect(await sync({ node: 'two' }).syncDue()).toBeUndefined();
      await sources().change('line', { everySeconds: 30 }, 'anna');
      go();
      expect(await first).toBe('lost');
      expect(matching(lists, 30)).toEqual([]);
      expect((await show()).checkpoint).toBeUndefined();
      expect(await sync({ node: 'two' }).syncDue()).toBe('up-to-date');
      expect(matching(lists, 30)).toEqual(upTo(25));
    });

    it('goes back with its list, and tells again what came since', async () => {
      await add();
      await sync().syncDue();
      source.log.push(putOf('e25', 25));
      await again();
      expect(await lists.rollback('line')).toBe(1);
      expect(matching(lists, 30)).toEqual(upTo(25));
      expect((await show()).checkpoint).toEqual({ told: 25 });
      await again();
      expect(matching(lists, 30)).toEqual(upTo(26));
      const diff = await lists.diff('line', 1, 3);
      expect(diff).toMatchObject({ added: 1, changed: 0, removed: 0, unchanged: 25, signals: { md5: { added: 1 } } });
    });

    it('owns its list', async () => {
      await add();
      await sync().syncDue();
      const input = {
        stream: (async function* () {
          yield Buffer.from(`id,md5\nx,${signalText('md5', 9)}\n`);
        })(),
      };
      await expect(lists.import({ list: 'line', input })).rejects.toMatchObject({ code: 'list-has-source' });
      await expect(lists.remove('line')).rejects.toMatchObject({ code: 'list-has-source' });
      const asked = lists.describeList('line', { approval: 'two-person' });
      await expect(asked).rejects.toMatchObject({ code: 'list-has-source' });
      await expect(add()).rejects.toMatchObject({ code: 'source-name-taken' });
      await sources().remove('line', { withList: false }, 'anna');
      expect(matches(lists, 0)).toBe(true);
      await add();
      await sources().remove('line', { withList: true }, 'anna');
      expect(matches(lists, 0)).toBe(false);
      expect(await sources().ls()).toEqual([]);
    });

    it('names what is wrong with settings, and never what was in them', async () => {
      const order = { name: 'line', kind: 'scripted', settings: { region: 7 }, credentials: CREDENTIALS };
      const error = await sources()
        .add(order, 'anna')
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'source-settings-invalid', detail: 'settings.region: invalid_type' });
      expect(sources().kinds()).toMatchObject([
        { kind: 'scripted', settings: { properties: { region: { default: 'all' } } } },
      ]);
    });

    it('makes a list what a file says, and no version when that is what it is', async () => {
      let text = `id,md5\n${upTo(150)
        .map((i) => `e${i},${signalText('md5', i)}`)
        .join('\n')}\nbad,no-hash\n`;
      let etag = 1;
      const file: SnapshotSource = {
        shape: 'snapshot',
        test: async () => ({}),
        fetch: async (_checkpoint, _signal, use) => {
          const stream = (async function* () {
            yield Buffer.from(text);
          })();
          return await use({ input: { stream }, format: 'auto', name: 'list.csv', checkpoint: { etag: etag++ } });
        },
      };
      const { kind, ...rest } = scriptedKind(source);
      kinds = [{ ...rest, kind, settings: z.object({}), open: () => file }];
      await add();
      expect(await sync().syncDue()).toBe('up-to-date');
      expect(await show()).toMatchObject({ checkpoint: { etag: 1 }, counts: { added: 150 } });
      expect((await show()).setAside['no-usable-signal'] ?? (await show()).setAside['malformed-signal']).toBeDefined();
      expect(await again()).toBe('up-to-date');
      expect(await show()).toMatchObject({ checkpoint: { etag: 2 }, counts: { added: 150, changed: 0 } });
      expect((await lists.show('line')).version).toBe(1);
      text = `id,md5\n${upTo(140)
        .map((i) => `e${i},${signalText('md5', i)}`)
        .join('\n')}\n`;
      expect(await again()).toBe('up-to-date');
      expect(matching(lists, 150)).toEqual(upTo(140));
      text = `id,md5\n${upTo(20)
        .map((i) => `e${i},${signalText('md5', i)}`)
        .join('\n')}\n`;
      expect(await again()).toBe('held');
      expect(matching(lists, 150)).toEqual(upTo(140));
      await sources().decide('line', 'approved', 'anna');
      expect(await sync().syncDue()).toBe('up-to-date');
      expect(matching(lists, 150)).toEqual(upTo(20));
    });
  });
});
