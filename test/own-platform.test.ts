/** A platform of one's own: the example of docs/client.md as its engineers would run it, against the service as it is run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createClient, type VigieClient, verifyCallback } from '../src/client/public.js';
import { createWebhookSecret } from '../src/effects/webhook-signature.js';
import { type RunningService, startService } from './service.js';

const EXAMPLE = fileURLToPath(new URL('../examples/small-platform.mjs', import.meta.url));
const LONG = { timeout: 60_000, interval: 50 };

describe('a platform of one’s own', { timeout: 180_000 }, () => {
  const secret = createWebhookSecret();
  let service: RunningService;
  let operator: VigieClient;
  let example: ChildProcess;
  let address: string;
  const pictures = new Map<string, Buffer>();

  const keyOf = async (...scopes: ('items:write' | 'actions:confirm')[]) =>
    (await operator.POST('/v1/keys', { body: { name: scopes.join(' '), scopes } })).key;
  const connect = async (name: string, settings: { url: string; [setting: string]: unknown }) => {
    const body = { name, kind: 'webhook', settings, credentials: { secret }, dryRun: false };
    await operator.POST('/v1/platforms', { body });
  };
  const actionsOf = async (platform: string) =>
    (await operator.GET('/v1/actions', { params: { query: { platform } } })).actions;

  beforeAll(async () => {
    service = await startService({ args: ['--sample', '--decoders', '1', '--allow-fetch-from', '127.0.0.1'] });
    operator = createClient({ baseUrl: service.address, key: service.key });
    const { samples } = await operator.GET('/v1/samples');
    for (const wanted of ['match', 'no-match']) {
      const name = samples.find((each) => each.expect === wanted && /\.(png|jpe?g|webp)$/.test(each.name))?.name ?? '';
      const bytes = await operator.GET('/v1/samples/{name}', { params: { path: { name } }, parseAs: 'arrayBuffer' });
      pictures.set(wanted, Buffer.from(bytes as ArrayBuffer));
    }
    const env = { VIGIE_URL: service.address, VIGIE_KEY: await keyOf('items:write'), VIGIE_SECRET: secret, PORT: '0' };
    example = spawn(process.execPath, [EXAMPLE], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(example.stdout ?? example, 'data')) as [Buffer];
    address = line.toString().trim();
  }, 120_000);
  afterAll(async () => {
    example?.kill('SIGKILL');
    await service?.[Symbol.asyncDispose]();
  });

  it('loses a listed picture that somebody shares, and keeps the others', async () => {
    await connect('pictures', { url: `${address}/vigie`, lookAt: `${address}/posts/{item}` });
    const share = async (kind: string) => {
      const body = new Uint8Array(pictures.get(kind) as Buffer);
      const answer = await fetch(`${address}/posts`, { method: 'POST', headers: { 'x-account': 'u-17' }, body });
      expect(answer.status).toBe(201);
      return ((await answer.json()) as { id: string }).id;
    };
    const [stays, goes] = [await share('no-match'), await share('match')];
    const statusOf = async (id: string) => (await fetch(`${address}/posts/${id}`)).status;
    await vi.waitFor(async () => expect(await statusOf(goes)).toBe(404), LONG);
    expect(await statusOf(stays)).toBe(200);
    const confirmed = [{ act: 'remove', state: 'confirmed', outcome: 'done', dryRun: false }];
    await vi.waitFor(async () => expect(await actionsOf('pictures')).toMatchObject(confirmed), LONG);

    const [removal] = await actionsOf('pictures');
    const params = { path: { id: removal?.id ?? '' } };
    await operator.POST('/v1/actions/{id}/undo', { params, body: { reason: 'a test', dispute: false } });
    await vi.waitFor(async () => expect(await statusOf(goes)).toBe(200), LONG);
    const forged = await fetch(`${address}/vigie`, { method: 'POST', body: '{"type":"order"}' });
    expect([forged.status, await forged.json()]).toEqual([401, { code: 'signature-invalid' }]);
    // It says itself what it has done: nobody else is to say so.
    const confirm = operator.POST('/v1/actions/{id}/confirm', { params, body: { outcome: 'done' } });
    await expect(confirm).rejects.toMatchObject({ code: 'act-not-awaited' });
  });

  it('may take an order first, and confirm it when it is done', async () => {
    const orders: string[] = [];
    const slow: Server = createServer(async (request, response) => {
      const callback = verifyCallback(request.headers, await text(request), secret);
      if (callback.type === 'order') orders.push(callback.id);
      const outcome = callback.type === 'order' ? 'accepted' : 'done';
      response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ outcome }));
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`;
    await connect('slow', { url, answers: 'later' });
    const platform = createClient({ baseUrl: service.address, key: await keyOf('items:write', 'actions:confirm') });
    const item = { platform: 'slow', id: 'post-1', surface: 'public' } as const;
    await platform.handIn(item, [{ bytes: pictures.get('match') as Buffer }]);
    const awaited = [{ state: 'ordered', lastError: 'act-awaited' }];
    await vi.waitFor(async () => expect(await actionsOf('slow')).toMatchObject(awaited), LONG);
    const params = { path: { id: orders[0] ?? '' } };
    const confirmed = { id: orders[0], state: 'confirmed', outcome: 'done' };
    for (let i = 0; i < 2; i++) {
      expect(await platform.POST('/v1/actions/{id}/confirm', { params, body: { outcome: 'done' } })).toEqual(confirmed);
    }
    await expect(platform.GET('/v1/actions')).rejects.toMatchObject({ code: 'scope-missing' });
    slow.closeAllConnections();
    slow.close();
  });

  it('is the one that docs/client.md shows', () => {
    const page = readFileSync(new URL('../docs/client.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`js\n${readFileSync(EXAMPLE, 'utf8')}\`\`\``);
  });
});
