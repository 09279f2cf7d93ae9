import { describe, expect, it } from 'vitest';
import type { Order } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { ALL_RIGHTS, type Room } from './testing/bot-api-world.js';
import { codeOf, connect, memberChange, never, once, photo, serve, start } from './testing/started.js';

const TIME_LIMIT = 30_000;
const HOUR = 3_600_000;

let orders = 0;
function order(act: Order['act'], target: Partial<Order['target']>, message: string | null = null): Order {
  const none = { item: null, room: null, account: null, media: [], sharedAt: null };
  return { id: `order-${++orders}`, act, target: { ...none, ...target }, message };
}

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
