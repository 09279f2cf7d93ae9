import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VigieError } from '../../errors.js';
import type { TelegramSettings } from './settings.js';
import { telegram } from './telegram.js';
import type { BotApiFault, BotApiServer } from './testing/bot-api-server.js';
import { ALL_RIGHTS } from './testing/bot-api-world.js';
import { credentialsOfTests, houseOfTests, IntakeOfTests, settingsOfTests } from './testing/intake-of-tests.js';
import { codeOf, connect, ends, memberChange, never, once, photo, serve, start } from './testing/started.js';

const TIME_LIMIT = 30_000;

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
