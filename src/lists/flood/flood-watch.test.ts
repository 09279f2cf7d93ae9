import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import type { Entry } from '../../index/entry.js';
import { signalType } from '../../signals/signal-types.js';
import { listAttention } from '../../storage/attention/attention-store.js';
import type { Database } from '../../storage/database.js';
import { forgetOldMedia } from '../../storage/entry-medium-store.js';
import { Events } from '../../storage/events/events.js';
import { Keyring } from '../../storage/keyring.js';
import { createList } from '../../storage/list-store.js';
import type { Lists } from '../lists.js';
import { openBlobs, openLists, type TestBlobs } from '../testing/open-lists.js';
import { signalText } from '../testing/read-records.js';
import { FloodWatch } from './flood-watch.js';

const KEY = new Uint8Array(32).fill(3);
const HOUR = 3_600_000;

const entryOf = (id: string, seed: number): Entry => ({
  id,
  signals: [{ type: 'md5', value: signalType('md5').parse(signalText('md5', seed)), active: true }],
});

describe.each(DATABASES)('floods: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('watched', () => {
    let database: Database;
    const events = new Events(new Keyring([randomBytes(32)], 'environment'));

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await sql`TRUNCATE list, list_change, attention, event CASCADE`.execute(database.db);
    });

    const opened = (more: Partial<ConstructorParameters<typeof FloodWatch>[0]> = {}): FloodWatch =>
      new FloodWatch({
        ...{ database, key: KEY, record: events.record, limit: 50, windowMs: HOUR },
        applied: async () => undefined,
        failed: (error) => {
          throw error;
        },
        ...more,
      });
    const medium = (i: number): Uint8Array => new Uint8Array(Buffer.from(`medium ${i}`.padEnd(32)));
    const statuses = async () =>
      (await sql<{ entry_id: string }>`SELECT entry_id FROM entry_status ORDER BY 1`.execute(database.db)).rows.map(
        ({ entry_id }) => entry_id,
      );
    const rows = async () =>
      Number((await sql<{ n: number }>`SELECT count(*) AS n FROM entry_medium`.execute(database.db)).rows[0]?.n);

    it('counts each medium once, over all processes, and silences one entry once', async () => {
      await createList(database.db, 'hotline');
      const told: string[] = [];
      const watches = [1, 2, 3].map(() => opened({ quarantined: (list) => told.push(list) }));
      const note = (from: number, to: number, entries: readonly string[]) => {
        for (let i = from; i < to; i++) {
          const matches = entries.map((entry) => ({ list: 'hotline', entry }));
          for (const watch of watches) watch.note(medium(i), matches);
        }
      };
      note(0, 49, ['flooding', 'calm']);
      // The same media again, in every process.
      note(0, 49, ['flooding', 'calm']);
      await Promise.all(watches.map((watch) => watch.flush()));
      expect([await statuses(), await rows()]).toEqual([[], 98]);
      note(49, 60, ['flooding']);
      await Promise.all(watches.map((watch) => watch.flush()));
      expect([await statuses(), told]).toEqual([['flooding'], ['hotline']]);
      const attention = await database.transaction((tx) => listAttention(tx, { limit: 10 }));
      expect(attention).toMatchObject([
        {
          kind: 'entry-flood',
          count: 1,
          detail: { list: 'hotline', entry: 'flooding', media: 60, windowSeconds: 3600 },
        },
      ]);
      expect(await database.db.selectFrom('event').select('kind').execute()).toEqual([{ kind: 'entry.quarantined' }]);
      // What it matched is let go of, and nothing is counted of what does not match.
      note(100, 200, ['flooding']);
      await Promise.all(watches.map((watch) => watch.flush()));
      expect(await rows()).toBe(49);
      await Promise.all(watches.map((watch) => watch.close()));
    });

    it('counts what falls into the window, and forgets what does not', async () => {
      const { id } = await createList(database.db, 'hotline');
      const watch = opened();
      for (let i = 0; i < 40; i++) watch.note(medium(i), [{ list: 'hotline', entry: 'e' }]);
      await watch.flush();
      await sql`UPDATE entry_medium SET at = now() - interval '61 minutes'`.execute(database.db);
      for (let i = 20; i < 69; i++) watch.note(medium(i), [{ list: 'hotline', entry: 'e' }]);
      await watch.flush();
      expect(await statuses()).toEqual([]);
      expect(await forgetOldMedia(database.db, HOUR)).toBe(20);
      watch.note(medium(69), [{ list: 'hotline', entry: 'e' }]);
      watch.note(medium(69), [{ list: 'gone', entry: 'e' }]);
      await watch.flush();
      expect(await statuses()).toEqual(['e']);
      expect((await database.db.selectFrom('entry_medium').selectAll().execute()).length).toBe(0);
      expect(id).toBeTruthy();
      await watch.close();
    });

    describe('with lists', () => {
      let store: TestBlobs;
      const lists: Lists[] = [];
      beforeEach(async () => {
        store = await openBlobs();
        return async () => {
          for (const each of lists.splice(0)) await each.close();
          await store.close();
        };
      });

      it('silences the entry in every process, until a person restores it; then it stays', async () => {
        for (let i = 0; i < 2; i++) lists.push((await openLists(database, store.blobs)).lists);
        const [here, there] = lists as [Lists, Lists];
        const text = `id,pdq,md5\ne1,${signalText('pdq', 1)},${signalText('md5', 1)}\n`;
        const stream = async function* () {
          yield Buffer.from(text);
        };
        await here.import({ list: 'hotline', input: { stream: stream(), bytes: text.length }, sourceName: 'x.csv' });
        await there.applied();
        const matches = (by: Lists) => by.lookup('pdq', signalType('pdq').parse(signalText('pdq', 1))).total;
        const exact = (by: Lists) => by.lookup('md5', signalType('md5').parse(signalText('md5', 1))).total;
        expect([matches(here), matches(there)]).toEqual([1, 1]);
        const watch = opened({ applied: () => here.applied() });
        const flood = async (from: number) => {
          for (let i = from; i < from + 60; i++) watch.note(medium(i), [{ list: 'hotline', entry: 'e1' }]);
          await watch.flush();
        };
        await flood(0);
        expect(matches(here)).toBe(0);
        await there.applied();
        expect(matches(there)).toBe(0);
        // No flood comes of exact hashes: whoever has the very file has it still, also where the list is loaded anew or merged.
        await here.addEntries('hotline', [entryOf('e2', 2)]);
        await here.compact({ list: 'hotline', enough: 1 });
        await there.applied();
        const later = (await openLists(database, store.blobs)).lists;
        lists.push(later);
        for (const each of [here, there, later]) expect([matches(each), exact(each)]).toEqual([0, 1]);
        await here.withdraw('hotline', 'e1', { reason: 'it is wrong', by: 'ann' });
        await there.applied();
        expect([exact(here), exact(there)]).toEqual([0, 0]);
        await here.restore('hotline', 'e1', { reason: 'it is right', by: 'ann' });
        await there.applied();
        expect([matches(here), matches(there)]).toEqual([1, 1]);
        const open = await database.transaction((tx) => listAttention(tx, { limit: 10 }));
        expect(open).toEqual([]);
        await flood(1_000);
        expect(matches(here)).toBe(1);
        await watch.close();
      });
    });

    it('does nothing when it is switched off', async () => {
      await createList(database.db, 'hotline');
      const watch = opened({ limit: 0 });
      for (let i = 0; i < 60; i++) watch.note(medium(i), [{ list: 'hotline', entry: 'e' }]);
      await watch.flush();
      expect([await statuses(), await rows()]).toEqual([[], 0]);
      await watch.close();
    });
  });
});
