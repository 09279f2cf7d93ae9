import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };

/** Rates an hour, so that nothing refills while a test runs. */
describe('rates', () => {
  let service: RunningService;

  beforeAll(async () => {
    const rates = 'lookup=20/h,failed=3/h,address=30/h';
    service = await startService({ args: ['--behind-proxy', '--rate', rates, '--decoders', '1'] });
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  const keyWith = async (rate?: string): Promise<Record<string, string>> => {
    const body = JSON.stringify({ name: 'a key', scopes: ['lookup', 'status:read'], rate });
    const answer = await service.call('POST', '/v1/keys', body, JSON_TYPE);
    return { authorization: `Bearer ${((await answer.json()) as { key: string }).key}` };
  };
  const lookUp = async (headers: Record<string, string>, signals: number): Promise<Response> => {
    const one = { type: 'md5', value: 'ab'.repeat(16) };
    const body = JSON.stringify({ signals: Array.from({ length: signals }, () => one) });
    return await service.call('POST', '/v1/lookup', body, { ...JSON_TYPE, ...headers });
  };
  const from = async (address: string, path: string, headers: Record<string, string>): Promise<number> => {
    const answer = await fetch(service.address + path, { headers: { 'x-forwarded-for': address, ...headers } });
    await answer.arrayBuffer();
    return answer.status;
  };

  it('counts look-ups by the signal, by key, apart from all else', async () => {
    const key = await keyWith();
    expect((await lookUp(key, 19)).status).toBe(200);
    expect((await lookUp(key, 1)).status).toBe(200);
    const refused = await lookUp(key, 1);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'rate-limited', detail: 'lookup' });
    expect((await service.call('GET', '/v1/status', undefined, key)).status).toBe(200);
    expect((await lookUp(await keyWith(), 1)).status).toBe(200);
  });

  it('lets a key have a rate of its own', async () => {
    const key = await keyWith('2/h');
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await service.call('GET', '/v1/status', undefined, key)).status);
    expect(statuses).toEqual([200, 200, 429]);
    const { keys } = (await (await service.call('GET', '/v1/keys')).json()) as { keys: { rate: string | null }[] };
    expect(keys[0]?.rate).toBe('2/h');
    const body = JSON.stringify({ name: 'a key', scopes: ['scan'], rate: 'often' });
    expect((await service.call('POST', '/v1/keys', body, JSON_TYPE)).status).toBe(400);
  });

  it('shuts an address out that guesses, and leaves other addresses and a key in use alone', async () => {
    const guess = (n: number) => from('198.51.100.7', '/v1/status', { authorization: `Bearer vigie_guess${n}` });
    const right = { authorization: `Bearer ${service.key}` };
    expect(await from('198.51.100.7', '/v1/status', right)).toBe(200);
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push(await guess(n));
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(await from('198.51.100.7', '/v1/status', right)).toBe(200);
    expect(await from('198.51.100.8', '/v1/status', { authorization: 'Bearer vigie_guess' })).toBe(401);
    // What a client writes of itself stands before what the proxy has seen, and counts for nothing.
    expect(await from('203.0.113.9, 198.51.100.7', '/v1/status', { authorization: 'Bearer x' })).toBe(429);
  });

  it('counts links and sessions that are none as refused keys', async () => {
    const open = async () => {
      const answer = await fetch(`${service.address}/v1/sessions`, {
        method: 'POST',
        headers: { ...JSON_TYPE, 'x-forwarded-for': '2001:db8::1' },
        body: JSON.stringify({ link: 'x'.repeat(32) }),
      });
      return answer.status;
    };
    expect([await open(), await open()]).toEqual([401, 401]);
    expect(await from('2001:db8::2', '/v1/status', { cookie: 'vigie_session=guessed' })).toBe(401);
    expect(await open()).toBe(429);
  });

  it('counts what needs no key by address', async () => {
    const statuses = new Set<number>();
    for (let i = 0; i < 31; i++) statuses.add(await from('198.51.100.9', '/healthz', {}));
    expect([...statuses]).toEqual([200, 429]);
  });

  it('names the methods of a path that knows others, and of no other path', async () => {
    const ask = async (method: string, path: string) => {
      const answer = await service.call(method, path);
      const { code } = (await answer.json()) as { code?: string };
      return [answer.status, code, answer.headers.get('allow')];
    };
    expect(await ask('DELETE', '/v1/scan')).toEqual([405, 'method-not-allowed', 'POST']);
    expect(await ask('POST', '/v1/lists/a-list?x=1')).toEqual([405, 'method-not-allowed', 'GET, HEAD, DELETE']);
    expect(await ask('PUT', '/healthz')).toEqual([405, 'method-not-allowed', 'GET, HEAD']);
    expect(await ask('PATCH', '/v1/keys')).toEqual([405, 'method-not-allowed', 'GET, HEAD, POST']);
    expect(await ask('GET', '/v1/nothing')).toEqual([404, 'not-found', null]);
  });
});
