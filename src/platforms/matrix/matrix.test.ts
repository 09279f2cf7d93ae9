import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Order } from '../../enforcement/acts.js';
import type { PlatformHouse } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { GuardedClient } from '../../net/guarded-client.js';
import { KeptIntake } from '../testing/kept-intake.js';
import { matrix } from './matrix.js';
import { MatrixConnection } from './matrix-connection.js';
import type { MatrixSettings } from './settings.js';
import { BOT, Homeserver, type HomeserverFault, TOKEN } from './testing/homeserver.js';
import type { WorldRoom } from './testing/homeserver-world.js';

const LONG = { timeout: 20_000, interval: 20 };
const ANN = '@ann:hs.example';
const BEN = '@ben:other.example';
const never = new AbortController().signal;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(): Promise<Homeserver> {
  const server = await Homeserver.open();
  ends.push(() => server[Symbol.asyncDispose]());
  return server;
}

function houseOf(server: Homeserver): PlatformHouse {
  const logger = { info: () => undefined, warn: () => undefined };
  const client = new GuardedClient({ allow: ['127.0.0.1'], timeoutMs: 20_000 });
  return { client, logger, now: () => server.world.now() };
}

function settingsOf(server: Homeserver, more: Partial<MatrixSettings> = {}): MatrixSettings {
  return matrix.settings.parse({ baseUrl: server.origin, ...more });
}

function connect(server: Homeserver, more: Partial<MatrixSettings> = {}, intake = new KeptIntake()) {
  const connection = new MatrixConnection(settingsOf(server, more), { token: TOKEN }, houseOf(server));
  const stopping = new AbortController();
  const running = connection.run(intake, stopping.signal);
  running.catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    await running.catch(() => undefined);
  };
  ends.push(stop);
  return { server, connection, intake, running, stop };
}

/** Runs it until it waits for what is new. */
async function start(more: Partial<MatrixSettings> = {}, server?: Homeserver) {
  const homeserver = server ?? (await serve());
  const started = connect(homeserver, more);
  await homeserver.until(() => homeserver.calls('/sync').length >= 2);
  return started;
}

function picture(server: Homeserver, room: WorldRoom, sender = ANN, bytes = 'a picture') {
  const url = server.world.upload(Buffer.from(bytes));
  return { url, event: server.world.post(room, sender, 'm.room.message', { msgtype: 'm.image', body: 'x.png', url }) };
}

let orders = 0;
function order(act: Order['act'], target: Partial<Order['target']>, message: string | null = null): Order {
  const none = { item: null, room: null, account: null, media: [], sharedAt: null };
  return { id: `order-${++orders}`, act, target: { ...none, ...target }, message };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    (value) => `not refused: ${String(value)}`,
    (error: unknown) => VigieError.from(error).code,
  );
}

function once(text: string, fault: HomeserverFault, times = 1) {
  let left = times;
  return ({ path }: { path: string }) => (path.includes(text) && left-- > 0 ? fault : undefined);
}

