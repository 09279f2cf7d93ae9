import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { vigie } from './command.js';
import { type RunningService, startService } from './service.js';

interface Item {
  readonly id: string;
  readonly state: string;
  readonly verdict?: { verdict: string; reason: string | null; media: { matches: object[] }[] } | null;
  readonly code?: string;
}

/** Items over HTTP, on the real service with its sample list. */
describe('items over HTTP', () => {
  let service: RunningService;
  let picture: Buffer;
  const json = { 'content-type': 'application/json' };

  beforeAll(async () => {
    service = await startService();
    picture = await photographLikeJpeg(320, 240, 5);
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  const post = async (body: unknown, path = '/v1/items') => {
    const answer = await service.call('POST', path, JSON.stringify(body), json);
    return { status: answer.status, body: (await answer.json()) as Item };
  };
  const form = async (item: object, files: readonly Uint8Array[], itemFirst = true) => {
    const data = new FormData();
    if (itemFirst) data.append('item', JSON.stringify(item));
    for (const file of files) data.append('media', new Blob([new Uint8Array(file)]), 'a.jpg');
    if (!itemFirst) data.append('item', JSON.stringify(item));
    const answer = await service.call('POST', '/v1/items', data);
    return { status: answer.status, body: (await answer.json()) as Item };
  };
  const told = async (id: string): Promise<Item> => {
    for (;;) {
      const item = (await (await service.call('GET', `/v1/items/${id}`)).json()) as Item;
      if (item.state !== 'waiting') return item;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('takes a form with several files, and tells its verdict', async () => {
    const item = { platform: 'forum', id: 'form', account: 'a', surface: 'public', text: 'words' };
    const { status, body } = await form(item, [picture, Buffer.from('no picture')]);
    expect(status).toBe(202);
    expect(await told(body.id)).toMatchObject({
      platform: 'forum',
      platformId: 'form',
      verdict: { verdict: 'no-match', reason: 'kind-not-covered', media: [{ format: 'jpeg' }, { ordinal: 1 }] },
    });
    const found = async (id: string) =>
      ((await (await service.call('GET', `/v1/items?platform=forum&id=${id}`)).json()) as { items: Item[] }).items;
    expect(await found('form')).toEqual([await told(body.id)]);
    expect(await found('never')).toEqual([]);
    const again = await form(item, [picture, Buffer.from('no picture')]);
    expect([again.status, again.body.id, again.body.verdict?.verdict]).toEqual([202, body.id, 'no-match']);
    const other = await form(item, [picture]);
    expect([other.status, other.body.code]).toEqual([409, 'item-conflict']);
  });

  it('says what is wrong with a form, and keeps nothing of it', async () => {
    const item = { platform: 'forum', id: 'wrong', surface: 'public' };
    expect((await form(item, [picture], false)).body.code).toBe('request-invalid');
    expect((await form({ ...item, surface: 'secret' }, [picture])).body.code).toBe('request-invalid');
    expect(
      (
        await form(
          item,
          Array.from({ length: 33 }, () => picture),
        )
      ).body.code,
    ).toBe('request-invalid');
    const taken = await form(item, [picture]);
    expect(taken.status).toBe(202);
    await told(taken.body.id);
  });

  it('takes JSON, refuses what does not fit by the names of its fields', async () => {
    const { status, body } = await post({
      platform: 'forum',
      id: 'json',
      surface: 'public',
      links: ['https://a.example'],
    });
    expect(status).toBe(202);
    expect((await told(body.id)).verdict).toMatchObject({ verdict: 'no-match', reason: 'kind-not-covered' });
    const wrong = await post({ platform: 'forum', id: 'a\nb', surface: 'public', more: 1 });
    expect(wrong.status).toBe(400);
    expect(JSON.stringify(wrong.body)).toMatch(/\/id/);
    const missing = await service.call('GET', '/v1/items/none');
    expect(missing.status).toBe(404);
  });

  it('refuses an address that is never fetched from, by the place of its field', async () => {
    const item = (url: string) => ({ platform: 'forum', id: 'far', surface: 'public', media: [{ url }] });
    for (const [url, code] of [
      ['ftp://cdn.example/a.jpg', 'url-invalid'],
      ['https://user:word@cdn.example/a.jpg', 'url-invalid'],
      ['http://169.254.169.254/a.jpg', 'url-forbidden'],
      ['http://[::1]/a.jpg', 'url-forbidden'],
    ] as const) {
      const { status, body } = await post(item(url));
      expect([status, body.code], url).toEqual([400, code]);
      expect(JSON.stringify(body)).toContain('/media/0/url');
      expect(JSON.stringify(body)).not.toContain('word');
      expect((await form(item(url), [picture])).status).toBe(400);
    }
  });

  it('answers a batch item by item', async () => {
    const lines = ['1', '2', '1'].map((id) => JSON.stringify({ platform: 'batch', id, surface: 'public' }));
    const body = [
      ...lines,
      '',
      'not JSON',
      JSON.stringify({ platform: 'batch', id: '1', surface: 'public', text: 'x' }),
    ];
    const answer = await service.call('POST', '/v1/items/batch', body.join('\n'), {
      'content-type': 'application/x-ndjson',
    });
    const { items } = (await answer.json()) as { items: (Item & { status: number })[] };
    expect(items.map(({ status }) => status)).toEqual([202, 202, 202, 400, 409]);
    expect(items[3]).toMatchObject({ code: 'request-invalid', detail: 'line 5 is not JSON' });
    expect(items[0]?.id).toBe(items[2]?.id);
    const array = await post([{ platform: 'batch', id: '2', surface: 'public' }], '/v1/items/batch');
    expect((array.body as unknown as { items: Item[] }).items[0]?.id).toBe(items[1]?.id);
    expect(
      (
        await post(
          Array.from({ length: 1_001 }, () => ({})),
          '/v1/items/batch',
        )
      ).status,
    ).toBe(400);
  });

  it('looks at private surfaces only where the command has switched them on', async () => {
    const item = { platform: 'forum', id: 'private', surface: 'private', jurisdiction: 'DE' };
    expect([(await form(item, [picture])).status, (await post(item)).body.code]).toEqual([403, 'surface-private']);
    const data = ['--data', service.data];
    const switchOn = (basis: string, year: number) =>
      vigie(['private', 'on', '--jurisdiction', 'DE', '--basis', basis, '--until', `${year}-01-31`, ...data]);
    const next = new Date().getUTCFullYear() + 1;
    const long = await switchOn('a law', next + 1);
    expect([long.code, long.stderr]).toEqual([1, expect.stringMatching(/--until may lie a year ahead/)]);
    expect((await switchOn('§', next)).stderr).toMatch(/--basis .*\[request-invalid\]/);
    expect((await switchOn('a law', new Date().getUTCMonth() === 0 ? next - 1 : next)).code).toBe(0);
    const { status, body } = await form(item, [picture]);
    expect(status).toBe(202);
    expect((await told(body.id)).verdict).toMatchObject({ verdict: 'no-match' });
    const ls = await vigie(['private', 'ls', '--format', 'json', ...data]);
    expect(JSON.parse(ls.stdout)).toMatchObject([{ jurisdiction: 'DE', state: 'on', legalBasis: 'a law' }]);
    expect((await vigie(['private', 'off', '--jurisdiction', 'DE', ...data])).code).toBe(0);
    expect((await post({ ...item, id: 'later' })).status).toBe(403);
    expect((await vigie(['private', 'off', '--jurisdiction', 'DE', ...data])).code).not.toBe(0);
  });

  it('counts what is scanned by itself', async () => {
    const answer = await service.call('POST', '/v1/scan', new Uint8Array(picture), {
      'content-type': 'application/octet-stream',
    });
    expect(await answer.json()).toMatchObject({ verdict: 'no-match' });
  });
});
