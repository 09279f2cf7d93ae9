/** From a picture that is shared on a platform to its removal there: the service as it is run, and platforms over the network. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BotApiServer, TOKEN } from '../src/platforms/telegram/testing/bot-api-server.js';
import { prosodyMissing, ROOMS, TestProsody } from '../src/platforms/xmpp/testing/prosody.js';
import { picture, TestClient } from '../src/platforms/xmpp/testing/test-client.js';
import { vigie } from './command.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const LONG = { timeout: 60_000, interval: 50 };
const noProsody = prosodyMissing();

interface Action {
  readonly id: string;
  readonly platform: string;
  readonly act: string;
  readonly state: string;
  readonly heldBy: string | null;
}

describe('a platform that is watched', { timeout: 180_000 }, () => {
  let service: RunningService;
  const pictures = new Map<string, Buffer>();

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const answer = await service.call(method, path, sent, sent === undefined ? {} : JSON_TYPE);
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as T;
  };
  /** What is or was to be done there, newest first. */
  const actions = async (platform: string) =>
    (await call<{ actions: Action[] }>('GET', `/v1/actions?platform=${platform}`)).actions;
  const bytesOf = (kind: 'match' | 'no-match') => pictures.get(kind) as Buffer;

  beforeAll(async () => {
    service = await startService({ args: ['--sample', '--decoders', '1', '--allow-fetch-from', '127.0.0.1'] });
    const { samples } = await call<{ samples: { name: string; expect: string }[] }>('GET', '/v1/samples');
    for (const wanted of ['match', 'no-match']) {
      const name = samples.find((each) => each.expect === wanted && /\.(png|jpe?g|webp)$/.test(each.name))?.name;
      const answer = await service.call('GET', `/v1/samples/${name}`);
      pictures.set(wanted, Buffer.from(await answer.arrayBuffer()));
    }
  }, 120_000);
  afterAll(async () => await service?.[Symbol.asyncDispose]());

  it('Telegram: is left alone in a dry run, loses what a list names, and waits for people in a stop', async () => {
    await using telegram = await BotApiServer.open();
    const group = telegram.world.group(-1_001, 'harbour');
    const post = (kind: 'match' | 'no-match') => {
      const { id, unique } = telegram.world.file(bytesOf(kind));
      const photo = [{ file_id: id, file_unique_id: unique, width: 640, height: 480 }];
      return telegram.world.post(group, { photo }).message_id;
    };
    const newest = async () => (await actions('tg'))[0];
    const [settings, credentials] = [{ baseUrl: telegram.origin }, { token: TOKEN }];
    await call('POST', '/v1/platforms', { name: 'tg', kind: 'telegram', settings, credentials });
    const first = post('match');
    const dry = { act: 'remove', state: 'confirmed', dryRun: true };
    await vi.waitFor(async () => expect(await newest()).toMatchObject(dry), LONG);
    expect(group.messages.has(first)).toBe(true);

    await call('PUT', '/v1/platforms/tg', { dryRun: false });
    const [other, known] = [post('no-match'), post('match')];
    await vi.waitFor(() => expect(group.messages.has(known)).toBe(false), LONG);
    const done = { act: 'remove', state: 'confirmed', dryRun: false };
    await vi.waitFor(async () => expect(await newest()).toMatchObject(done), LONG);
    expect([first, other].every((id) => group.messages.has(id))).toBe(true);
    const { cases } = await call<{ cases: { platform: string }[] }>('GET', '/v1/cases');
    expect(cases.length).toBe(2);

    const reported = group.messages.get(other);
    if (reported === undefined) throw new Error('it is there');
    telegram.world.post(group, { text: '/report', reply_to_message: reported as never });
    const wanted = expect.objectContaining({ cause: 'reported', reports: 1 });
    const open = async () => (await call<{ cases: unknown[] }>('GET', '/v1/cases')).cases;
    await vi.waitFor(async () => expect(await open()).toContainEqual(wanted), LONG);

    await call('POST', '/v1/stops', { reason: 'a test' });
    const held = post('match');
    await vi.waitFor(async () => expect(await newest()).toMatchObject({ state: 'proposed', heldBy: 'stop' }), LONG);
    expect(group.messages.has(held)).toBe(true);
    await call('POST', '/v1/stops/lift', {});
    const { spans } = await call<{ spans: { whole: object }[] }>('GET', '/v1/platforms/tg/times');
    const once = { count: 1, p50: expect.any(Number), p99: expect.any(Number) };
    expect(spans).toMatchObject(['day', 'week'].map((span) => ({ span, whole: once, stages: { confirm: once } })));
    const { code, stdout } = await vigie(['platform', 'times', 'tg', '--data', service.data]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/last day +seen to confirmed +1 +\d+\.\d{3} s +\d+\.\d{3} s/);
    await call('DELETE', '/v1/platforms/tg');
  });

  it.skipIf(noProsody !== undefined)(
    `XMPP: a second client sees a listed picture disappear, and its upload is gone${noProsody === undefined ? '' : ` (skipped: ${noProsody})`}`,
    async () => {
      const prosody = await TestProsody.start(['vigie', 'owner', 'user'], 'vigie');
      const clients: TestClient[] = [];
      try {
        for (const name of ['owner', 'user']) clients.push(await TestClient.signIn(prosody, name));
        const [owner, user] = clients as [TestClient, TestClient];
        const room = `harbour@${ROOMS}`;
        await owner.join(room);
        const config = { 'muc#roomconfig_persistentroom': '1', 'muc#roomconfig_publicroom': '1' };
        await owner.configure(room, config);
        await owner.affiliate(room, 'vigie@localhost', 'admin');
        await user.join(room);
        const settings = { account: 'vigie@localhost', address: prosody.address, rooms: [room] };
        const credentials = { password: 'vigie' };
        await call('POST', '/v1/platforms', { name: 'xmpp', kind: 'xmpp', settings, credentials, dryRun: false });
        const nick = `${room}/Vigie`;
        await owner.sees(({ name, attrs }) => name === 'presence' && String(attrs['from']).startsWith(nick));
        const stays = await user.upload(bytesOf('no-match'));
        await user.say(room, ...picture(stays.get));
        const goes = await user.upload(bytesOf('match'));
        const { id } = await user.say(room, ...picture(goes.get));
        const takenBack = () => owner.heard.map(String).some((said) => said.includes(id) && said.includes('moderat'));
        await vi.waitFor(() => expect(takenBack()).toBe(true), LONG);
        await vi.waitFor(async () => expect((await fetch(goes.get)).status).toBeGreaterThanOrEqual(400), LONG);
        expect((await fetch(stays.get)).status).toBe(200);
        await vi.waitFor(async () => expect(await actions('xmpp')).toMatchObject([{ state: 'confirmed' }]), LONG);
      } finally {
        await Promise.all(clients.map((client) => client.signOut()));
        await prosody.stop();
      }
    },
  );
});
