/** The methods of the Bot API that Vigie uses, with the refusals as the real server words them. */
import type { ChatMember } from 'grammy/types';
import { z } from 'zod';
import { BOT, type BotApiWorld, type Room } from './bot-api-world.js';

export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, description: string) {
    super(description);
    this.code = code;
  }
}

const bad = (description: string) => new Refusal(400, `Bad Request: ${description}`);
const forbidden = (description: string) => new Refusal(403, `Forbidden: ${description}`);

const DAY_MS = 86_400_000;
const CLOUD_BYTES = 20 << 20;

const id = z.number().int();
const chatId = z.union([id, z.string().regex(/^(?:-?\d+|@\w+)$/)]);
const permissions = z.strictObject(
  Object.fromEntries(
    [
      ...['messages', 'audios', 'documents', 'photos', 'videos', 'video_notes', 'voice_notes', 'polls'],
      'other_messages',
    ]
      .map((name) => `can_send_${name}`)
      .concat('can_add_web_page_previews', 'can_change_info', 'can_invite_users', 'can_pin_messages')
      .concat('can_manage_topics', 'can_react_to_messages', 'can_edit_tag')
      .map((name) => [name, z.boolean().optional()]),
  ),
);

/** `getFile` of a server that was started with --local: no limit, and a path on the disk. */
export function localFile(world: BotApiWorld, { file_id: name }: { file_id: string }, directory: string): object {
  const file = world.files.get(name);
  if (file === undefined) throw bad('wrong file_id or the file is temporarily unavailable');
  const named = { file_id: file.id, file_unique_id: file.unique, file_size: file.claimed };
  return { ...named, file_path: `${directory}/${file.unique}.bin` };
}

interface Method {
  readonly shape: z.ZodType;
  readonly act: (world: BotApiWorld, args: never) => unknown;
}

/** Parameters that are not known are refused, which the real server does not: a name that is written wrongly shows. */
function method<S extends z.ZodRawShape>(
  shape: S,
  act: (world: BotApiWorld, args: z.output<z.ZodObject<S>>) => unknown,
): Method {
  return { shape: z.strictObject(shape), act: act as Method['act'] };
}

function roomOf(world: BotApiWorld, chat: number | string): Room {
  const room =
    typeof chat === 'string' && chat.startsWith('@')
      ? [...world.rooms.values()].find((each) => 'username' in each.chat && each.chat.username === chat.slice(1))
      : world.rooms.get(Number(chat));
  if (room === undefined) throw bad('chat not found');
  const status = room.members.get(BOT.id)?.status;
  if (status === 'kicked') throw forbidden(`bot was kicked from the ${room.chat.type} chat`);
  if (status === undefined || status === 'left') throw forbidden(`bot is not a member of the ${room.chat.type} chat`);
  return room;
}

function deletable(world: BotApiWorld, room: Room, message: number): void {
  const found = room.messages.get(message);
  if (found === undefined) throw bad('message to delete not found');
  const own = found.from?.id === BOT.id;
  if (room.chat.type !== 'private' && !own && room.rights?.can_delete_messages !== true) {
    throw bad("message can't be deleted");
  }
  if (world.now() - found.date * 1_000 >= 2 * DAY_MS) throw bad("message can't be deleted for everyone");
}

function mayRestrict(room: Room): void {
  if (room.chat.type === 'private') throw bad("can't restrict in a private chat");
  if (room.rights?.can_restrict_members !== true) {
    throw bad('not enough rights to restrict/unrestrict chat member');
  }
}

function memberOf(room: Room, user: number): { readonly user: ChatMember['user']; readonly status: string } {
  const member = room.members.get(user);
  if (member === undefined) throw bad('PARTICIPANT_ID_INVALID');
  return member;
}

function told(room: Room, user: number): object {
  const { user: who, status } = memberOf(room, user);
  const rights = user === BOT.id && status === 'administrator' ? room.rights : {};
  return { user: who, status, ...rights, ...(status === 'kicked' ? { until_date: 0 } : {}) };
}