async function bytesOf(server: Homeserver, ref: string): Promise<Buffer> {
  const body = await matrix.fetch?.(settingsOf(server), { token: TOKEN }, houseOf(server), ref, never);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('what is shared in Matrix', { timeout: 60_000 }, () => {
  it('is handed in with its media, thumbnails, words and links, and fetched byte for byte', async () => {
    const server = await serve();
    const room = server.world.room('harbour');
    const { intake } = await start({ rooms: ['#harbour:hs.example'], backfillDays: 0 }, server);
    await server.until(() => server.calls('/state/m.room.power_levels').length > 0);
    const thumbnail = server.world.upload(Buffer.from('small'));
    const emote = server.world.upload(Buffer.from('within'));
    const url = server.world.upload(Buffer.from('large'), 'other.example');
    const html = `<b>a &amp; b</b> <a href="https://hidden.example/?x=1&amp;y=2">here</a> <img src="${emote}">`;
    const said = { msgtype: 'm.image', body: 'caption', formatted_body: html, url, info: { thumbnail_url: thumbnail } };
    const event = server.world.post(room, BEN, 'm.room.message', said);
    server.world.post(room, ANN, 'm.sticker', { body: 'wave', url: thumbnail });
    server.world.post(room, ANN, 'org.example.unknown', { deep: { deeper: [{ url: thumbnail }] } });
    server.world.post(room, ANN, 'm.reaction', { 'm.relates_to': { rel_type: 'm.annotation', key: 'x' } });
    await vi.waitFor(() => expect(intake.items).toHaveLength(3), LONG);
    expect(intake.items[0]).toEqual({
      ...{ id: event.event_id, account: BEN, room: room.id, surface: 'public', lane: 'live', seenAt: expect.any(Date) },
      ...{ sharedAt: new Date(event.origin_server_ts).toISOString(), text: 'caption\na & b here ' },
      links: [{ url: 'https://hidden.example/?x=1&y=2', from: 'entity' }],
      media: [emote, url, thumbnail].map((ref) => ({ ref, fileId: ref })),
    });
    expect((await bytesOf(server, url)).toString()).toBe('large');
    server.oldMedia = true;
    expect((await bytesOf(server, url)).toString()).toBe('large');
    expect(await codeOf(bytesOf(server, 'mxc://hs.example/none'))).toBe('fetch-failed');
    expect(await codeOf(bytesOf(server, 'mxc://../x'))).toBe('fetch-failed');
  });

  it('is decrypted where a message says how, and only the file that was meant', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const { intake } = await start({}, server);
    const [key, iv, plain] = [randomBytes(32), randomBytes(16), randomBytes(100_000)];
    const cipher = createCipheriv('aes-256-ctr', key, iv);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    const url = server.world.upload(sealed);
    const sha256 = createHash('sha256').update(sealed).digest('base64').replace(/=+$/, '');
    const file = { url, key: { k: key.toString('base64url') }, iv: iv.toString('base64'), hashes: { sha256 } };
    server.world.post(room, ANN, 'm.room.message', { msgtype: 'm.image', body: '', file });
    const other = { ...file, hashes: { sha256: 'AAAA' } };
    server.world.post(room, ANN, 'm.room.message', { msgtype: 'm.image', body: '', file: other });
    await vi.waitFor(() => expect(intake.items).toHaveLength(2), LONG);
    const [good = '', bad = ''] = intake.items.map(({ media }) => media?.[0]?.ref ?? '');
    expect((await bytesOf(server, good)).equals(plain)).toBe(true);
    expect(await codeOf(bytesOf(server, bad))).toBe('fetch-failed');
  });

  it('is a revision of what its own author edits, and an item of its own when somebody else claims to edit', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const { intake } = await start({}, server);
    const { event } = picture(server, room);
    const edit = (sender: string) => {
      const url = server.world.upload(Buffer.from(sender));
      const relation = { rel_type: 'm.replace', event_id: event.event_id };
      const content = { msgtype: 'm.image', body: '*', 'm.new_content': { url }, 'm.relates_to': relation };
      return server.world.post(room, sender, 'm.room.message', content).event_id;
    };
    const [own, others] = [edit(ANN), edit(BEN)];
    await vi.waitFor(() => expect(intake.items).toHaveLength(3), LONG);
    expect(intake.items.map(({ id, revision }) => [id, revision])).toEqual([
      [event.event_id, undefined],
      [event.event_id, own],
      [others, undefined],
    ]);
  });

  it('is not lost in gaps of a sync, nor by a restart; what is old comes in the slow lane', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const day = 86_400_000;
    const now = Date.now();
    for (const days of [9, 8, 3, 2, 1]) {
      server.world.now = () => now - days * day;
      picture(server, room, ANN, `${days} days`);
    }
    server.world.now = () => now;
    server.most = 2;
    const first = await start({ backfillDays: 7 }, server);
    await vi.waitFor(() => expect(first.intake.items).toHaveLength(3), LONG);
    expect(new Set(first.intake.items.map(({ lane }) => lane))).toEqual(new Set(['backfill']));
    await first.stop();
    expect(first.intake.memory).toMatchObject({ gaps: [] });
    for (let i = 0; i < 250; i++) picture(server, room, ANN, `while away ${i}`);
    const second = connect(server, { backfillDays: 7 }, first.intake);
    await vi.waitFor(() => expect(second.intake.items).toHaveLength(253), LONG);
    expect(second.intake.items.slice(3).every(({ lane }) => lane === 'live')).toBe(true);
    await second.stop();
    expect(second.intake.memory).toMatchObject({ gaps: [] });
  });

  it('is told again when it was not stored, and waits where the house is full', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const { intake, stop } = await start({}, server);
    await vi.waitFor(() => expect(intake.memory).toMatchObject({ next: expect.any(String) }), LONG);
    const syncs = server.calls('/sync').length;
    intake.full = true;
    picture(server, room);
    await server.until(() => server.calls('/state/m.room.join_rules').length > 0);
    await stop();
    expect(server.calls('/sync').length).toBe(syncs);
    intake.full = false;
    connect(server, {}, intake);
    await vi.waitFor(() => expect(intake.items).toHaveLength(1), LONG);
    expect(intake.items[0]?.lane).toBe('live');
  });

  it('is gone when somebody takes it back, unless its media lie there still', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const plain = await start({}, server);
    const shared = picture(server, room).event;
    server.world.redact(room, ANN, shared);
    await vi.waitFor(() => expect(plain.intake.gones).toEqual([shared.event_id]), LONG);
    await plain.stop();
    const { intake } = await start({ admin: 'synapse' }, server);
    const words = server.world.post(room, ANN, 'm.room.message', { msgtype: 'm.text', body: 'words' });
    const other = picture(server, room).event;
    await vi.waitFor(() => expect(intake.items.some(({ id }) => id === other.event_id)).toBe(true), LONG);
    for (const each of [other, words]) server.world.redact(room, ANN, each);
    await vi.waitFor(() => expect(intake.gones).toEqual([words.event_id]), LONG);
  });

  it('comes from rooms that it is invited into by who may; private, encrypted and lost rooms are troubles', async () => {
    const server = await serve();
    const { intake } = await start({ acceptInvitesFrom: ['hs.example'] }, server);
    const [mine, theirs] = [server.world.room('mine', { rule: 'invite' }), server.world.room('theirs', { by: BEN })];
    server.world.state(theirs, BEN, 'm.room.member', BOT, { membership: 'invite' });
    server.world.state(mine, '@owner:hs.example', 'm.room.member', BOT, { membership: 'invite' });
    await vi.waitFor(() => expect(mine.isIn(BOT)).toBe(true), LONG);
    await vi.waitFor(() => expect([...intake.troubles]).toEqual([`rights-missing ${mine.id}`]), LONG);
    const users = { '@owner:hs.example': 100, [BOT]: 50 };
    server.world.state(mine, '@owner:hs.example', 'm.room.power_levels', '', { users });
    await vi.waitFor(() => expect(intake.troubles.size).toBe(0), LONG);
    picture(server, mine);
    await vi.waitFor(() => expect([...intake.troubles]).toEqual([`room-private ${mine.id}`]), LONG);
    server.world.post(mine, ANN, 'm.room.encrypted', { ciphertext: 'x' });
    await vi.waitFor(() => expect(intake.troubles).toContain(`room-encrypted ${mine.id}`), LONG);
    server.world.state(mine, '@owner:hs.example', 'm.room.member', BOT, { membership: 'leave' });
    await vi.waitFor(() => expect(intake.troubles).toContain(`room-left ${mine.id}`), LONG);
    expect([theirs.isIn(BOT), intake.items]).toEqual([false, []]);
    const [old, next] = [server.world.room('old', { admins: [BOT] }), server.world.room('next')];
    await vi.waitFor(() => expect(intake.memory).toMatchObject({ rooms: { [old.id]: {} } }), LONG);
    server.world.state(old, '@owner:hs.example', 'm.room.tombstone', '', { replacement_room: next.id });
    await vi.waitFor(() => expect(next.isIn(BOT)).toBe(true), LONG);
  });

  it('is reported by an answer and through the homeserver, once each', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const shared = picture(server, room).event;
    server.world.reports.push({ id: 7, room_id: room.id, event_id: shared.event_id, user_id: BEN, reason: 'look' });
    const { intake, stop } = await start({ admin: 'synapse' }, server);
    await vi.waitFor(() => expect(intake.reports).toHaveLength(1), LONG);
    const answer = { 'm.in_reply_to': { event_id: shared.event_id } };
    const body = '> <@ann:hs.example> x\n\n!report this is bad';
    server.world.post(room, BEN, 'm.room.message', { msgtype: 'm.text', body, 'm.relates_to': answer });
    await vi.waitFor(() => expect(intake.reports).toHaveLength(2), LONG);
    expect(intake.reports).toEqual([
      { item: shared.event_id, reporter: BEN, reason: 'abuse', text: 'look' },
      { item: shared.event_id, reporter: BEN, reason: 'abuse', text: 'this is bad' },
    ]);
    await server.until(() => server.calls('/send/m.reaction').length === 1);
    await stop();
    const again = await start({ admin: 'synapse' }, server);
    await server.until(() => server.calls('event_reports').length >= 2);
    expect(again.intake.reports.length).toBeLessThanOrEqual(1);
  });

  it('survives what goes wrong between', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    picture(server, room);
    const faults: HomeserverFault[] = ['html', 'break', { retryAfterMs: 60 }, { status: 502, errcode: 'M_UNKNOWN' }];
    server.fault = ({ path }) => (path.endsWith('/sync') ? faults.shift() : undefined);
    const { intake } = connect(server);
    await vi.waitFor(() => expect(intake.items).toHaveLength(1), LONG);
    expect(faults).toEqual([]);
    server.fault = once('/sync', { status: 400, errcode: 'M_UNKNOWN' });
    picture(server, room, ANN, 'another');
    await vi.waitFor(() => expect(intake.items).toHaveLength(2), LONG);
  });

  it('is refused with a wrong token, and said of a homeserver when it is asked', async () => {
    const server = await serve();
    server.world.room('harbour', { admins: [BOT] });
    const wrong = new MatrixConnection(settingsOf(server), { token: 'wrong' }, houseOf(server));
    expect(await codeOf(wrong.run(new KeptIntake(), never))).toBe('platform-refused');
    const test = (admin: MatrixSettings['admin']) =>
      matrix.test(settingsOf(server, { admin }), { token: TOKEN }, houseOf(server), never);
    expect(await test('synapse')).toEqual({ account: BOT, 'is in rooms': '1', media: 'can be quarantined' });
    server.isAdmin = false;
    expect(await codeOf(test('synapse'))).toBe('platform-refused');
  });
});

