import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import { VigieError } from '../../errors.js';
import type { Entry } from '../../index/entry.js';
import { signalType } from '../../signals/signal-types.js';
import type { Database } from '../../storage/database.js';
import { createList } from '../../storage/list-store.js';
import { openKeyring } from '../../storage/open-keyring.js';
import type { Lists } from '../lists.js';
import { openBlobs, openLists, type TestBlobs } from '../testing/open-lists.js';
import { signalText } from '../testing/read-records.js';
import { toFeedEntry } from './feed-entry.js';
import type { FeedPage } from './feed-reader.js';
import { Publisher } from './publisher.js';
import { Publishing } from './publishing.js';

const BY = { reason: 'a test', by: 'anna' };
const TERMS = { terms: 'for tests', reason: 'a test', grades: null, jurisdictions: null, doubts: 2 };
const LONG = 60_000;

function entry(id: string, seed: number, grade = 'A'): Entry {
  return {
    id,
    grade,
    signals: [{ type: 'md5', value: signalType('md5').parse(signalText('md5', seed)), active: true }],
  };
}

const csv = (entries: readonly Entry[]) =>
  `id,md5,grade\n${entries.map(({ id, grade, signals }) => `${id},${Buffer.from(signals[0]?.value ?? []).toString('hex')},${grade}\n`).join('')}`;

