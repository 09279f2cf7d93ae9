import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../../../test/databases.js';
import { openedBefore } from '../../../test/opened-database.js';
import type { WordsContent } from '../../index/words/words-entry.js';
import { lookAtWords, type WordsQuery } from '../../scan/words/look-at-words.js';
import type { Database } from '../../storage/database.js';
import type { ImportOptions } from '../import.js';
import type { Lists } from '../lists.js';
import { openBlobs, openLists, type TestBlobs } from '../testing/open-lists.js';
import { detectWordsFormat, wordsParser } from './words-parser.js';

function options(
  list: string,
  content: WordsContent,
  file: string | Uint8Array,
  more: Partial<ImportOptions> = {},
): ImportOptions {
  const bytes = Buffer.from(file);
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  return { list, content, input: { stream: stream(), bytes: bytes.length }, sourceName: `${list}.txt`, ...more };
}

const inText = (text: string): WordsQuery => ({ texts: [{ where: 'text', ordinal: 0, text }], links: [] });
const BY = { reason: 'a test', by: 'anna' };

describe.each(DATABASES)('lists of URLs and keywords: $name', { timeout: 120_000 }, ({ missing, start }) => {
  describe.skipIf(missing !== undefined)('living', () => {
    let database: Database;
    let store: TestBlobs;
    const open: Lists[] = [];

    const node = async (): Promise<Lists> => {
      const { lists } = await openLists(database, store.blobs);
      open.push(lists);
      return lists;
    };
    const links = async (lists: Lists, text: string) =>
      (await lookAtWords(lists, inText(text)))?.links.map(({ entry }) => entry);

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

    it('imports, finds, withdraws, rolls back, and is the same after a start', async () => {
      const lists = await node();
      const csv =
        'id;url;grade;kind\nu1;https://www.Example.org/a?b=1&utm_source=x;A;\nu2;example.net;;host\nu3;org;;\nu4;example.net;;host\n';
      const first = await lists.import(options('hotline-urls', 'urls', csv));
      expect(first).toMatchObject({ version: 1, entries: 2 });
      expect(first.report.rejected).toMatchObject({ 'too-broad': { count: 1, lines: [4] } });
      expect(first.report.duplicates).toBe(1);
      await lists.import(options('words', 'keywords', gzipSync('# comment\nlighthouse\nnorth sea*\n')));
      expect(await lists.ls()).toMatchObject([
        { name: 'hotline-urls', content: 'urls', entries: 2, state: 'ready', grades: { A: 1 } },
        { name: 'words', content: 'keywords', entries: 2, state: 'ready' },
      ]);

      const verdict = await lookAtWords(lists, inText('go to http://example.org/a?b=1#x or EXAMPLE.NET. Lighthouse!'));
      expect(verdict).toMatchObject({
        ...{ verdict: 'match', reason: null, linksTotal: 2, reviewTotal: 1 },
        links: [
          { list: 'hotline-urls', version: 1, entry: 'u1', grade: 'A', kind: 'exact', where: 'text', at: 6, count: 1 },
          { entry: 'u2', kind: 'host', grade: null },
        ],
        review: [{ list: 'words', where: 'text', count: 1 }],
      });
      expect(JSON.stringify(verdict)).not.toMatch(/example\.|lighthouse/i);

      await lists.withdraw('hotline-urls', 'u2', BY);
      expect(await links(lists, 'a.b.example.net')).toEqual([]);
      expect(await lists.entry('hotline-urls', 'u2')).toMatchObject({
        ...{ statuses: [{ status: 'withdrawn' }], words: { text: 'example.net', kind: 'host' } },
        entry: { id: 'u2', signals: [] },
      });
      await lists.import(options('hotline-urls', 'urls', 'id,url\nu2,example.net\nu9,example.com/*\n'));
      // A withdrawal outlives the version.
      expect(await links(lists, 'example.net and example.com/x')).toEqual(['u9']);
      await lists.restore('hotline-urls', 'u2', BY);
      expect(await links(lists, 'example.net and example.org/a?b=1')).toEqual(['u2']);
      await lists.withdraw('hotline-urls', 'u2', BY);
      expect(await lists.rollback('hotline-urls')).toBe(1);
      expect(await links(lists, 'example.net and example.org/a?b=1')).toEqual(['u1']);

      const again = await node();
      expect(await links(again, 'example.net and example.org/a?b=1')).toEqual(['u1']);
      await expect(lists.withdraw('hotline-urls', 'u77', BY)).rejects.toMatchObject({ code: 'entry-not-found' });
      await lists.remove('hotline-urls');
      expect(await links(lists, 'example.org/a?b=1')).toEqual([]);
    });

    it('is heard of by another process, and a withdrawal too', async () => {
      const here = await node();
      const there = await node();
      await there.follow();
      await here.import(options('hotline-urls', 'urls', 'example.org\n'));
      const [entry] = (await links(here, 'example.org')) ?? [];
      await expect.poll(() => links(there, 'example.org'), { timeout: 30_000 }).toEqual([entry]);
      await here.withdraw('hotline-urls', entry ?? '', BY);
      await expect.poll(() => links(there, 'example.org'), { timeout: 30_000 }).toEqual([]);
    });

    it('holds one content, and says so', async () => {
      const lists = await node();
      await lists.import(options('hotline-urls', 'urls', 'example.org\n'));
      const code = 'list-content-other';
      await expect(lists.import(options('hotline-urls', 'keywords', 'word\n'))).rejects.toMatchObject({ code });
      await expect(lists.import({ ...options('hotline-urls', 'urls', 'x'), content: 'media' })).rejects.toMatchObject({
        code,
      });
      await expect(lists.addEntries('hotline-urls', [])).rejects.toMatchObject({ code });
      await expect(lists.import(options('no', 'urls', 'org\n*\n'))).rejects.toMatchObject({
        code: 'list-all-rejected',
      });
      await expect(lists.show('no')).rejects.toMatchObject({ code: 'list-not-found' });
    });

    it('says that it could not tell while a list cannot be loaded, and leaves media alone', async () => {
      await (await node()).import(options('hotline-urls', 'urls', 'example.org\n'));
      const [file] = (await readdir(store.root, { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name));
      await truncate(join(store.root, file ?? ''), 200);
      const lists = await node();
      expect(await lookAtWords(lists, inText('example.org'))).toMatchObject({
        ...{ verdict: 'could-not-tell', reason: 'index-incomplete', links: [] },
      });
      expect([lists.incomplete, lists.wordsIncomplete]).toEqual([false, true]);
      expect(lists.problems()).toMatchObject([{ list: 'hotline-urls', olderVersionMatches: false }]);
    });

    it('looks at ten thousand links and at a text that is full of them', async () => {
      const lists = await node();
      await lists.import(options('hotline-urls', 'urls', 'id,url\nlast,example.org/9999\n'));
      await lists.import(options('words', 'keywords', 'lighthouse\n'));
      const all = Array.from({ length: 10_000 }, (_, i) => `https://example.org/${i}`);
      const listed = all.map((url, ordinal) => ({ where: 'entity' as const, ordinal, url }));
      expect(await lookAtWords(lists, { texts: [], links: listed })).toMatchObject({
        links: [{ entry: 'last', where: 'entity', ordinal: 9_999, at: null, count: 1 }],
      });
      expect((await lookAtWords(lists, inText(all.join(' '))))?.links).toMatchObject([{ entry: 'last', count: 1 }]);
      for (const text of ['\ud800'.repeat(65_536), 'http:'.repeat(13_107), '%25'.repeat(21_845)]) {
        expect(await lookAtWords(lists, inText(text))).toMatchObject({ verdict: 'no-match', reason: 'nothing-known' });
      }
      expect(await lookAtWords(lists, { texts: [], links: [] })).toBeUndefined();
    });
  });
});

describe('wordsParser', () => {
  const read = (text: string, cuts: readonly number[]) => {
    const bytes = Buffer.from(text);
    const settings = { content: 'urls' as const };
    const parser = wordsParser(detectWordsFormat(bytes, settings), bytes, settings);
    const records = [];
    let at = 0;
    for (const cut of [...cuts, bytes.length]) {
      const to = Math.min(bytes.length, at + cut);
      parser.feed(bytes.subarray(at, to));
      at = to;
      for (let record = parser.next(); record !== undefined; record = parser.next()) records.push(record);
    }
    parser.end();
    for (let record = parser.next(); record !== undefined; record = parser.next()) records.push(record);
    return { records, ignored: parser.ignoredColumns };
  };

  it.each([
    'id,url,note\n1,"example.org/a,b",x\n2,"example.net ""q"""\n',
    'url\texample\nexample.org/ü\t\n',
    '{"url":"example.org","id":7}\n{"text":"example.net"}\nnot json\n{"url":["x"]}\n',
    '# list\nexample.org\n\n  example.net  \n',
  ])('reads %j the same however it is cut', (text) => {
    const whole = read(text, []);
    expect(whole.records.filter(({ fields }) => fields.text?.startsWith('example.')).length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 }), (cuts) => {
        expect(read(text, cuts)).toEqual(whole);
      }),
    );
  });
});
