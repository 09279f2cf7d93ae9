import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_SCOPES, type Scope } from '../src/access/scopes.js';
import { ENDPOINTS } from '../src/http/endpoints.js';
import { type RunningService, startService } from './service.js';

/** Every route with every scope by itself: what a key does not carry, it cannot do. */
describe('routes × scopes', () => {
  let service: RunningService;
  const keys = new Map<Scope, string>();

  beforeAll(async () => {
    // What it asks in vain is more than a stranger may.
    service = await startService({ args: ['--rate', 'failed=off,address=off,other=off'] });
    for (const scope of ALL_SCOPES) {
      const body = JSON.stringify({ name: scope, scopes: [scope] });
      const answer = await service.call('POST', '/v1/keys', body, { 'content-type': 'application/json' });
      keys.set(scope, ((await answer.json()) as { key: string }).key);
    }
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  const ask = async (method: string, url: string, headers: Record<string, string>): Promise<number> => {
    const path = url.replace(':name', 'no-such-list').replace(/:\w+/g, 'none');
    const answer = await fetch(service.address + path, { method, headers, signal: AbortSignal.timeout(30_000) });
    await answer.arrayBuffer();
    return answer.status;
  };

  it('declares every route that the server answers, and no other', async () => {
    const answer = await fetch(`${service.address}/openapi.json`);
    const { openapi, paths } = (await answer.json()) as {
      openapi: string;
      paths: Record<string, Record<string, { security?: unknown[]; summary?: string; responses: object }>>;
    };
    expect(openapi).toBe('3.1.0');
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { security, summary }]) => {
        expect(summary).toBeTruthy();
        return `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')} ${JSON.stringify(security)}`;
      }),
    );
    const security = (scope: string) => (scope === 'member' ? [{ member: [] }] : [{ key: [scope] }]);
    const declared = ENDPOINTS.map(
      ({ method, url, scope }) => `${method} ${url} ${JSON.stringify(scope === 'public' ? [] : security(scope))}`,
    );
    expect(described.sort()).toEqual(declared.sort());
  });

  it('describes every body that it reads, with examples that its own schemas take', async () => {
    const answer = await fetch(`${service.address}/openapi.json`);
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, { requestBody?: Body }>> };
    type Body = { content: Record<string, { schema: Record<string, unknown>; example?: unknown }> };
    const without: string[] = [];
    for (const { method, url, consumes } of ENDPOINTS) {
      const { requestBody } = paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] ?? {};
      if (requestBody === undefined) without.push(`${method} ${url}`);
      for (const [type, { schema, example }] of Object.entries(requestBody?.content ?? {})) {
        expect(Object.keys(schema), `${method} ${url} ${type}`).not.toEqual([]);
        const binary = JSON.stringify(schema).includes('"format":"binary"');
        if (consumes !== undefined && !binary) expect(consumes[type]?.parse(example)).toMatchObject(example as object);
      }
      expect(Object.keys(requestBody?.content ?? {})).toEqual(expect.arrayContaining(Object.keys(consumes ?? {})));
    }
    // What is sent to these says all in its address.
    expect(without.filter((route) => !/^(GET|DELETE) /.test(route))).toEqual([
      'POST /v1/sources/:name/test',
      'POST /v1/sources/:name/sync',
      'POST /v1/platforms/:name/test',
      'POST /v1/actions/:id/retry',
      'POST /v1/attention/:id/replay',
      'POST /v1/webhooks/:id/test',
      'POST /v1/webhooks/:id/rotate',
      'POST /v1/effects/:id/retry',
      'POST /v1/audit/verify',
      'POST /v1/links',
    ]);
  });

  it.each(ENDPOINTS.map(({ method, url, scope }) => [method, url, scope] as const))(
    '%s %s takes %s and nothing else',
    async (method, url, scope) => {
      const bare = await ask(method, url, {});
      const wrong = await ask(method, url, { authorization: 'Bearer vigie_wrong' });
      if (scope === 'public') {
        // These take a proof of another kind than a key.
        const proven = ['/v1/sessions', '/v1/platforms/:name/deliveries'].includes(url);
        expect([401, 403]).not.toContain(bare === 401 && proven ? 400 : bare);
        return;
      }
      expect([bare, wrong]).toEqual([401, 401]);
      for (const [held, key] of keys) {
        const status = await ask(method, url, { authorization: `Bearer ${key}` });
        // Members have keys of their own, and those of ours open nothing of theirs.
        if (scope === 'member') expect(`${held}: ${status}`).toBe(`${held}: 401`);
        else if (held === scope)
          expect([401, 403]).not.toContain(url.endsWith('/export') && status === 403 ? 200 : status);
        else expect(`${held}: ${status}`).toBe(`${held}: 403`);
      }
    },
  );

  it('knows a cookie only together with the header of the console', async () => {
    const link = service.link.split('#')[1] ?? '';
    const opened = await fetch(`${service.address}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link }),
    });
    expect(opened.status).toBe(200);
    const cookie = opened.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const session = cookie.split(';')[0] ?? '';
    expect(await ask('GET', '/v1/status', { cookie: session })).toBe(200);
    expect(await ask('POST', '/v1/links', { cookie: session })).toBe(400);
    expect(await ask('POST', '/v1/links', { cookie: session, 'x-vigie-console': '1' })).toBe(201);
    expect(await ask('GET', '/v1/status', { cookie: 'vigie_session=guessed' })).toBe(401);
    const again = await fetch(`${service.address}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link }),
    });
    expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([401, 'link-used']);
  });

  it('lets a key hand out no more than it has, and forgets a revoked one at once', async () => {
    const json = { 'content-type': 'application/json' };
    const own = keys.get('keys:write') ?? '';
    const create = (scopes: readonly Scope[], by: string) =>
      fetch(`${service.address}/v1/keys`, {
        method: 'POST',
        headers: { ...json, authorization: `Bearer ${by}` },
        body: JSON.stringify({ name: 'other', scopes }),
      });
    expect((await create(['scan'], own)).status).toBe(403);
    const made = await create(['keys:write'], own);
    const { key, info } = (await made.json()) as { key: string; info: { id: string } };
    expect(await ask('GET', '/v1/keys', { authorization: `Bearer ${key}` })).toBe(200);
    expect(await ask('DELETE', `/v1/keys/${info.id}`, { authorization: `Bearer ${own}` })).toBe(200);
    expect(await ask('GET', '/v1/keys', { authorization: `Bearer ${key}` })).toBe(401);
  });
});