async function* stream(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** What somebody holds who reads the feed, as a client keeps it. */
class Reader {
  readonly entries = new Map<string, string>();
  after: string | undefined;
  restarts = 0;

  take({ changes, next, restart }: FeedPage): void {
    if (restart) {
      this.entries.clear();
      this.restarts++;
    }
    for (const each of changes) {
      if ('put' in each) this.entries.set(each.put.id, JSON.stringify(toFeedEntry(each.put)));
      else this.entries.delete(each.remove);
    }
    this.after = next;
  }
}

describe.each(DATABASES)('publishing: $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('lists', () => {
    let database: Database;
    let store: TestBlobs;
    let lists: Lists;
    let publishing: Publishing;

    openedBefore({ missing, start }, (opened) => {
      database = opened;
    });
    beforeEach(async () => {
      await sql`TRUNCATE list, list_change, member, publication_key CASCADE`.execute(database.db);
      store = await openBlobs();
      ({ lists } = await openLists(database, store.blobs));
      const keyring = await openKeyring({ ...store.place, holdsSealedData: async () => true }, {});
      const failed = (error: unknown) => {
        throw error;
      };
      publishing = new Publishing({ database, keyring, lists, blobs: store.blobs, failed });
    });
    afterEach(async () => {
      await publishing.publisher.close();
      await lists.close();
      await store.close();
    });

    const importAll = async (entries: readonly Entry[], entriesPerSegment = 1_000) =>
      await lists.import({ list: 'known', input: { stream: stream(csv(entries)) }, format: 'csv', entriesPerSegment });
    const member = async (view: { grades?: string[]; jurisdictions?: string[]; lists?: string[] } = {}) => {
      const draft = { name: `member ${Math.random()}`, rate: null, jurisdictions: [], ...view };
      return (await publishing.members.add(draft, 'anna')).member;
    };
    const page = async (reader: Reader, who: Awaited<ReturnType<typeof member>>) => {
      const view = await publishing.publications.one('known', who);
      const read = await publishing.reader.page(view, reader.after, AbortSignal.timeout(LONG));
      reader.take(read);
      return read;
    };
    const readAll = async (reader: Reader, who: Awaited<ReturnType<typeof member>>) => {
      await publishing.publisher.advance();
      for (let pages = 1; ; pages++) if ((await page(reader, who)).upToDate) return pages;
    };
    const live = async (grades?: readonly string[]) => {
      const found = new Map<string, string>();
      const list = await lists.asLoaded((await publishing.publications.ls())[0]?.list.id ?? '');
      for (const segment of list.segments) {
        for await (const { row, entry: each } of segment.entries()) {
          const wanted = segment.isLive(row) && (grades?.includes(each.grade ?? '') ?? true);
          if (wanted) found.set(each.id, JSON.stringify(toFeedEntry(each)));
        }
      }
      return sorted(found);
    };
    const sorted = (entries: ReadonlyMap<string, string>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

    it(
      'bring every reader to the same end, wherever it stood and whatever happened meanwhile',
      async () => {
        let state = 1;
        const random = (below: number) => {
          state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
          return (state >>> 8) % below;
        };
        const many = (count: number, from = 0) =>
          Array.from({ length: count }, (_, i) => entry(`e${from + i}`, random(1e6), 'ABC'[random(3)]));
        await importAll(many(1_500));
        await publishing.publications.on('known', TERMS, 'anna');
        const all = await member();
        const some = await member({ grades: ['A', 'B'] });
        const readers = Array.from({ length: 6 }, () => new Reader());
        const acts = [
          () => importAll(many(1_200 + random(600), random(400)), 500 + random(1_000)),
          () => lists.addEntries('known', many(1 + random(40), random(3_000))),
          () => lists.addEntries('known', many(1 + random(40), random(3_000))),
          () => lists.compact({ enough: 2 }),
          () => publishing.publisher.advance(),
        ];
        const decide = async (act: 'withdraw' | 'restore') => {
          const ids = (await live()).map(([id]) => id);
          const id = ids[random(ids.length)];
          if (id !== undefined) await lists[act]('known', id, BY);
        };
        for (let step = 0; step < 14; step++) {
          await acts[random(acts.length)]?.();
          await decide('withdraw');
          if (step % 3 === 0) await decide('restore');
          for (const [i, reader] of readers.entries())
            if (random(3) === 0) await page(reader, i % 2 === 0 ? all : some);
        }
        await publishing.publisher.advance();
        for (const [i, reader] of [...readers, new Reader(), new Reader()].entries()) {
          await readAll(reader, i % 2 === 0 ? all : some);
          expect(sorted(reader.entries)).toEqual(await live(i % 2 === 0 ? undefined : ['A', 'B']));
        }
        expect(readers.map(({ restarts }) => restarts)).toEqual(readers.map(() => 0));
      },
      LONG,
    );

    it('tell what has changed and nothing else', async () => {
      await importAll([1, 2, 3, 4].map((n) => entry(`e${n}`, n)));
      await publishing.publications.on('known', TERMS, 'anna');
      const reader = new Reader();
      const who = await member();
      await readAll(reader, who);
      await importAll([entry('e1', 1), entry('e2', 22), entry('e4', 4), entry('e5', 5)]);
      await publishing.publisher.advance();
      const { changes } = await page(reader, who);
      expect(changes.map((each) => ('put' in each ? each.put.id : `-${each.remove}`)).sort()).toEqual([
        '-e3',
        'e2',
        'e5',
      ]);
      await lists.addEntries('known', [entry('e6', 6)]);
      await readAll(reader, who);
      await lists.compact({ enough: 2 });
      await publishing.publisher.advance();
      expect((await page(reader, who)).changes.length).toBeLessThanOrEqual(1);
    });

    it('are begun anew by whoever is too far behind, gets another view, or comes from before', async () => {
      await importAll([entry('e1', 1), entry('e2', 2)]);
      await publishing.publications.on('known', TERMS, 'anna');
      const reader = new Reader();
      const who = await member();
      await readAll(reader, who);
      await publishing.publications.on('known', { ...TERMS, grades: ['B'] }, 'anna');
      await readAll(reader, who);
      expect([reader.restarts, reader.entries.size]).toEqual([1, 0]);
      await publishing.publications.off('known', 'a test', 'anna');
      await expect(page(reader, who)).rejects.toEqual(expect.objectContaining({ code: 'publication-not-found' }));
      await publishing.publications.on('known', TERMS, 'anna');
      await readAll(reader, who);
      expect([reader.restarts, reader.entries.size]).toEqual([2, 2]);
      await lists.withdraw('known', 'e1', BY);
      await publishing.publisher.advance();
      await sql`UPDATE publication_change SET at = at - interval '100 days'`.execute(database.db);
      await publishing.publisher.prune();
      await readAll(reader, who);
      expect([reader.restarts, [...reader.entries.keys()]]).toEqual([3, ['e2']]);
      reader.after = 'made-up';
      await expect(page(reader, who)).rejects.toEqual(expect.objectContaining({ code: 'feed-checkpoint-invalid' }));
    });

    it('are seen by those alone who may', async () => {
      await importAll([entry('e1', 1)]);
      const here = await member({ jurisdictions: ['GB'] });
      const there = await member({ jurisdictions: ['US'] });
      const seen = async (who: typeof here) => (await publishing.publications.of(who)).map(({ list }) => list.name);
      expect(await seen(here)).toEqual([]);
      await publishing.publications.on('known', { ...TERMS, jurisdictions: ['GB', 'DE'] }, 'anna');
      expect([await seen(here), await seen(there)]).toEqual([['known'], []]);
      await expect(publishing.publications.one('known', there)).rejects.toEqual(
        expect.objectContaining({ code: 'publication-not-found' }),
      );
      await publishing.publications.on('known', TERMS, 'anna');
      await lists.import({ list: 'other', input: { stream: stream(csv([entry('o1', 9)])) }, format: 'csv' });
      const single = await member({ lists: ['other'] });
      expect([await seen(single), await seen(there)]).toEqual([[], ['known']]);
    });

    it('hear what members think, once, and put doubts before a person', async () => {
      await importAll([entry('e1', 1), entry('e2', 2, 'B')]);
      await publishing.publications.on('known', TERMS, 'anna');
      const first = await member();
      const second = await member({ grades: ['A'] });
      const doubt = { entryId: 'e1', affirmative: false, signal: 'md5', reason: null };
      const raised = async () =>
        (await sql`SELECT 1 FROM attention WHERE kind = 'entry-doubted'`.execute(database.db)).rows;
      for (let i = 0; i < 3; i++) await publishing.receive(first, 'known', doubt);
      expect(await raised()).toHaveLength(0);
      await publishing.receive(second, 'known', doubt);
      expect(await raised()).toHaveLength(1);
      const unknown = publishing.receive(second, 'known', { ...doubt, entryId: 'e2' });
      await expect(unknown).rejects.toEqual(expect.objectContaining({ code: 'entry-not-found' }));
      const { changes } = await page(new Reader(), first);
      const told = changes.find((each) => 'put' in each && each.put.id === 'e1');
      expect(told !== undefined && 'put' in told && told.opinions.map(({ member: id }) => id)).toEqual([
        first.id,
        second.id,
      ]);
      await publishing.receive(first, 'known', { ...doubt, affirmative: true });
      const thought = await publishing.opinionsOf('known', 'e1');
      expect(thought.map(({ memberId, affirmative }) => [memberId, affirmative])).toEqual([
        [second.id, false],
        [first.id, true],
      ]);
    });

    it('go on to their members where another one cannot be read', async () => {
      const ids = new Map<string, string>();
      for (const name of ['one', 'two', 'three']) {
        await lists.import({ list: name, input: { stream: stream(csv([entry('e1', 1), entry('e2', 2)])) } });
        ids.set((await publishing.publications.on(name, TERMS, 'anna')).list.id, name);
      }
      // They are gone through in this order.
      const [broken = '', ...well] = [...ids].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
      await lists.import({ list: broken, input: { stream: stream(csv([entry('e1', 1), entry('e3', 3)])) } });
      for (const name of well) await lists.withdraw(name, 'e1', BY);
      const open = async () => {
        throw new VigieError('segment-damaged');
      };
      const publisher = new Publisher({ database, blobs: { open }, failed: () => undefined });
      await expect(publisher.advance()).rejects.toEqual(expect.objectContaining({ code: 'segment-damaged' }));
      const touched = await sql<{ id: string }>`SELECT list_id AS id FROM publication_change`.execute(database.db);
      expect(touched.rows.map(({ id }) => ids.get(id)).sort()).toEqual(well.sort());
    });

    it('are empty as long as nothing is on them, and hold media', async () => {
      await lists.create('known');
      await publishing.publications.on('known', TERMS, 'anna');
      const reader = new Reader();
      const who = await member();
      await readAll(reader, who);
      expect([reader.entries.size, reader.restarts]).toEqual([0, 0]);
      const shared = { from: new Date(0), to: new Date(Date.now() + LONG), start: 1, cursor: undefined };
      expect(await publishing.sharedPage(who, 'known', shared, AbortSignal.timeout(LONG))).not.toContain('<member');
      await lists.addEntries('known', [entry('e1', 1)]);
      await readAll(reader, who);
      expect([...reader.entries.keys()]).toEqual(['e1']);
      await createList(database.db, 'words', {}, 'urls');
      await expect(publishing.publications.on('words', TERMS, 'anna')).rejects.toEqual(
        expect.objectContaining({ code: 'list-content-other' }),
      );
    });

    it('are opened by the key of a member alone, until it is revoked', async () => {
      const { member: who, key } = await publishing.members.add({ name: 'a', rate: null, jurisdictions: [] }, 'anna');
      expect((await publishing.members.find(key))?.id).toBe(who.id);
      expect(await publishing.members.find(`${key}x`)).toBeUndefined();
      const taken = publishing.members.add({ name: 'a', rate: null, jurisdictions: [] }, 'anna');
      await expect(taken).rejects.toEqual(expect.objectContaining({ code: 'member-name-taken' }));
      const kept = await sql<{ text: string }>`SELECT member::text AS text FROM member`.execute(database.db);
      expect(JSON.stringify(kept.rows)).not.toContain(key);
      await publishing.members.revoke(who.id, 'anna');
      expect(await publishing.members.find(key)).toBeUndefined();
    });

    it('are signed by the newest key, and by the one before for a while', async () => {
      const [first] = await publishing.keys.ls();
      const [second, old] = await publishing.keys.rotate(1);
      expect([old?.publicKey, second?.publicKey === first?.publicKey]).toEqual([first?.publicKey, false]);
      expect(await publishing.keys.signing()).toHaveLength(2);
      expect((await publishing.keys.rotate(0)).map(({ id }) => id)).not.toContain(second?.id);
    });
  });
});
