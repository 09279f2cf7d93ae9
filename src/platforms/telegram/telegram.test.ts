import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Order } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { TelegramConnection } from './connection.js';
import type { TelegramSettings } from './settings.js';
import { telegram } from './telegram.js';
import { type BotApiFault, BotApiServer } from './testing/bot-api-server.js';
import { ALL_RIGHTS, type Room } from './testing/bot-api-world.js';
import { credentialsOfTests, houseOfTests, IntakeOfTests, settingsOfTests } from './testing/intake-of-tests.js';

const TIME_LIMIT = 30_000;
const HOUR = 3_600_000;

interface Started {
  readonly server: BotApiServer;
  readonly intake: IntakeOfTests;
  readonly connection: TelegramConnection;
  readonly stop: () => Promise<void>;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(): Promise<BotApiServer> {
  const server = await BotApiServer.open();
  ends.push(() => server[Symbol.asyncDispose]());
  return server;
}

function connect(server: BotApiServer, more: Partial<TelegramSettings> = {}, intake = new IntakeOfTests()): Started {
  const connection = new TelegramConnection(
    settingsOfTests(server, more),
    credentialsOfTests,
    houseOfTests(() => server.world.now()),
  );
  const stopping = new AbortController();
  const running = connection.run(intake, stopping.signal);
  running.catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    await running.catch(() => undefined);
  };
  ends.push(stop);
  return { server, intake, connection, stop };
}

/** Runs it until the first answer came. */
async function start(more: Partial<TelegramSettings> = {}, server?: BotApiServer): Promise<Started> {
  const started = connect(server ?? (await serve()), more);
  await started.server.until(() => started.server.calls('getUpdates').length > 0);
  return started;
}

let orders = 0;
function order(act: Order['act'], target: Partial<Order['target']>, message: string | null = null): Order {
  const none = { item: null, room: null, account: null, media: [], sharedAt: null };
  return { id: `order-${++orders}`, act, target: { ...none, ...target }, message };
}

function photo(server: BotApiServer, bytes = 'a picture', claimed?: number) {
  const [small, large] = [server.world.file(Buffer.from('small')), server.world.file(Buffer.from(bytes), claimed)];
  const of = ({ id, unique, claimed: size }: typeof small, width: number) => ({
    ...{ file_id: id, file_unique_id: unique, width, height: width, file_size: size },
  });
  return { large, content: { photo: [of(small, 90), of(large, 800)] } };
}

const never = new AbortController().signal;

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    (value) => `not refused: ${String(value)}`,
    (error: unknown) => VigieError.from(error).code,
  );
}

function once(method: string, fault: BotApiFault, times = 1) {
  let left = times;
  return (called: { method: string }) => (called.method === method && left-- > 0 ? fault : undefined);
}

