/** Lists of URLs and keywords on the real service: by command, over HTTP, in items, and what they leave behind. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsonLines, vigie } from './command.js';
import { type RunningService, startService } from './service.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

interface Words {
  readonly verdict: string;
  readonly reason: string | null;
  readonly links: readonly object[];
  readonly review: readonly object[];
}

describe('words and links on the service', () => {
  let service: RunningService;
  const json = { 'content-type': 'application/json' };
  const run = async (args: readonly string[], stdin = '') => await vigie([...args, '--data', service.data], stdin);
  const post = async (path: string, body: unknown) => {
    const answer = await service.call('POST', path, JSON.stringify(body), json);
    return { status: answer.status, body: (await answer.json()) as Words & { id: string; code?: string } };
  };
  const item = async (body: object) => {
    const { id } = (await post('/v1/items', { platform: 'forum', surface: 'public', ...body })).body;
    for (;;) {
      const found = (await (await service.call('GET', `/v1/items/${id}`)).json()) as { state: string; verdict: object };
      if (found.state !== 'waiting') return found.verdict;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  it('says that nothing is covered while there is no such list', async () => {
    expect(await post('/v1/scan/text', { text: 'example.org' })).toMatchObject({
      status: 200,
      body: { verdict: 'no-match', reason: 'kind-not-covered', links: [] },
    });
  });

  it('imports both kinds, finds listed addresses wherever they stand, and proposes keywords for review', async () => {
    const urls = await run(
      ['list', 'import', '-', '--name', 'pages', '--content', 'urls'],
      'id,url\nu1,example.org/a/*\n',
    );
    expect(urls).toMatchObject({ code: 0, stderr: expect.stringContaining('pages is at version 1 with 1 entries.') });
    const words = await run(
      ['list', 'import', '-', '--name', 'words', '--content', 'keywords'],
      'id,keyword\nk1,lighthouse\n',
    );
    expect(words.code).toBe(0);
    expect(
      (await run(['list', 'import', '-', '--name', 'words', '--content', 'urls'], 'example.org\n')).stderr,
    ).toContain('[list-content-other]');

    expect((await post('/v1/scan/text', { text: 'see HTTPS://www.example.org/a/b?utm_source=x.' })).body).toMatchObject(
      {
        ...{ verdict: 'match', reason: null, linksTotal: 1, reviewTotal: 0 },
        links: [{ list: 'pages', entry: 'u1', kind: 'prefix', where: 'text', at: 4 }],
      },
    );
    expect((await post('/v1/scan/text', { text: 'A LIGHT\u00adHOUSE' })).body).toMatchObject({
      ...{ verdict: 'no-match', reason: 'nothing-known', links: [] },
      review: [{ list: 'words', entry: 'k1', count: 1 }],
    });
    const button = {
      text: 'press',
      links: ['https://example.net/', { url: 'http://example.org/%61', from: 'button' }],
    };
    expect(await item({ id: '1', ...button })).toMatchObject({
      ...{ verdict: 'match', reason: null, media: [] },
      words: { links: [{ entry: 'u1', where: 'button', ordinal: 1, at: null }] },
    });
    expect(await item({ id: '2', text: 'the lighthouse' })).toMatchObject({
      ...{ verdict: 'no-match', reason: 'nothing-known' },
      words: { links: [], review: [{ entry: 'k1', where: 'text', at: 4 }] },
    });
  });

  it('leaves events and an attention, and neither address nor word in the log', async () => {
    const events = (await (await service.call('GET', '/v1/audit/events?limit=100')).json()) as {
      events: { kind: string }[];
    };
    const kinds = events.events.map(({ kind }) => kind);
    expect(kinds).toEqual(
      expect.arrayContaining(['scan.matched', 'scan.review-proposed', 'item.matched', 'item.review-proposed']),
    );
    const open = (await (await service.call('GET', '/v1/attention')).json()) as { attention: object[] };
    expect(open.attention).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'review-proposed', count: 2 })]),
    );
    expect(service.log()).not.toMatch(/example\.(org|net)|lighthouse/i);
    const metrics = await (await service.call('GET', '/metrics')).text();
    expect(metrics).toMatch(/vigie_words_total\{verdict="match",review="none"\} 2/);
    expect(metrics).toMatch(/vigie_words_entries\{content="urls"\} 1/);
  });

  it('scans texts by command, and hears of a withdrawal at once', async () => {
    const file = join(service.data, '..', `vigie-text-${process.pid}.txt`);
    // Longer than one request, with the address at its end.
    await writeFile(file, `${'word '.repeat(30_000)}example.org/a/x`);
    try {
      const found = await run(['scan', '--text', '--format', 'jsonl', file]);
      expect(found.code).toBe(10);
      expect(jsonLines(found)).toMatchObject([{ verdict: 'match', links: [{ entry: 'u1' }] }]);
      expect(await run(['scan', '--text', '-'], 'the lighthouse')).toMatchObject({
        ...{ code: 0, stdout: expect.stringContaining('for review: words k1') },
      });
      expect((await run(['list', 'withdraw', 'pages', 'u1', '--reason', 'a test'])).code).toBe(0);
      expect((await run(['scan', '--text', file])).code).toBe(0);
      expect((await run(['scan', '--text', '--list', file, file])).stderr).toContain('[usage]');
    } finally {
      await rm(file, { force: true });
    }
  });

  it('refuses what it cannot hold', async () => {
    for (const body of [
      { text: 'a'.repeat(65_537) },
      { links: Array.from({ length: 10_000 }, () => 'example.org') },
      { links: [{ url: 'example.org', from: 'nowhere' }] },
      { text: 'a\0b' },
    ]) {
      expect(await post('/v1/scan/text', body)).toMatchObject({ status: 400, body: { code: 'request-invalid' } });
    }
    const text = '\ud800'.repeat(65_536);
    expect(await post('/v1/scan/text', { text })).toMatchObject({ status: 200, body: { verdict: 'no-match' } });
  });
});