describe('what is done in Matrix', { timeout: 60_000 }, () => {
  it('takes an event and its edits back and puts its media away, once', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const { connection } = await start({ admin: 'synapse' }, server);
    const { event, url } = picture(server, room);
    const edited = server.world.upload(Buffer.from('in the edit'));
    const relation = { rel_type: 'm.replace', event_id: event.event_id };
    const content = { body: '*', 'm.new_content': { url: edited }, 'm.relates_to': relation };
    const edit = server.world.post(room, ANN, 'm.room.message', content);
    const other = picture(server, room, BEN, 'another');
    const wanted = order('remove', { item: event.event_id, room: room.id, media: [{ url: null, ref: url }] }, 'a rule');
    server.fault = once('/redact/', 'break-after');
    expect(await codeOf(connection.act(wanted, never))).toBe('platform-unreachable');
    expect(await connection.act(wanted, never)).toBe('already');
    expect([event, edit, other.event].map(({ unsigned }) => unsigned !== undefined)).toEqual([true, true, false]);
    expect(event.unsigned?.redacted_because.content).toMatchObject({ reason: 'a rule' });
    expect([url, edited, other.url].map((each) => server.world.media.get(each)?.quarantined)).toEqual([
      true,
      true,
      false,
    ]);
    expect(room.events.filter(({ type }) => type === 'm.room.redaction')).toHaveLength(2);
    const again = order('remove', { item: other.event.event_id, room: room.id });
    expect([await connection.act(again, never), await connection.act(again, never)]).toEqual(['done', 'already']);
    const unknown = order('remove', { item: '$never-published', room: room.id });
    expect(await connection.act(unknown, never)).toBe('already');
  });

  it('says so when it is sent away, lied to, or may not; media are put away all the same', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const { connection, intake } = await start({ admin: 'synapse' }, server);
    const { event, url } = picture(server, room);
    const remove = () => order('remove', { item: event.event_id, room: room.id, media: [{ url: null, ref: url }] });
    server.fault = once('/redact/', { retryAfterMs: 700 });
    const busy = await connection.act(remove(), never).catch((error: VigieError) => error);
    expect(busy).toMatchObject({ code: 'platform-busy', retryAfter: expect.closeTo(0.7, 1) });
    server.world.now = () => Date.now() + 60_000;
    server.fault = once('/redact/', 'lie');
    expect(await codeOf(connection.act(remove(), never))).toBe('act-unconfirmed');
    server.world.state(room, '@owner:hs.example', 'm.room.power_levels', '', { users: { '@owner:hs.example': 100 } });
    await vi.waitFor(() => expect(intake.troubles).toContain(`rights-missing ${room.id}`), LONG);
    expect(await codeOf(connection.act(remove(), never))).toBe('act-refused');
    expect([event.unsigned, server.world.media.get(url)?.quarantined]).toEqual([undefined, true]);
    server.isAdmin = false;
    const fresh = picture(server, room, ANN, 'fresh');
    const media = [{ url: null, ref: fresh.url }];
    expect(await codeOf(connection.act(order('remove', { item: 'x', room: room.id, media }), never))).toBe(
      'act-unsupported',
    );
    const target = { item: fresh.event.event_id, room: room.id, media };
    expect(await codeOf(connection.act(order('remove', target), never))).toBe('act-refused');
    expect(await codeOf(connection.act(order('hide', target), never))).toBe('act-unsupported');
  });

  it('bans from all rooms and lets back in, and tells where it may not', async () => {
    const server = await serve();
    const rooms = ['one', 'two'].map((name) => server.world.room(name, { admins: [BOT] }));
    const { connection } = await start({}, server);
    const who = { account: ANN, room: rooms[0]?.id ?? '' };
    const memberships = () => rooms.map((room) => room.membership(ANN)?.content['membership']);
    expect(await connection.act(order('suspend-account', who, 'why'), never)).toBe('done');
    expect(memberships()).toEqual(['ban', 'ban']);
    expect(await connection.act(order('suspend-account', who), never)).toBe('already');
    expect(await connection.act(order('reinstate-account', who), never)).toBe('done');
    expect(memberships()).toEqual(['leave', 'leave']);
    const [, two] = rooms as [WorldRoom, WorldRoom];
    server.world.state(two, '@owner:hs.example', 'm.room.power_levels', '', { users: { '@owner:hs.example': 100 } });
    expect(await codeOf(connection.act(order('suspend-account', who), never))).toBe('act-refused');
    expect(memberships()).toEqual(['ban', 'leave']);
    expect(await codeOf(connection.act(order('suspend-account', { ...who, account: BOT }), never))).toBe('act-refused');
  });

  it('restricts, closes and opens a room again as it was', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const before = ['m.room.power_levels', 'm.room.join_rules'].map((type) => room.state(type)?.content);
    const { connection, intake, stop } = await start({}, server);
    const act = (name: Order['act']) => connection.act(order(name, { room: room.id }), never);
    expect(await codeOf(act('reopen-room'))).toBe('act-refused');
    expect([await act('restrict-room'), await act('restrict-room')]).toEqual(['done', 'already']);
    expect(room.neededFor('m.room.message', false)).toBe(50);
    expect(room.state('m.room.join_rules')?.content).toEqual({ join_rule: 'public' });
    expect([await act('close-room'), await act('close-room')]).toEqual(['done', 'already']);
    expect(room.state('m.room.join_rules')?.content).toEqual({ join_rule: 'invite' });
    await stop();
    const second = connect(server, {}, intake);
    const syncs = server.calls('/sync').length;
    await server.until(() => server.calls('/sync').length > syncs);
    expect(await second.connection.act(order('reopen-room', { room: room.id }), never)).toBe('done');
    expect(['m.room.power_levels', 'm.room.join_rules'].map((type) => room.state(type)?.content)).toEqual(before);
  });

  it('says something once, in the room and to its author', async () => {
    const server = await serve();
    const room = server.world.room('harbour', { admins: [BOT] });
    const { connection, intake } = await start({}, server);
    const said = (where: WorldRoom) =>
      where.events.filter(({ type }) => type === 'm.room.message').map((e) => e.content);
    const [toRoom, toAuthor] = [
      order('notify-room', { room: room.id }, 'to all'),
      order('notify-author', { account: ANN }, 'to you'),
    ];
    server.fault = once('/send/', 'break-after');
    expect(await codeOf(connection.act(toRoom, never))).toBe('platform-unreachable');
    for (const each of [toRoom, toRoom, toAuthor, toAuthor]) await connection.act(each, never);
    expect(said(room)).toEqual([{ msgtype: 'm.notice', body: 'to all' }]);
    await connection.act(order('notify-author', { account: ANN }, 'again'), never);
    const [direct] = [...server.world.rooms.values()].filter(({ id }) => id !== room.id) as [WorldRoom];
    expect(server.world.rooms.size).toBe(2);
    expect(said(direct).map(({ body }) => body)).toEqual(['to you', 'again']);
    server.world.join(direct, ANN);
    server.world.post(direct, ANN, 'm.room.message', { msgtype: 'm.text', body: 'hello' });
    picture(server, room);
    await vi.waitFor(() => expect(intake.items).toHaveLength(1), LONG);
    expect([...intake.troubles]).toEqual([]);
    expect(JSON.stringify(intake.memory)).not.toContain(ANN);
  });
});