describe('what is shared in Telegram', () => {
  it(
    'is handed in with its largest photograph, words, links and album, and fetched byte for byte',
    async () => {
      const { server, intake } = await start();
      const room = server.world.group(-1001, 'harbour');
      const { large, content } = photo(server);
      const sent = server.world.post(room, {
        ...content,
        media_group_id: 'album-1',
        caption: 'look here',
        caption_entities: [{ type: 'text_link', offset: 0, length: 4, url: 'https://hidden.example/' }],
        reply_markup: { inline_keyboard: [[{ text: 'press', url: 'https://button.example/' }]] },
      });
      await intake.until(() => intake.items.size === 1);
      const [item] = intake.items.values();
      expect(item).toMatchObject({
        ...{ id: `-1001:${sent.message_id}`, room: '-1001', account: '6000000001', album: 'album-1' },
        ...{ surface: 'public', text: 'look here\npress', sharedAt: new Date(sent.date * 1_000).toISOString() },
        links: [
          { url: 'https://hidden.example/', from: 'entity' },
          { url: 'https://button.example/', from: 'button' },
        ],
        media: [{ ref: large.id, fileId: large.unique }],
      });
      const fetched = await telegram.fetch?.(
        settingsOfTests(server),
        credentialsOfTests,
        houseOfTests(),
        large.id,
        never,
      );
      const chunks: Uint8Array[] = [];
      for await (const chunk of fetched ?? []) chunks.push(chunk);
      expect(Buffer.concat(chunks)).toEqual(large.bytes);
    },
    TIME_LIMIT,
  );

  it(
    'is one item however often and in what order it is told, and another for each edit',
    async () => {
      const { server, intake } = await start();
      const room = server.world.group(-1001, 'harbour');
      const first = photo(server);
      const sent = server.world.post(room, { ...first.content });
      const told = { ...server.world.updates[0] };
      await intake.until(() => intake.items.size === 1);
      const other = photo(server, 'another picture');
      const third = photo(server, 'a third picture');
      // Twice within a second.
      const at = server.world.now();
      server.world.edit(room, sent.message_id, other.content, at);
      server.world.edit(room, sent.message_id, third.content, at);
      for (let i = 0; i < 50; i++) server.world.tell({ message: told.message } as never);
      await intake.until(() => intake.handed >= 53);
      expect([...intake.items.values()].map(({ id, media }) => [id, media?.[0]?.fileId])).toEqual([
        [`-1001:${sent.message_id}`, first.large.unique],
        [`-1001:${sent.message_id}`, other.large.unique],
        [`-1001:${sent.message_id}`, third.large.unique],
      ]);
      expect(new Set([...intake.items.values()].map(({ revision }) => revision)).size).toBe(3);
    },
    TIME_LIMIT,
  );

  it(
    'is told again when it was not stored, and confirmed once it is',
    async () => {
      const server = await serve();
      const room = server.world.group(-1001, 'harbour');
      for (let i = 0; i < 5; i++) server.world.post(room, photo(server).content);
      const failing = new IntakeOfTests();
      let refused = 0;
      failing.before = () => {
        refused++;
        throw new VigieError('database-unavailable');
      };
      const first = connect(server, {}, failing);
      await expect.poll(() => refused).toBeGreaterThan(0);
      await first.stop();
      expect(server.world.updates).toHaveLength(5);
      const second = connect(server);
      await second.intake.until(() => second.intake.items.size === 5);
      await server.until(() => server.world.updates.length === 0);
      server.world.post(room, photo(server).content);
      await second.intake.until(() => second.intake.items.size === 6);
      expect(second.intake.handed).toBe(6);
    },
    TIME_LIMIT,
  );

  it(
    'waits where the queue is full',
    async () => {
      const { server, intake } = await start();
      let full = 2;
      intake.before = () => {
        if (full-- > 0) throw new VigieError('queue-full', { retryAfter: 0.05 });
      };
      server.world.post(server.world.group(-1001, 'harbour'), photo(server).content);
      await intake.until(() => intake.items.size === 1);
      expect(full).toBe(-1);
    },
    TIME_LIMIT,
  );

  it(
    'comes from channels and pinned messages too; private rooms and what cannot be read are told as troubles',
    async () => {
      const { server, intake } = await start();
      const channel = server.world.channel(-1002, 'lighthouse');
      server.world.post(channel, photo(server).content);
      const group = server.world.group(-1003);
      server.world.post(group, photo(server).content);
      server.world.tell({ message: { message_id: 7, chat: 1 } } as never);
      const open = server.world.group(-1004, 'open');
      const old = server.world.post(open, photo(server).content);
      server.world.post(open, { pinned_message: { ...old, message_id: 7 } as never });
      await intake.until(() => intake.items.size === 3 && intake.troubles.size === 2);
      expect([...intake.troubles].sort()).toEqual(['room-private -1003', 'update-malformed']);
      expect(intake.items.get('-1004:7')?.media).toHaveLength(1);
      expect([...intake.items.values()].find(({ room }) => room === '-1002')).not.toHaveProperty('account');
    },
    TIME_LIMIT,
  );

  it(
    'is taken in after the rights that were there before it, and before those that came after',
    async () => {
      const server = await serve();
      const room = server.world.group(-1001, 'harbour');
      const order: string[] = [];
      const intake = new IntakeOfTests();
      const slowly = () => new Promise((resolve) => setTimeout(resolve, 20));
      intake.before = async ({ text = '' }) => {
        if (text === 'before') await slowly();
        order.push(text);
      };
      const told = intake.trouble.bind(intake);
      intake.trouble = async (trouble) => {
        await slowly();
        order.push(trouble.code);
        await told(trouble);
      };
      server.world.post(room, { text: 'before' });
      server.world.tell({
        my_chat_member: memberChange(server, { ...ALL_RIGHTS, can_delete_messages: false }),
      } as never);
      room.rights = ALL_RIGHTS;
      server.world.post(room, { text: 'after' });
      connect(server, {}, intake);
      await intake.until(() => intake.items.size === 2);
      expect(order).toEqual(['before', 'rights-missing', 'after']);
    },
    TIME_LIMIT,
  );

  it(
    'does not bring rights back that were looked up before they were given',
    async () => {
      const server = await serve();
      const lacking = { ...ALL_RIGHTS, can_delete_messages: false };
      const room = server.world.group(-1001, 'harbour', lacking);
      const intake = new IntakeOfTests();
      const told = intake.trouble.bind(intake);
      let tell: () => void = () => undefined;
      const told1 = new Promise<void>((resolve) => {
        intake.trouble = async (trouble) => {
          resolve();
          await new Promise<void>((go) => {
            tell = go;
          });
          await told(trouble);
        };
      });
      connect(server, {}, intake);
      server.world.post(room, { text: 'one' });
      await told1;
      room.rights = ALL_RIGHTS;
      server.world.tell({ my_chat_member: memberChange(server, ALL_RIGHTS) } as never);
      server.world.post(server.world.group(-1002, 'quay'), { text: 'two' });
      await intake.until(() => intake.items.size === 2);
      tell();
      await server.until(() => server.world.updates.length === 0);
      expect([...intake.troubles]).toEqual([]);
    },
    TIME_LIMIT,
  );

  it(
    'is looked at in the photo of a room and of who joins',
    async () => {
      const { server, intake } = await start({ profilePhotos: true });
      const room = server.world.group(-1001, 'harbour');
      room.photo = server.world.file(Buffer.from('photo of the room'));
      server.world.profilePhotos.set(42, [server.world.file(Buffer.from('photo of a person'))]);
      const { content } = photo(server);
      server.world.post(room, { new_chat_photo: content.photo });
      server.world.post(room, { new_chat_members: [server.world.user(42)] });
      await intake.until(() => intake.items.size === 2);
      const [ofRoom = '', ofPerson = ''] = [...intake.items.keys()].sort().reverse();
      expect(ofRoom).toBe(`-1001:photo:${room.photo.unique}`);
      expect(ofPerson).toMatch(/^-1001:member:42:/);
    },
    TIME_LIMIT,
  );

  it(
    'survives what goes wrong between',
    async () => {
      const server = await serve();
      const room = server.world.group(-1001, 'harbour');
      server.world.post(room, photo(server).content);
      const faults: BotApiFault[] = [
        'html',
        'break',
        { retryAfter: 1 },
        { refuse: 502, description: 'Bad Gateway' },
        { refuse: 409, description: 'Conflict: terminated by other getUpdates request' },
      ];
      server.fault = ({ method }) => (method === 'getUpdates' ? faults.shift() : undefined);
      const { intake } = connect(server);
      await intake.until(() => intake.items.size === 1);
      expect(faults).toEqual([]);
    },
    TIME_LIMIT * 2,
  );

  it(
    'is refused with a wrong token, and comes from a webhook that was left over',
    async () => {
      const server = await serve();
      const wrong = { token: `${credentialsOfTests.token.slice(0, -1)}X` };
      const connection = telegram.open(settingsOfTests(server), wrong, houseOfTests());
      expect(await codeOf(connection.run(new IntakeOfTests(), never))).toBe('platform-refused');
      expect(await codeOf(telegram.test(settingsOfTests(server), wrong, houseOfTests(), never))).toBe(
        'platform-refused',
      );
      const facts = await telegram.test(settingsOfTests(server), credentialsOfTests, houseOfTests(), never);
      expect(facts['bot']).toBe('@vigie_test_bot');
    },
    TIME_LIMIT,
  );
});