export const METHODS: Readonly<Record<string, Method>> = {
  getMe: method({}, (world) => ({
    ...BOT,
    ...{ can_join_groups: true, can_read_all_group_messages: world.readsGroups, supports_inline_queries: false },
  })),
  getFile: method({ file_id: z.string().min(1) }, (world, args) => {
    const file = world.files.get(args.file_id);
    if (file === undefined) throw bad('wrong file_id or the file is temporarily unavailable');
    if (file.claimed > CLOUD_BYTES) throw bad('file is too big');
    const named = { file_id: file.id, file_unique_id: file.unique, file_size: file.claimed };
    return { ...named, file_path: `photos/${file.unique}.bin` };
  }),
  sendMessage: method(
    {
      ...{ chat_id: chatId, text: z.string(), parse_mode: z.enum(['HTML', 'MarkdownV2']).optional() },
      reply_parameters: z
        .strictObject({ message_id: id, allow_sending_without_reply: z.boolean().optional() })
        .optional(),
      ...{ disable_notification: z.boolean().optional(), message_thread_id: id.optional() },
    },
    (world, args) => {
      const user = Number(args.chat_id);
      if (user > 0 && !world.spokenTo.has(user)) throw forbidden("bot can't initiate conversation with a user");
      const room =
        user > 0 ? (world.rooms.get(user) ?? world.privateChat(world.user(user))) : roomOf(world, args.chat_id);
      if (args.text === '') throw bad('message text is empty');
      if (args.text.length > 4_096) throw bad('message is too long');
      if (room.chat.type === 'channel' && room.rights?.can_post_messages !== true) {
        throw bad('need administrator rights in the channel chat');
      }
      const { message_id: replied, allow_sending_without_reply: lenient } = args.reply_parameters ?? {};
      if (replied !== undefined && !room.messages.has(replied) && lenient !== true) {
        throw bad('message to be replied not found');
      }
      const sent = {
        ...{ message_id: 900_000 + room.messages.size, date: Math.floor(world.now() / 1_000) },
        from: BOT,
      };
      const message = { ...sent, chat: room.chat, text: args.text };
      room.messages.set(message.message_id, message as never);
      return message;
    },
  ),
  deleteMessage: method({ chat_id: chatId, message_id: id }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    deletable(world, room, args.message_id);
    room.messages.delete(args.message_id);
    return true;
  }),
  deleteMessages: method({ chat_id: chatId, message_ids: z.array(id) }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    if (args.message_ids.length === 0) throw bad('message identifiers are not specified');
    if (args.message_ids.length > 100) throw bad('too many message identifiers specified');
    // Those that are not found are passed over; one that may not be deleted spoils all.
    const found = args.message_ids.filter((each) => room.messages.has(each));
    for (const each of found) deletable(world, room, each);
    for (const each of found) room.messages.delete(each);
    return true;
  }),
  banChatMember: method(
    { chat_id: chatId, user_id: id, until_date: id.optional(), revoke_messages: z.boolean().optional() },
    (world, args) => {
      const room = roomOf(world, args.chat_id);
      mayRestrict(room);
      const member = room.members.get(args.user_id) ?? { user: world.user(args.user_id), status: 'left' as const };
      if (member.status === 'creator') throw bad("can't remove chat owner");
      if (member.status === 'administrator') throw bad('user is an administrator of the chat');
      room.members.set(args.user_id, { user: member.user, status: 'kicked' });
      return true;
    },
  ),
  unbanChatMember: method({ chat_id: chatId, user_id: id, only_if_banned: z.boolean().optional() }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    mayRestrict(room);
    const member = room.members.get(args.user_id);
    if (args.only_if_banned && member?.status !== 'kicked') return true;
    room.members.set(args.user_id, { user: member?.user ?? world.user(args.user_id), status: 'left' });
    return true;
  }),
  banChatSenderChat: method({ chat_id: chatId, sender_chat_id: id }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    mayRestrict(room);
    if (args.sender_chat_id === room.chat.id) throw bad("can't ban the chat itself");
    room.bannedSenders.add(args.sender_chat_id);
    return true;
  }),
  unbanChatSenderChat: method({ chat_id: chatId, sender_chat_id: id }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    mayRestrict(room);
    room.bannedSenders.delete(args.sender_chat_id);
    return true;
  }),
  setChatPermissions: method(
    { chat_id: chatId, permissions, use_independent_chat_permissions: z.boolean().optional() },
    (world, args) => {
      const room = roomOf(world, args.chat_id);
      if (room.chat.type === 'channel') throw bad("can't change chat permissions in a channel");
      mayRestrict(room);
      room.permissions = { ...args.permissions };
      return true;
    },
  ),
  getChat: method({ chat_id: chatId }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    const { photo } = room;
    const small = { small_file_id: photo?.id, small_file_unique_id: photo?.unique };
    const told = photo && { ...small, big_file_id: photo.id, big_file_unique_id: photo.unique };
    const shown = room.chat.type === 'channel' ? {} : { permissions: room.permissions };
    return { ...room.chat, ...shown, ...(told === undefined ? {} : { photo: told }), accent_color_id: 1 };
  }),
  deleteChatPhoto: method({ chat_id: chatId }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    if (room.rights?.can_change_info !== true) throw bad('not enough rights to change chat photo');
    if (room.photo === undefined) throw bad('CHAT_NOT_MODIFIED');
    room.photo = undefined;
    return true;
  }),
  getChatMember: method({ chat_id: chatId, user_id: id }, (world, args) =>
    told(roomOf(world, args.chat_id), args.user_id),
  ),
  getChatAdministrators: method({ chat_id: chatId }, (world, args) => {
    const room = roomOf(world, args.chat_id);
    if (room.chat.type === 'private') throw bad('there are no administrators in the private chat');
    const admins = [...room.members].filter(([, { status }]) => status === 'creator' || status === 'administrator');
    return admins.map(([user]) => told(room, user));
  }),
  getUserProfilePhotos: method({ user_id: id, offset: id.optional(), limit: id.optional() }, (world, args) => {
    const files = world.profilePhotos.get(args.user_id) ?? [];
    const photos = files
      .slice(0, args.limit ?? 100)
      .map((file) => [
        { file_id: file.id, file_unique_id: file.unique, width: 640, height: 640, file_size: file.claimed },
      ]);
    return { total_count: files.length, photos };
  }),
  setMyCommands: method(
    {
      commands: z.array(
        z.strictObject({ command: z.string().regex(/^[a-z0-9_]{1,32}$/), description: z.string().min(1).max(256) }),
      ),
    },
    () => true,
  ),
};
