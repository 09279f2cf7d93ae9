/** Matrix: from a picture that is shared to its removal, and before it is published: the service as it is run. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventIdOf } from '../src/platforms/matrix/policy/sign-json.js';
import { BOT, Homeserver, TOKEN } from '../src/platforms/matrix/testing/homeserver.js';
import type { WorldRoom } from '../src/platforms/matrix/testing/homeserver-world.js';
import { type Asked, isRecommended, SigningServer } from '../src/platforms/matrix/testing/signing-server.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const LONG = { timeout: 60_000, interval: 50 };
const VIA = 'policy.example';

interface Action {
  readonly act: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly dryRun: boolean;
}

describe('Matrix', { timeout: 180_000 }, () => {
  let service: RunningService;
  let homeserver: Homeserver;
  let room: WorldRoom;
  const pictures = new Map<string, Buffer>();
  const other = new SigningServer('other.example');

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const answer = await service.call(method, path, sent, sent === undefined ? {} : JSON_TYPE);
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as T;
  };
  const actions = async () => (await call<{ actions: Action[] }>('GET', '/v1/actions?platform=mx')).actions;
  const upload = (kind: 'match' | 'no-match') => homeserver.world.upload(pictures.get(kind) as Buffer, 'other.example');
  const image = (url: string) => ({ msgtype: 'm.image', body: 'x.png', url });
  const policyAddress = () => /Homeservers of Matrix: (\S+)/.exec(service.log())?.[1] ?? '';
  const ask = (event: ReturnType<SigningServer['event']>, where?: string) =>
    other.ask(policyAddress(), VIA, event, where);
  const refused = { status: 400, body: { errcode: 'M_FORBIDDEN' } };
  const publicKey = async () => {
    const answer = await fetch(`${policyAddress()}/.well-known/matrix/policy_server`);
    return ((await answer.json()) as { public_keys: { ed25519: string } }).public_keys.ed25519;
  };
  const signed = async (answer: Asked, event: ReturnType<SigningServer['event']>) =>
    isRecommended(answer, VIA, await publicKey(), event);
  const change = async (settings: object) => {
    const whole = { baseUrl: homeserver.origin, admin: 'synapse', policyServer: VIA, policySeconds: 20, ...settings };
    const before = homeserver.calls('whoami').length;
    await call('PUT', '/v1/platforms/mx', { settings: whole });
    await homeserver.until(() => homeserver.calls('whoami').length > before);
  };

  beforeAll(async () => {
    homeserver = await Homeserver.open();
    homeserver.keysOf = (server) => (server === other.name ? other.keys : undefined);
    room = homeserver.world.room('harbour', { admins: [BOT] });
    const args = ['--sample', '--decoders', '1', '--allow-fetch-from', '127.0.0.1', '--matrix-policy-port', '0'];
    service = await startService({ args });
    const { samples } = await call<{ samples: { name: string; expect: string }[] }>('GET', '/v1/samples');
    for (const wanted of ['match', 'no-match']) {
      const name = samples.find((each) => each.expect === wanted && /\.(png|jpe?g|webp)$/.test(each.name))?.name;
      const answer = await service.call('GET', `/v1/samples/${name}`);
      pictures.set(wanted, Buffer.from(await answer.arrayBuffer()));
    }
    const settings = { baseUrl: homeserver.origin, admin: 'synapse', policyServer: VIA, policySeconds: 20 };
    const platform = { name: 'mx', kind: 'matrix', settings, credentials: { token: TOKEN } };
    await call('POST', '/v1/platforms', platform);
  }, 120_000);
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await homeserver?.[Symbol.asyncDispose]();
  });

  it('is asked before a message is published, and in a dry run lets everything through', async () => {
    const url = upload('match');
    const event = other.event(room.id, image(url));
    expect(await signed(await ask(event), event)).toBe(true);
    homeserver.world.post(room, '@ann:other.example', 'm.room.message', image(url));
    const dry = { act: 'remove', state: 'confirmed', dryRun: true };
    await vi.waitFor(async () => expect(await actions()).toMatchObject([dry]), LONG);
    await call('PUT', '/v1/platforms/mx', { dryRun: false });
  });

  it('a listed picture goes from its room and from the homeserver, another stays', async () => {
    const [known, unknown] = [upload('match'), upload('no-match')];
    const stays = homeserver.world.post(room, '@ben:hs.example', 'm.room.message', image(unknown));
    const goes = homeserver.world.post(room, '@ben:hs.example', 'm.room.message', image(known));
    await homeserver.until(
      () => goes.unsigned !== undefined && homeserver.world.media.get(known)?.quarantined === true,
    );
    await vi.waitFor(
      async () => expect((await actions())[0]).toMatchObject({ state: 'confirmed', dryRun: false }),
      LONG,
    );
    expect([stays.unsigned, homeserver.world.media.get(unknown)?.quarantined]).toEqual([undefined, false]);
  });

  it('a listed picture is not recommended to its room, is written down, and another is signed for', async () => {
    const before = await actions();
    const { cases } = await call<{ cases: unknown[] }>('GET', '/v1/cases');
    const url = upload('match');
    const event = other.event(room.id, image(url));
    const answers = await Promise.all([ask(event), ask(event)]);
    for (const each of answers) expect(each).toMatchObject(refused);
    await vi.waitFor(async () => expect((await actions()).length).toBe(before.length + 1), LONG);
    await vi.waitFor(
      async () => expect((await actions())[0]).toMatchObject({ act: 'remove', state: 'confirmed' }),
      LONG,
    );
    expect(homeserver.world.media.get(url)?.quarantined).toBe(true);
    // Who does not ask publishes it all the same: it is removed as any other.
    const ignored = { event_id: eventIdOf(event, 11) };
    const said = homeserver.world.post(room, '@ann:other.example', 'm.room.message', image(url), ignored);
    await homeserver.until(() => said.unsigned !== undefined);
    const now = await call<{ cases: unknown[] }>('GET', '/v1/cases');
    expect(now.cases.length).toBe(cases.length + 2);
    expect(await ask(event, '/_matrix/policy/unstable/org.matrix.msc4284/sign')).toEqual({ status: 200, body: {} });

    const harmless = [
      other.event(room.id, image(upload('no-match'))),
      other.event(room.id, { msgtype: 'm.text', body: 'words' }),
      other.event(room.id, { membership: 'join' }, { type: 'm.room.member', state_key: '@ann:other.example' }),
      other.event(room.id, {}, { type: 'm.room.policy', state_key: '' }),
    ];
    for (const each of harmless) expect(await signed(await ask(each), each)).toBe(true);
  });

  it('nobody gets a signature for what was not looked at, or without proof of who asks', async () => {
    const event = other.event(room.id, image(upload('no-match')));
    const stranger = new SigningServer('stranger.example');
    expect(await stranger.ask(policyAddress(), VIA, event)).toMatchObject({ status: 401 });
    expect(await other.ask(policyAddress(), 'elsewhere.example', event)).toMatchObject({ status: 401 });
    const bare = await fetch(`${policyAddress()}/_matrix/policy/v1/sign`, { method: 'POST', body: '{}' });
    expect(bare.status).toBe(401);
    // Harmless content under the hash of other content: the signature would be good for that.
    const swapped = { ...event, content: { msgtype: 'm.text', body: 'harmless' } };
    expect(await ask(swapped)).toMatchObject({ status: 400, body: { errcode: 'M_BAD_JSON' } });
    const forged = other.event(room.id, { body: 'x' }, { sender: '@ann:stranger.example' });
    expect(await ask(forged)).toMatchObject({ status: 400, body: { errcode: 'M_BAD_JSON' } });
    const nowhere = other.event('!nowhere:other.example', { body: 'x' });
    expect(await ask(nowhere)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND' } });
    expect(await ask({ type: 'm.room.message' })).toMatchObject({ status: 400, body: { errcode: 'M_BAD_JSON' } });
    const gone = await fetch(`${policyAddress()}/_matrix/federation/v1/version`);
    expect([gone.status, ((await gone.json()) as { errcode: string }).errcode]).toEqual([404, 'M_UNRECOGNIZED']);
  });

  it('what cannot be told in time is let through and looked at afterwards, or refused where that is set', async () => {
    await change({ policySeconds: 0.5 });
    homeserver.fault = ({ path }) => (path.includes('/download/') ? 'hang' : undefined);
    const event = other.event(room.id, image(upload('match')));
    expect(await signed(await ask(event), event)).toBe(true);
    const count = (await actions()).length;
    await change({ policySeconds: 0.5, policyUnsure: 'refuse' });
    expect(await ask(other.event(room.id, image(upload('match'))))).toMatchObject(refused);
    homeserver.fault = () => undefined;
    homeserver.breakOff();
    await change({});
    // It was never seen in the room: the act finds nothing there to take back.
    await vi.waitFor(async () => expect((await actions()).length).toBe(count + 1), LONG);
  });

  it('a stop stops this too', async () => {
    await call('POST', '/v1/stops', { reason: 'a test' });
    const event = other.event(room.id, image(upload('match')));
    expect(await signed(await ask(event), event)).toBe(true);
    await vi.waitFor(
      async () => expect((await actions())[0]).toMatchObject({ state: 'proposed', heldBy: 'stop' }),
      LONG,
    );
    await call('POST', '/v1/stops/lift', {});
    expect(await ask(other.event(room.id, image(upload('match'))))).toMatchObject(refused);
    await change({ admin: 'none' });
    expect(await ask(other.event(room.id, image(upload('match'))))).toMatchObject(refused);
    await vi.waitFor(async () => expect((await actions())[0]).toMatchObject({ outcome: 'already' }), LONG);
    const key = await publicKey();
    await service.stop();
    service = await service.restart();
    await vi.waitFor(async () => expect(await publicKey()).toBe(key), LONG);
  });
});
