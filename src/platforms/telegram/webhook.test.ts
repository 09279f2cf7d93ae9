import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { BotApi } from './bot-api.js';
import { TelegramConnection } from './connection.js';
import { telegram } from './telegram.js';
import { BotApiServer } from './testing/bot-api-server.js';
import { credentialsOfTests, houseOfTests, IntakeOfTests, settingsOfTests } from './testing/intake-of-tests.js';
import { keepWebhook, SECRET_HEADER, webhookSecret } from './webhook.js';

const TIME_LIMIT = 30_000;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What stands before the connection in the service: a route that hands on what is genuine. */
async function serve() {
  const server = await BotApiServer.open();
  ends.push(() => server[Symbol.asyncDispose]());
  let connection: TelegramConnection | undefined;
  const paths = new Set<string | undefined>();
  const secrets: (string | undefined)[] = [];
  const route = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = (name: string) => request.headers[name] as string | undefined;
    paths.add(request.url);
    secrets.push(headers(SECRET_HEADER));
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
    const genuine = telegram.deliveries?.isGenuine(credentialsOfTests, headers) ?? false;
    const taken = genuine && (await (connection?.deliver(body, idle) ?? Promise.reject()).then(yes, no));
    response.writeHead(genuine ? (taken ? 200 : 503) : 401).end();
  });
  await new Promise<void>((resolve) => route.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    route.closeAllConnections();
    await new Promise((resolve) => route.close(resolve));
  });
  const publicUrl = `http://127.0.0.1:${(route.address() as AddressInfo).port}`;
  const settings = settingsOfTests(server, { mode: 'webhook', publicUrl });
  const run = () => {
    const intake = new IntakeOfTests();
    const opened = new TelegramConnection(settings, credentialsOfTests, { ...houseOfTests(), name: 'tg' });
    connection = opened;
    const stopping = new AbortController();
    const running = opened.run(intake, stopping.signal);
    ends.push(async () => {
      stopping.abort();
      await running.catch(() => undefined);
    });
    return { intake, opened, running, stopping };
  };
  return { server, paths, secrets, settings, run };
}

const idle = new AbortController().signal;
const yes = () => true;
const no = () => false;

it(
  'takes deliveries in with the secret alone, and has those again that were not taken',
  async () => {
    const { server, paths, secrets, run } = await serve();
    const room = server.world.group(-1001, 'harbour');
    const file = server.world.file(Buffer.from('a picture'));
    const photo = [{ file_id: file.id, file_unique_id: file.unique, width: 800, height: 800 }];
    const first = run();
    await server.until(() => server.webhookUrl !== undefined);
    server.world.post(room, { photo });
    await server.until(() => server.delivered.includes(200));
    expect(first.intake.items.size).toBe(1);
    expect([...paths]).toEqual(['/v1/platforms/tg/deliveries']);
    expect(secrets.every((secret) => secret === webhookSecret(credentialsOfTests.token))).toBe(true);
    const isGenuine = (secret: string | undefined) =>
      telegram.deliveries?.isGenuine(credentialsOfTests, (name) => (name === SECRET_HEADER ? secret : undefined));
    expect([undefined, '', 'guessed', credentialsOfTests.token].map(isGenuine)).toEqual(new Array(4).fill(false));

    first.stopping.abort();
    await first.running;
    await expect(first.opened.deliver({}, idle)).rejects.toMatchObject({ code: 'delivery-untaken' });
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
  'takes what is delivered again while it is being taken in only once, and so much at a time',
  async () => {
    const { server, run } = await serve();
    const { chat } = server.world.group(-1001, 'harbour');
    const { intake, opened } = run();
    await server.until(() => server.webhookUrl !== undefined);
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    intake.before = () => gate;
    const update = (id: number) => ({ update_id: id, message: { message_id: id, date: 1, chat, text: `${id}` } });
    const taking = Array.from({ length: 200 }, (_, i) => opened.deliver(update(i + 1), idle));
    const late = new AbortController();
    const again = opened.deliver(update(1), late.signal);
    await expect(opened.deliver(update(201), idle)).rejects.toMatchObject({ code: 'delivery-untaken' });
    late.abort(new Error('over'));
    await expect(again).rejects.toThrow('over');
    open();
    await Promise.all([...taking, opened.deliver(update(1), idle)]);
    expect([intake.items.size, intake.handed]).toEqual([200, 200]);
    await opened.deliver(update(201), idle);
    expect(intake.items.size).toBe(201);
  },
  TIME_LIMIT,
);

it(
  'is told as a trouble while nothing of it arrives',
  async () => {
    const { server } = await serve();
    const { url } = await nobodyThere();
    const { client, now } = houseOfTests();
    const { token } = credentialsOfTests;
    const api = new BotApi({ baseUrl: server.origin, token, client }, now);
    const intake = new IntakeOfTests();
    const stopping = new AbortController();
    const kept = keepWebhook({ api, intake, token, url, now, lookMs: 5_000 }, stopping.signal).catch(() => undefined);
    server.world.post(server.world.group(-1001, 'harbour'), { text: 'hello' });
    await server.until(() => server.delivered.includes(0));
    stopping.abort();
    await kept;
    const looking = new AbortController();
    const again = keepWebhook({ api, intake, token, url, now, lookMs: 5_000 }, looking.signal).catch(() => undefined);
    await intake.until(() => intake.troubles.has('webhook-failing'));
    looking.abort();
    await again;
  },
  TIME_LIMIT,
);

/** An address that was free a moment ago. */
async function nobodyThere(): Promise<{ readonly url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${port}/` };
}

it(
  'refuses an address that Telegram refuses, and takes the place of a webhook when it is to poll',
  async () => {
    const { server, settings } = await serve();
    const wrong = { ...settings, publicUrl: 'http://elsewhere.example' };
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
