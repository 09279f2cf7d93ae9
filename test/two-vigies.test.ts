import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ncmec } from '../src/lists/sources/ncmec/ncmec.js';
import type { DeltaSource, SourcePage } from '../src/lists/sources/source.js';
import { listenOnLoopback, loopbackHouse } from '../src/lists/sources/testing/loopback.js';
import { vigieFeed } from '../src/lists/sources/vigie-feed.js';
import { signalText } from '../src/lists/testing/read-records.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const LONG = 120_000;
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const md5 = (seed: number) => signalText('md5', seed);

/** A hotline's Vigie that publishes, and what a platform's Vigie reads of it. */
describe('a feed between two Vigies', { timeout: LONG }, () => {
  let hotline: RunningService;
  let key = '';
  let memberId = '';
  let publicKey = '';

  const told = async <T>(method: string, path: string, body?: object, status = 200): Promise<T> => {
    const answer = await hotline.call(method, path, body && JSON.stringify(body), body && JSON_TYPE);
    const text = await answer.text();
    expect(`${answer.status} ${text}`).toMatch(new RegExp(`^${status} `));
    return JSON.parse(text) as T;
  };
  const add = async (...seeds: readonly number[]) =>
    await told(
      'POST',
      '/v1/lists/known/entries',
      {
        entries: seeds.map((n) => ({
          id: `e${n}`,
          grade: n % 2 === 0 ? 'A' : 'B',
          signals: [{ type: 'md5', value: md5(n) }],
        })),
      },
      201,
    );
  const source = (url = hotline.address, keys: readonly string[] = [publicKey]) => {
    const settings = vigieFeed.settings.parse({ url, list: 'known', publicKeys: keys });
    return vigieFeed.open(settings, vigieFeed.credentials?.parse({ key }) ?? { key }, loopbackHouse()) as DeltaSource;
  };
  const publicKeys = async () =>
    (await told<{ keys: { publicKey: string }[] }>('GET', '/v1/publication-keys')).keys.map((each) => each.publicKey);
  /** Everything since a checkpoint, as it would be taken in. */
  const pull = async (from: unknown, held: Set<string>, open = source): Promise<SourcePage[]> => {
    const pages: SourcePage[] = [];
    for await (const page of open().pull(from, AbortSignal.timeout(LONG))) {
      if (page.restart) held.clear();
      for (const each of page.changes) {
        if ('put' in each) held.add(each.put.id);
        else held.delete(each.remove);
      }
      pages.push(page);
    }
    return pages;
  };
  /** Changes are told a moment after they were made. */
  const pullUntil = async (from: unknown, held: Set<string>, wanted: (held: Set<string>) => boolean) => {
    let at = from;
    do at = (await pull(at, held)).at(-1)?.checkpoint;
    while (!wanted(held));
    return at;
  };

  beforeAll(async () => {
    hotline = await startService({ args: ['--rate', 'feed=off'] });
    const csv = `id,md5,grade\n${Array.from({ length: 2_500 }, (_, i) => `e${i},${md5(i)},${i % 2 === 0 ? 'A' : 'B'}\n`).join('')}`;
    const imported = await hotline.call('PUT', '/v1/lists/known/import', csv, {
      'content-type': 'application/octet-stream',
    });
    expect(await imported.text()).toContain('"result"');
    const added = await told<{ key: string; member: { id: string } }>(
      'POST',
      '/v1/members',
      { name: 'platform', jurisdictions: ['DE'] },
      201,
    );
    key = added.key;
    memberId = added.member.id;
    const { keys } = await told<{ keys: { publicKey: string }[] }>('GET', '/v1/publication-keys');
    publicKey = keys[0]?.publicKey ?? '';
  }, LONG);
  afterAll(async () => await hotline?.[Symbol.asyncDispose]());

  it('gives nothing before a person says so, and nothing to strangers', async () => {
    await expect(source().test(AbortSignal.timeout(LONG))).rejects.toEqual(code('source-refused'));
    await told('PUT', '/v1/publications/known', { terms: 'Only to protect children.', reason: 'agreement 7' });
    expect(await source().test(AbortSignal.timeout(LONG))).toMatchObject({ member: 'platform', list: 'known' });
    const bare = await fetch(`${hotline.address}/feed/v1/lists`);
    expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('Basic')]);
    // Neither opens what is the other's.
    expect(
      (await fetch(`${hotline.address}/feed/v1/lists`, { headers: { authorization: `Bearer ${hotline.key}` } })).status,
    ).toBe(401);
    expect((await fetch(`${hotline.address}/v1/lists`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(
      401,
    );
  });

  it('tells all of it, then what changes, and goes on where it was after a kill', async () => {
    const held = new Set<string>();
    const pages = await pull(undefined, held);
    expect([held.size, pages.length]).toEqual([2_500, 4]);
    for (const [i, { checkpoint }] of pages.entries()) {
      const rest = new Set(
        pages.slice(0, i + 1).flatMap(({ changes }) => changes.map((each) => ('put' in each ? each.put.id : ''))),
      );
      await pull(checkpoint, rest);
      expect(rest.size).toBe(2_500);
    }
    await add(9_001);
    await told('POST', '/v1/lists/known/entries/e7/withdraw', { reason: 'a test' });
    await hotline.kill();
    await expect(pull(pages.at(-1)?.checkpoint, held)).rejects.toEqual(code('source-unreachable'));
    hotline = await hotline.restart();
    const next = await pullUntil(pages.at(-1)?.checkpoint, held, (now) => now.has('e9001') && !now.has('e7'));
    await told('POST', '/v1/lists/known/entries/e7/restore', { reason: 'a test' });
    await pullUntil(next, held, (now) => now.has('e7'));
    expect(held.size).toBe(2_501);
  });

  it('hears what the other thinks of an entry', async () => {
    const feedback = { entryId: 'e4', opinion: 'refuted', signal: 'md5', value: md5(4) } as const;
    await source().feedback?.(feedback, AbortSignal.timeout(LONG));
    await source().feedback?.(feedback, AbortSignal.timeout(LONG));
    const pages: SourcePage[] = [];
    for await (const page of source().pull(undefined, AbortSignal.timeout(LONG))) pages.push(page);
    const puts = pages.flatMap(({ changes }) =>
      changes.flatMap((each) => ('put' in each && each.put.id === 'e4' ? each.put : [])),
    );
    expect(puts.at(-1)?.opinions).toEqual([{ member: memberId, affirmative: false }]);
    const unknown = { ...feedback, entryId: 'none' };
    await expect(source().feedback?.(unknown, AbortSignal.timeout(LONG))).rejects.toEqual(code('source-refused'));
  });

  describe('with somebody in between', () => {
    /** Passes requests on, and does something to the answers. */
    const between = async (
      change: (body: Buffer, headers: Headers, url: string) => { body?: Buffer; headers?: Record<string, string> },
    ) =>
      await listenOnLoopback(async (request, response) => {
        const headers = { authorization: request.headers.authorization ?? '' };
        const answer = await fetch(hotline.address + (request.url ?? ''), { headers });
        const body = Buffer.from(await answer.arrayBuffer());
        const signature = answer.headers.get('vigie-signature') ?? '';
        const changed = change(body, answer.headers, request.url ?? '');
        response.writeHead(answer.status, {
          'content-type': 'application/x-ndjson',
          'vigie-signature': signature,
          ...changed.headers,
        });
        response.end(changed.body ?? body);
      });
    const through = async (proxy: Awaited<ReturnType<typeof between>>, from?: unknown) => {
      await using _ = proxy;
      const held = new Set<string>();
      return await pull(from, held, () => source(proxy.address));
    };

    it('passes what was left as it is', async () => {
      expect((await through(await between(() => ({})))).at(-1)?.upToDate).toBe(true);
    });

    it.each([
      ['changed', (body: Buffer) => ({ body: Buffer.from(body.toString().replace('"grade":"A"', '"grade":"B"')) })],
      ['cut', (body: Buffer) => ({ body: body.subarray(0, body.length - 5) })],
      ['given a line more', (body: Buffer) => ({ body: Buffer.concat([body, Buffer.from('{"remove":"e1"}\n')]) })],
      ['not signed', () => ({ headers: { 'vigie-signature': '' } })],
    ])('takes in nothing that was %s', async (_, change) => {
      await expect(through(await between(change))).rejects.toEqual(code('source-untrusted'));
    });

    it('takes in no answer to another question: an older one, or another page', async () => {
      const kept: { body: Buffer; headers: Record<string, string> }[] = [];
      const replaying = await between((body, headers) => {
        kept.push({ body, headers: { 'vigie-signature': headers.get('vigie-signature') ?? '' } });
        return kept.length > 2 ? (kept[0] as (typeof kept)[number]) : {};
      });
      await expect(through(replaying)).rejects.toEqual(code('source-untrusted'));
      expect(kept.length).toBe(3);
    });

    it('takes in nothing that another key has signed', async () => {
      const { keys } = await told<{ keys: { publicKey: string }[] }>(
        'POST',
        '/v1/publication-keys',
        { overlapDays: 1 },
        201,
      );
      // Whoever pinned the key before goes on until its end; whoever pins both, ever after.
      for (const pinned of [[publicKey], keys.map((each) => each.publicKey)]) {
        await expect(pull(undefined, new Set(), () => source(hotline.address, pinned))).resolves.toBeDefined();
      }
      const strangers = ['vigie-ed25519-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'];
      await expect(pull(undefined, new Set(), () => source(hotline.address, strangers))).rejects.toEqual(
        code('source-untrusted'),
      );
    });
  });

  describe('by hash sharing in XML', () => {
    const shared = (more = {}) => {
      const settings = ncmec.settings.parse({ baseUrl: `${hotline.address}/hashsharing/known`, ...more });
      const open = ncmec.credentials?.parse({ username: 'platform', password: key });
      if (open === undefined) throw new Error('it has credentials');
      return ncmec.open(settings, open, loopbackHouse()) as DeltaSource;
    };
    const soon = async (from: unknown, held: Set<string>, wanted: () => boolean) => {
      let at = from;
      // Its windows end some seconds before now.
      do {
        await sleep(200);
        at = (await pull(at, held, shared)).at(-1)?.checkpoint;
      } while (!wanted());
      return at;
    };

    it('is read by a client of the exchange: all, changes, tombstones, feedback', async () => {
      expect(await shared().test(AbortSignal.timeout(LONG))).toMatchObject({ members: '1' });
      const held = new Set<string>();
      const at = await soon(undefined, held, () => held.size === 2_501);
      const middle = await pull(undefined, new Set(), shared);
      expect(middle.length).toBeGreaterThan(2);
      for (const { checkpoint } of middle) {
        const rest = new Set<string>();
        for (const page of middle.slice(0, middle.findIndex((each) => each.checkpoint === checkpoint) + 1)) {
          for (const each of page.changes) if ('put' in each) rest.add(each.put.id);
        }
        await pull(checkpoint, rest, shared);
        expect(rest.size).toBe(2_501);
      }
      await told('POST', '/v1/lists/known/entries/e11/withdraw', { reason: 'a test' });
      await add(9_002);
      const next = await soon(at, held, () => held.has('1-e9002') && !held.has('1-e11'));
      await told('POST', '/v1/lists/known/entries/e11/restore', { reason: 'a test' });
      for (const opinion of ['refuted', 'confirmed', 'refuted'] as const) {
        const feedback = { entryId: '1-e6', opinion, signal: 'md5', value: md5(6) };
        await shared().feedback?.(feedback, AbortSignal.timeout(LONG));
      }
      await soon(next, held, () => held.has('1-e11'));
      const doubted = async () => {
        const puts = (await pull(undefined, new Set(), shared)).flatMap(({ changes }) => changes);
        return puts.find((each) => 'put' in each && each.put.id === '1-e6');
      };
      const doubt = { put: { grade: 'A', opinions: [{ affirmative: false }] } };
      await vi.waitFor(async () => expect(await doubted()).toMatchObject(doubt), { timeout: LONG, interval: 500 });
    });

    it('refuses what the exchange refuses', async () => {
      const authorization = `Basic ${Buffer.from(`platform:${key}`).toString('base64')}`;
      const ask = async (path: string, init: RequestInit = {}) =>
        (
          await fetch(`${hotline.address}/hashsharing/known/v2${path}`, {
            ...init,
            headers: { authorization, ...init.headers },
          })
        ).status;
      expect(await ask('/entries?from=1970-01-01T00:00:00Z&to=1970-01-02T00:00:00Z')).toBe(200);
      for (const query of [
        'from=1970-01-01T00:00:00&to=1970-01-02T00:00:00Z',
        'from=1970-01-03T00:00:00Z&to=1970-01-02T00:00:00Z',
        'from=1970-01-01T00:00:00Z&to=1970-01-02T00:00:00Z&cursor=x',
        'to=1970-01-02T00:00:00Z',
      ]) {
        expect(await ask(`/entries?${query}`)).toBe(400);
      }
      const put = async (path: string, body: string, type = 'application/xml') =>
        await ask(path, { method: 'PUT', body, headers: { 'content-type': type } });
      const bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><feedbackSubmission><affirmative/></feedbackSubmission>';
      for (const body of ['', bomb, '<feedbackSubmission/>', '<feedbackSubmission><negative/></feedbackSubmission>']) {
        expect(await put('/entries/1/e6/MD5/feedback', body)).toBe(400);
      }
      const yes = '<feedbackSubmission><affirmative/></feedbackSubmission>';
      expect(await put('/entries/1/e6/MD5/feedback', yes, 'text/plain')).toBe(415);
      expect(await put('/entries/1/none/MD5/feedback', yes)).toBe(404);
      expect(await put('/entries/2/e6/MD5/feedback', yes)).toBe(404);
      expect(await put('/entries/1/e6/NONE/feedback', yes)).toBe(400);
      const other = `Basic ${Buffer.from(`someone:${key}`).toString('base64')}`;
      expect(await ask('/status', { headers: { authorization: other } })).toBe(401);
    });
  });

  it('keeps a platform up to date: matches what is published, and no longer what is withdrawn', async () => {
    await using platform = await startService({ args: ['--allow-fetch-from', '127.0.0.1'] });
    const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
      const answer = await platform.call(method, path, body && JSON.stringify(body), body && JSON_TYPE);
      return (await answer.json()) as T;
    };
    const settings = { url: hotline.address, list: 'known', publicKeys: await publicKeys() };
    const added = { name: 'hotline', kind: 'vigie-feed', settings, credentials: { key }, everySeconds: 5 };
    expect(await call('POST', '/v1/sources', added)).toMatchObject({ name: 'hotline' });
    const knows = async (seed: number) => {
      const signals = [{ type: 'md5', value: md5(seed) }];
      const { results } = await call<{ results: { total: number }[] }>('POST', '/v1/lookup', { signals });
      return (results[0]?.total ?? 0) > 0;
    };
    const until = async (seed: number, known: boolean) => {
      while ((await knows(seed)) !== known) await sleep(100);
    };
    await until(2_499, true);
    await told('POST', '/v1/lists/known/entries/e2499/withdraw', { reason: 'a test' });
    await until(2_499, false);
    expect(await knows(2_498)).toBe(true);
    await add(9_003);
    await until(9_003, true);
    const wrong = ['vigie-ed25519-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'];
    await call('PUT', '/v1/sources/hotline', { settings: { ...settings, publicKeys: wrong } });
    await add(9_004);
    const state = async () => await call<{ state: string; error: string | null }>('GET', '/v1/sources/hotline');
    for (let now = await state(); now.error !== 'source-untrusted'; now = await state()) await sleep(100);
    expect((await state()).state).toBe('refused');
    const { attention } = await call<{ attention: { kind: string }[] }>('GET', '/v1/attention');
    expect(attention.map(({ kind }) => kind)).toContain('source-refused');
    expect([await knows(9_004), await knows(9_003)]).toEqual([false, true]);
  });

  it('takes pages for people, and nonsense, for what they are', async () => {
    const server = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>sorry'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(pull(undefined, new Set(), () => source(`http://127.0.0.1:${port}`))).rejects.toEqual(
      code('source-malformed'),
    );
    await new Promise((resolve) => server.close(resolve));
  });

  it('ends with the member', async () => {
    await told('DELETE', `/v1/members/${memberId}`);
    await expect(pull(undefined, new Set())).rejects.toEqual(code('source-refused'));
    const { events } = await told<{ events: { kind: string }[] }>('GET', '/v1/audit/events?limit=500');
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of [
      'publication.switched-on',
      'publication.read',
      'member.added',
      'member.revoked',
      'opinion.received',
      'publication-key.made',
    ]) {
      expect(kinds).toContain(kind);
    }
    for (const secret of [key, md5(4), 'vigie_member']) expect(hotline.log()).not.toContain(secret);
  });
});
