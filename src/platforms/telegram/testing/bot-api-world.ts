/** What a Bot API server knows: one bot, its rooms, their people, messages and files. Numbers are like Telegram's own. */
import type { Chat, ChatPermissions, Message, Update, User } from 'grammy/types';

export type Status = 'creator' | 'administrator' | 'member' | 'restricted' | 'left' | 'kicked';

export interface BotRights {
  can_delete_messages: boolean;
  can_restrict_members: boolean;
  can_change_info: boolean;
  can_post_messages: boolean;
}

export interface Room {
  readonly chat: Chat;
  readonly members: Map<number, { user: User; status: Status }>;
  readonly bannedSenders: Set<number>;
  readonly messages: Map<number, Message>;
  /** What the bot may do there; undefined: it is no administrator. */
  rights: BotRights | undefined;
  permissions: ChatPermissions;
  photo: ServedFile | undefined;
}

export interface ServedFile {
  readonly id: string;
  readonly unique: string;
  readonly bytes: Buffer;
  /** What the server says of its size, which need not be so. */
  readonly claimed: number;
}

export const BOT: User & { is_bot: true; username: string } = {
  ...{ id: 7_000_000_001, is_bot: true, first_name: 'Vigie', username: 'vigie_test_bot' },
};

export const ALL_RIGHTS: BotRights = {
  ...{ can_delete_messages: true, can_restrict_members: true, can_change_info: true, can_post_messages: true },
};

const ALL_PERMISSIONS: ChatPermissions = {
  ...{ can_send_messages: true, can_send_audios: true, can_send_documents: true, can_send_photos: true },
  ...{ can_send_videos: true, can_send_video_notes: true, can_send_voice_notes: true, can_send_polls: false },
  ...{ can_send_other_messages: true, can_add_web_page_previews: true, can_change_info: false },
  ...{ can_invite_users: true, can_pin_messages: false, can_manage_topics: false },
};

export class BotApiWorld {
  readonly rooms = new Map<number, Room>();
  readonly files = new Map<string, ServedFile>();
  readonly filesByPath = new Map<string, ServedFile>();
  readonly profilePhotos = new Map<number, ServedFile[]>();
  /** Updates that were not confirmed, oldest first. */
  readonly updates: Update[] = [];
  /** Users who wrote to the bot, and may be written to. */
  readonly spokenTo = new Set<number>();
  /** Privacy mode is off: it sees what people write in groups where it is no administrator. */
  readsGroups = false;
  /** Milliseconds since 1970. */
  now: () => number = Date.now;
  /** Told when there is a new update. */
  changed: () => void = () => undefined;
  #nextUpdate = 400_000_001;
  #nextMessage = 100;
  #nextFile = 1;

  user(id: number, name = `User ${id}`): User {
    return { id, is_bot: false, first_name: name };
  }

  group(id: number, username?: string, rights: BotRights | undefined = ALL_RIGHTS): Room {
    const chat = { id, type: 'supergroup', title: `Group ${id}`, ...(username === undefined ? {} : { username }) };
    return this.#room(chat as Chat, rights);
  }

  channel(id: number, username?: string, rights: BotRights | undefined = ALL_RIGHTS): Room {
    const chat = { id, type: 'channel', title: `Channel ${id}`, ...(username === undefined ? {} : { username }) };
    return this.#room(chat as Chat, rights);
  }

  privateChat(user: User): Room {
    return this.#room({ id: user.id, type: 'private', first_name: user.first_name } as Chat, undefined);
  }

  #room(chat: Chat, rights: BotRights | undefined): Room {
    const room: Room = {
      ...{ chat, members: new Map(), bannedSenders: new Set<number>(), messages: new Map(), rights, photo: undefined },
      permissions: { ...ALL_PERMISSIONS },
    };
    room.members.set(BOT.id, { user: BOT, status: rights === undefined ? 'member' : 'administrator' });
    const owner = this.user(5_000_000_001, 'Owner');
    if (chat.type !== 'private') room.members.set(owner.id, { user: owner, status: 'creator' });
    this.rooms.set(chat.id, room);
    return room;
  }

  file(bytes: Buffer, claimed = bytes.length): ServedFile {
    const n = this.#nextFile++;
    const file = { id: `AgACAgIAAx0C${n}`.padEnd(40, 'x'), unique: `AQAD${n}`.padEnd(16, 'y'), bytes, claimed };
    this.files.set(file.id, file);
    this.filesByPath.set(`photos/${file.unique}.bin`, file);
    return file;
  }

  /** Posts a message of somebody; the bot is told when it would be. */
  post(room: Room, content: Partial<Message>, from: User | undefined = this.user(6_000_000_001)): Message {
    const author = room.chat.type === 'channel' ? { sender_chat: room.chat } : { from };
    const message = {
      ...{ message_id: this.#nextMessage++, date: Math.floor(this.now() / 1_000), chat: room.chat },
      ...author,
      ...content,
    } as Message;
    room.messages.set(message.message_id, message);
    if (room.chat.type === 'private' && from !== undefined) this.spokenTo.add(from.id);
    if (message.from !== undefined && !room.members.has(message.from.id)) {
      room.members.set(message.from.id, { user: message.from, status: 'member' });
    }
    if (this.#sees(room, message)) {
      this.tell({ [room.chat.type === 'channel' ? 'channel_post' : 'message']: message } as Partial<Update>);
    }
    return message;
  }

  edit(room: Room, id: number, content: Partial<Message>, at = this.now()): Message {
    const old = room.messages.get(id) as Message;
    const { message_id: _id, date, chat, from, sender_chat: sender } = old;
    const kept = { message_id: id, date, chat, ...(from ? { from } : {}), ...(sender ? { sender_chat: sender } : {}) };
    const message = { ...kept, ...content, edit_date: Math.floor(at / 1_000) } as Message;
    room.messages.set(id, message);
    this.tell({
      [room.chat.type === 'channel' ? 'edited_channel_post' : 'edited_message']: message,
    } as Partial<Update>);
    return message;
  }

  /** Puts an update before the bot. */
  tell(content: Partial<Update>): Update {
    const update = { update_id: this.#nextUpdate++, ...content } as Update;
    this.updates.push(update);
    this.changed();
    return update;
  }

  /** In groups a bot that is no administrator sees commands and answers to it alone, unless privacy mode is off. */
  #sees({ chat, rights }: Room, { text, reply_to_message: reply }: Message): boolean {
    if (chat.type === 'private' || rights !== undefined) return true;
    if (chat.type === 'channel') return false;
    return this.readsGroups || text?.startsWith('/') === true || reply?.from?.id === BOT.id;
  }
}
