import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { TelegramConnection } from './connection.js';
import { telegram } from './telegram.js';
import { BotApiServer } from './testing/bot-api-server.js';
import { credentialsOfTests, houseOfTests, IntakeOfTests, settingsOfTests } from './testing/intake-of-tests.js';
import { SECRET_HEADER, webhookSecret } from './webhook.js';

const TIME_LIMIT = 30_000;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What stands before the connection in the service: a route that hands deliveries on. */
async function serve() {
  const server = await BotApiServer.open();
  ends.push(() => server[Symbol.asyncDispose]());
  let connection: TelegramConnection | undefined;
  const secrets: (string | undefined)[] = [];
  const route = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const secret = request.headers[SECRET_HEADER];
    secrets.push(typeof secret === 'string' ? secret : undefined);
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    const status = (await connection?.receive(secrets.at(-1), body)) ?? 503;
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => route.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    route.closeAllConnections();
    await new Promise((resolve) => route.close(resolve));
  });
  const webhookUrl = `http://127.0.0.1:${(route.address() as AddressInfo).port}`;
  const settings = settingsOfTests(server, { mode: 'webhook', webhookUrl });
  const run = () => {
    const intake = new IntakeOfTests();
    const opened = new TelegramConnection(settings, credentialsOfTests, houseOfTests());
    connection = opened;
    const stopping = new AbortController();
    const running = opened.run(intake, stopping.signal);
    ends.push(async () => {
      stopping.abort();
      await running.catch(() => undefined);
    });
    return { intake, opened, running, stopping };
  };
  return { server, secrets, settings, run };
}

it(
  'takes deliveries in with the secret alone, and has those again that were not taken',
  async () => {
    const { server, secrets, run } = await serve();
    const room = server.world.group(-1001, 'harbour');
    const file = server.world.file(Buffer.from('a picture'));
    const photo = [{ file_id: file.id, file_unique_id: file.unique, width: 800, height: 800 }];
    const first = run();
    await server.until(() => server.webhookUrl !== undefined);
    server.world.post(room, { photo });
    await server.until(() => server.delivered.includes(200));
    expect(first.intake.items.size).toBe(1);
    expect(secrets.every((secret) => secret === webhookSecret(credentialsOfTests.token))).toBe(true);
    const update = { update_id: 1, message: { message_id: 5, date: 1, chat: room.chat, photo } };
    expect(await first.opened.receive(undefined, update)).toBe(401);
    expect(await first.opened.receive('guessed', update)).toBe(401);
    expect(first.intake.items.size).toBe(1);

    first.stopping.abort();
    await first.running;
    expect(await first.opened.receive(webhookSecret(credentialsOfTests.token), update)).toBe(503);
    const delivered = server.delivered.length;
    server.world.post(room, { photo });
    await server.until(() => server.delivered.slice(delivered).filter((status) => status === 503).length > 1);
    const second = run();
    await second.intake.until(() => second.intake.items.size === 1);
    await server.until(() => server.world.updates.length === 0);
  },
  TIME_LIMIT,
);

it(
  'refuses an address that Telegram refuses, and takes the place of a webhook when it is to poll',
  async () => {
    const { server, settings } = await serve();
    const wrong = { ...settings, webhookUrl: 'http://elsewhere.example' };
    const connection = telegram.open(wrong, credentialsOfTests, houseOfTests());
    const refused = connection.run(new IntakeOfTests(), new AbortController().signal);
    await expect(refused).rejects.toMatchObject({ code: 'platform-refused' });
    expect(telegram.settings.safeParse({ mode: 'webhook' }).success).toBe(false);

    const hook = { url: 'https://left.over.example/', secret_token: 'x' };
    const url = `${server.origin}/bot${credentialsOfTests.token}/setWebhook`;
    await fetch(url, { method: 'POST', body: JSON.stringify(hook), headers: { 'content-type': 'application/json' } });
    const intake = new IntakeOfTests();
    const stopping = new AbortController();
    const polling = telegram.open(settingsOfTests(server), credentialsOfTests, houseOfTests());
    const running = polling.run(intake, stopping.signal);
    await server.until(() => server.calls('deleteWebhook').length === 1);
    server.world.post(server.world.group(-1001, 'harbour'), { text: 'hello' });
    await intake.until(() => intake.items.size === 1);
    stopping.abort();
    await running;
  },
  TIME_LIMIT,
);