describe('files of Telegram', () => {
  async function read(server: BotApiServer, ref: string, more: Partial<TelegramSettings> = {}): Promise<Buffer> {
    const settings = settingsOfTests(server, more);
    const chunks: Uint8Array[] = [];
    const body = await telegram.fetch?.(settings, credentialsOfTests, houseOfTests(), ref, never);
    for await (const chunk of body ?? []) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it(
    'are an error when they are too large, cut, missing or busy',
    async () => {
      const server = await serve();
      const { world } = server;
      expect(await codeOf(read(server, world.file(Buffer.from('x'), 21 << 20).id))).toBe('media-too-large');
      expect(await codeOf(read(server, 'AgACAgIAAx0Cnone'))).toBe('fetch-failed');
      expect(await codeOf(read(server, 'out-of-reach'))).toBe('platform-refused');
      const file = world.file(Buffer.alloc(300_000, 7));
      for (const fault of [{ cutTo: 100_000 }, { cutTo: 1 }]) {
        server.fault = once('file', fault);
        expect(await codeOf(read(server, file.id))).toBe('fetch-failed');
      }
      server.fault = once('getFile', { retryAfter: 3 });
      expect(await codeOf(read(server, file.id))).toBe('platform-busy');
      server.fault = once('getFile', 'html');
      expect(await codeOf(read(server, file.id))).toBe('platform-malformed');
      server.fault = () => undefined;
      expect(await read(server, file.id)).toEqual(file.bytes);
    },
    TIME_LIMIT,
  );

  it(
    'of a local server are read from its directory, however large, and from nowhere else',
    async () => {
      const server = await serve();
      const root = await mkdtemp(join(tmpdir(), 'vigie-telegram-'));
      ends.push(() => rm(root, { recursive: true }));
      const directory = join(root, 'files');
      await mkdir(directory);
      await writeFile(join(root, 'secret'), 'not for anybody');
      const [file, link] = [
        server.world.file(Buffer.from('on the disk'), 30 << 20),
        server.world.file(Buffer.from('')),
      ];
      await writeFile(join(directory, `${file.unique}.bin`), file.bytes);
      await symlink(join(root, 'secret'), join(directory, `${link.unique}.bin`));
      server.localDirectory = directory;
      const local = { localFiles: directory };
      expect(await read(server, file.id, local)).toEqual(file.bytes);
      expect(await codeOf(read(server, link.id, local))).toBe('fetch-failed');
      expect(await codeOf(read(server, file.id, { localFiles: join(root, 'other') }))).toBe('fetch-failed');
      server.localDirectory = `${directory}/..`;
      expect(await codeOf(read(server, file.id, local))).toBe('fetch-failed');
    },
    TIME_LIMIT,
  );
});

describe('acts in Telegram', () => {
  async function room(rights: Room['rights'] = ALL_RIGHTS) {
    const started = await start();
    const group = started.server.world.group(-1001, 'harbour', rights);
    const post = () => started.server.world.post(group, photo(started.server).content);
    return {
      ...started,
      group,
      post,
      act: (each: Order) => started.connection.act(each, new AbortController().signal),
    };
  }

  it(
    'remove a message once, and confirm that it is gone',
    async () => {
      const { server, group, post, act } = await room();
      const { message_id: id } = post();
      const remove = order('remove', { item: `-1001:${id}` });
      expect(await act(remove)).toBe('done');
      expect(group.messages.has(id)).toBe(false);
      expect(await act(remove)).toBe('already');
      const lied = post();
      server.fault = once('deleteMessage', 'lie', 2);
      expect(await codeOf(act(order('remove', { item: `-1001:${lied.message_id}` })))).toBe('act-unconfirmed');
      server.fault = once('deleteMessage', 'break-after');
      const again = order('remove', { item: `-1001:${lied.message_id}` });
      expect(await codeOf(act(again))).toBe('platform-unreachable');
      expect(await act(again)).toBe('already');
    },
    TIME_LIMIT,
  );

  it(
    'remove many of a room with few calls, and each that may be removed',
    async () => {
      const { server, group, post, act } = await room();
      const ids = Array.from({ length: 250 }, () => post().message_id);
      const old = server.world.now() - 49 * HOUR;
      const stale = server.world.post(group, { ...photo(server).content, date: Math.floor(old / 1_000) });
      const targets = [...ids, stale.message_id].map((id) => order('remove', { item: `-1001:${id}` }));
      const outcomes = await Promise.allSettled(targets.map(act));
      expect(outcomes.filter((each) => each.status === 'fulfilled' && each.value === 'done')).toHaveLength(250);
      expect(await codeOf(Promise.reject((outcomes.at(-1) as PromiseRejectedResult).reason))).toBe('act-too-late');
      expect([...group.messages.keys()]).toEqual([stale.message_id]);
      expect(server.calls('deleteMessages').length).toBeLessThanOrEqual(3);
    },
    TIME_LIMIT,
  );

  it(
    'are refused without the right, which is told the owner once',
    async () => {
      const { server, intake, post, act, connection } = await room({ ...ALL_RIGHTS, can_delete_messages: false });
      server.world.spokenTo.add(5_000_000_001);
      const { message_id: id, date } = post();
      await intake.until(() => intake.troubles.has('rights-missing -1001'));
      const target = { item: `-1001:${id}`, sharedAt: new Date(date * 1_000) };
      expect(await codeOf(act(order('remove', target)))).toBe('act-refused');
      expect(await codeOf(act(order('remove', { ...target, sharedAt: new Date(0) })))).toBe('act-too-late');
      await server.until(() => server.calls('sendMessage').length > 0);
      post();
      server.world.tell({ my_chat_member: memberChange(server, ALL_RIGHTS) } as never);
      await intake.until(() => intake.troubles.size === 0);
      expect(server.calls('sendMessage').map(({ args }) => args['chat_id'])).toEqual(['5000000001']);
      expect(connection.acts.has('restore')).toBe(false);
    },
    TIME_LIMIT,
  );

  it(
    'ban and let in again, people and channels',
    async () => {
      const { server, group, post, act } = await room();
      post();
      const who = { room: '-1001', account: '6000000001' };
      expect(await act(order('suspend-account', who))).toBe('done');
      expect(group.members.get(6_000_000_001)?.status).toBe('kicked');
      expect(await act(order('suspend-account', who))).toBe('already');
      expect(await act(order('reinstate-account', who))).toBe('done');
      expect(await act(order('reinstate-account', who))).toBe('already');
      const channel = { room: '-1001', account: '-1009' };
      expect(await act(order('suspend-account', channel))).toBe('done');
      expect(group.bannedSenders.has(-1009)).toBe(true);
      expect(await act(order('reinstate-account', channel))).toBe('done');
      expect(group.bannedSenders.size).toBe(0);
      expect(await codeOf(act(order('suspend-account', { ...who, account: '5000000001' })))).toBe('act-refused');
      expect(await codeOf(act(order('suspend-account', { room: '-1001' })))).toBe('act-unsupported');
      server.fault = once('banChatMember', 'lie');
      expect(await codeOf(act(order('suspend-account', who)))).toBe('act-unconfirmed');
    },
    TIME_LIMIT,
  );

  it(
    'follow a group to the number that it got as a supergroup',
    async () => {
      const { server, group, act } = await room();
      const parameters = { migrate_to_chat_id: -1001 };
      const moved = {
        refuse: 400,
        description: 'Bad Request: group chat was upgraded to a supergroup chat',
        parameters,
      };
      server.fault = ({ args }) => (args['chat_id'] === -55 ? moved : undefined);
      expect(await act(order('suspend-account', { room: '-55', account: '6000000001' }))).toBe('done');
      expect(group.members.get(6_000_000_001)?.status).toBe('kicked');
      expect(await codeOf(act(order('remove', { item: '-55:7' })))).toBe('act-refused');
    },
    TIME_LIMIT,
  );

  it(
    'restrict a room and give back what it allowed, also after a restart',
    async () => {
      const { server, group, act, intake, stop } = await room();
      const before = { ...group.permissions };
      expect(await act(order('restrict-room', { room: '-1001' }))).toBe('done');
      expect(group.permissions).toMatchObject({ can_send_photos: false, can_send_messages: true });
      expect(await act(order('close-room', { room: '-1001' }))).toBe('done');
      expect(await act(order('close-room', { room: '-1001' }))).toBe('already');
      expect(group.permissions).toMatchObject({ can_send_photos: false, can_send_messages: false });
      await stop();
      const next = connect(server, {}, intake);
      const calls = server.calls('getUpdates').length;
      await server.until(() => server.calls('getUpdates').length > calls);
      server.world.post(group, { text: 'hello' });
      await intake.until(() => intake.items.size > 0);
      const reopen = order('reopen-room', { room: '-1001' });
      expect(await next.connection.act(reopen, never)).toBe('done');
      expect(group.permissions).toEqual(before);
      expect(await next.connection.act(reopen, never)).toBe('already');
      server.world.channel(-1002, 'lighthouse');
      expect(await codeOf(next.connection.act(order('close-room', { room: '-1002' }), never))).toBe('act-unsupported');
    },
    TIME_LIMIT,
  );

  it(
    'tell people once, where they can be told',
    async () => {
      const { server, act } = await room();
      const told = order('notify-room', { room: '-1001' }, 'Something was removed.');
      expect(await act(told)).toBe('done');
      expect(await act(told)).toBe('already');
      expect(server.calls('sendMessage')).toHaveLength(1);
      const author = { account: '6000000001' };
      expect(await codeOf(act(order('notify-author', author, 'Hello.')))).toBe('act-refused');
      expect(await codeOf(act(order('notify-author', { account: '-1009' }, 'Hello.')))).toBe('act-unsupported');
      server.world.spokenTo.add(6_000_000_002);
      expect(await act(order('notify-author', { account: '6000000002' }, 'Hello.'))).toBe('done');
    },
    TIME_LIMIT,
  );

  it(
    'wait for flood limits, and keep to those of messages by themselves',
    async () => {
      const { server, post, act } = await room();
      const { message_id: id } = post();
      let now = Date.now();
      server.world.now = () => now;
      server.fault = once('deleteMessage', { retryAfter: 17 });
      const remove = order('remove', { item: `-1001:${id}` });
      const first = await act(remove).catch((error: unknown) => VigieError.from(error));
      expect(first).toMatchObject({ code: 'platform-busy', retryAfter: 17 });
      const calls = server.calls('deleteMessage').length;
      expect(await codeOf(act(remove))).toBe('platform-busy');
      expect(server.calls('deleteMessage')).toHaveLength(calls);
      now += 17_001;
      expect(await act(remove)).toBe('done');
      const say = () => act(order('notify-room', { room: '-1001' }, 'Something was removed.'));
      for (let i = 0; i < 20; i++) expect(await say()).toBe('done');
      expect(await codeOf(say())).toBe('platform-busy');
      now += 60_000;
      expect(await say()).toBe('done');
    },
    TIME_LIMIT,
  );

  it(
    'remove the photo of a room while it is that one',
    async () => {
      const { server, group, act } = await room();
      group.photo = server.world.file(Buffer.from('photo of the room'));
      const { unique } = group.photo;
      expect(await act(order('remove', { item: '-1001:photo:another' }))).toBe('already');
      expect(group.photo).toBeDefined();
      expect(await act(order('remove', { item: `-1001:photo:${unique}` }))).toBe('done');
      expect(group.photo).toBeUndefined();
      expect(await codeOf(act(order('remove', { item: '-1001:member:42:x' })))).toBe('act-unsupported');
      expect(await codeOf(act(order('remove', { item: 'no id of ours' })))).toBe('act-unsupported');
    },
    TIME_LIMIT,
  );

  it(
    'are told a log channel, without a reason',
    async () => {
      const server = await serve();
      server.world.channel(-1500);
      const { connection, intake } = await start({ logChannel: '-1500' }, server);
      const group = server.world.group(-1001, 'harbour');
      const sent = server.world.post(group, photo(server).content);
      await intake.until(() => intake.items.size === 1);
      await connection.act(order('remove', { item: `-1001:${sent.message_id}`, room: '-1001' }), never);
      const log = server.world.rooms.get(-1500) as Room;
      await expect.poll(() => [...log.messages.values()].map(({ text }) => text)).toEqual(['-1001: removed a message']);
    },
    TIME_LIMIT,
  );
});

describe('commands', () => {
  it(
    'are answered, and a report is handed in once with the message that it is about',
    async () => {
      const { server, intake } = await start();
      const room = server.world.group(-1001, 'harbour');
      const about = { ...photo(server).content, message_id: 77, date: 1_700_000_000, chat: room.chat } as never;
      const report = { text: '/report@vigie_test_bot please look', reply_to_message: about };
      server.world.post(room, report);
      server.world.post(room, report);
      server.world.post(room, { text: '/status' });
      server.world.post(room, { text: '/status@another_bot' });
      const person = server.world.user(6_000_000_001);
      server.world.post(server.world.privateChat(person), { text: '/start' }, person);
      await server.until(() => server.calls('sendMessage').length >= 3);
      await intake.until(() => intake.heardOf > 5);
      expect(intake.reports).toEqual([
        { item: '-1001:77', reporter: '6000000001', reason: 'abuse', text: 'please look' },
      ]);
      expect(intake.items.get('-1001:77')?.media).toHaveLength(1);
      const said = server.calls('sendMessage').map(({ args }) => String(args['text']));
      expect(said.some((text) => text === 'This group is watched.')).toBe(true);
      expect(said.join(' ')).not.toMatch(/list|entry|distance|hash/i);
      expect([...intake.items.values()].every(({ room: of }) => of === '-1001')).toBe(true);
    },
    TIME_LIMIT,
  );
});

function memberChange(server: BotApiServer, rights: typeof ALL_RIGHTS) {
  const room = server.world.rooms.get(-1001) as Room;
  room.rights = rights;
  const user = { id: 7_000_000_001, is_bot: true, first_name: 'Vigie' };
  return {
    ...{ chat: room.chat, from: server.world.user(5_000_000_001), date: Math.floor(server.world.now() / 1_000) },
    old_chat_member: { user, status: 'administrator', ...rights, can_delete_messages: false },
    new_chat_member: { user, status: 'administrator', ...rights },
  };
}
