import { afterAll, beforeAll, expect, it } from 'vitest';
import { BotApiServer, TOKEN } from '../src/platforms/telegram/testing/bot-api-server.js';
import { SECRET_HEADER, webhookSecret } from '../src/platforms/telegram/webhook.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };

let service: RunningService;
let server: BotApiServer;

beforeAll(async () => {
  server = await BotApiServer.open();
  service = await startService({ args: ['--allow-fetch-from', '127.0.0.1', '--rate', 'address=off,failed=20/min'] });
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const deliver = async (name: string, update: unknown, secret?: string) => {
  const answer = await fetch(`${service.address}/v1/platforms/${name}/deliveries`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...(secret === undefined ? {} : { [SECRET_HEADER]: secret }) },
    body: typeof update === 'string' ? update : JSON.stringify(update),
  });
  const { code, requestId: _id, ...body } = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, code, body, retryAfter: answer.headers.get('retry-after') };
};

const put = async (settings: object) => {
  const { status } = await service.call('PUT', '/v1/platforms/tg', JSON.stringify({ settings }), JSON_TYPE);
  expect(status).toBe(200);
};

it('has Telegram deliver to the service, and takes nothing without its secret', { timeout: 60_000 }, async () => {
  const settings = { baseUrl: server.origin, mode: 'webhook', publicUrl: service.address };
  const order = { name: 'tg', kind: 'telegram', settings, credentials: { token: TOKEN } };
  expect((await service.call('POST', '/v1/platforms', JSON.stringify(order), JSON_TYPE)).status).toBe(201);
  await server.until(() => server.webhookUrl !== undefined);
  expect(server.webhookUrl).toBe(`${service.address}/v1/platforms/tg/deliveries`);
  expect(server.calls('setWebhook')[0]?.args).toMatchObject({
    secret_token: webhookSecret(TOKEN),
    allowed_updates: expect.arrayContaining(['message']),
  });

  const room = server.world.group(-1001, 'harbour');
  server.world.post(room, { text: 'hello' });
  await server.until(() => server.world.updates.length === 0);
  // It is there: something else cannot take its name.
  const other = { platform: 'tg', id: '-1001:100', surface: 'public', text: 'something else' };
  const answer = await service.call('POST', '/v1/items', JSON.stringify(other), JSON_TYPE);
  expect(((await answer.json()) as { code: string }).code).toBe('item-conflict');

  const update = { update_id: 1, message: { message_id: 5, date: 1, chat: room.chat, text: 'again' } };
  const refused = await deliver('tg', update, 'guessed');
  expect([refused.status, refused.code]).toEqual([401, 'delivery-refused']);
  expect(await deliver('tg', update)).toEqual(refused);
  expect(await deliver('none', update, webhookSecret(TOKEN))).toEqual(refused);
  // Refused before it is read.
  expect(await deliver('tg', 'x'.repeat(2 << 20))).toEqual(refused);
  const secret = webhookSecret(TOKEN);
  expect((await deliver('tg', update, secret)).status).toBe(200);
  expect((await deliver('tg', JSON.stringify({ text: 'x'.repeat(2 << 20) }), secret)).code).toBe('media-too-large');
  expect(service.log()).not.toContain(secret);
});

it('has Telegram deliver again what comes while nothing holds the connection', { timeout: 60_000 }, async () => {
  server.fault = ({ method }) =>
    method === 'getMe' ? { refuse: 500, description: 'Internal Server Error' } : undefined;
  await put({ baseUrl: server.origin, mode: 'webhook', publicUrl: service.address, confirm: false });
  const until = async (status: number) => {
    for (;;) {
      const answer = await deliver('tg', { update_id: 2 }, webhookSecret(TOKEN));
      if (answer.status === status) return answer;
    }
  };
  expect(await until(503)).toMatchObject({ code: 'delivery-untaken', retryAfter: '2' });
  const delivered = server.delivered.length;
  server.world.post(server.world.rooms.get(-1001) as never, { text: 'while it was away' });
  await server.until(() => server.delivered.slice(delivered).includes(503));
  server.fault = () => undefined;
  await server.until(() => server.world.updates.length === 0);

  await put({ baseUrl: server.origin });
  await server.until(() => server.calls('deleteWebhook').length === 1);
  server.world.post(server.world.rooms.get(-1001) as never, { text: 'asked for' });
  await server.until(() => server.world.updates.length === 0);
  const answer = await deliver('tg', { update_id: 3 }, webhookSecret(TOKEN));
  expect(answer.code).toBe('delivery-refused');
});

it('lets nobody guess', { timeout: 60_000 }, async () => {
  const codes = new Set<unknown>();
  for (let i = 0; i < 25; i++) codes.add((await deliver('none', {}, `guess ${i}`)).code);
  expect([...codes]).toEqual(['delivery-refused', 'rate-limited']);
});
