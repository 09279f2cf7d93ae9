import { GrammyError } from 'grammy';
import type { Chat, ChatMemberUpdated, Message, Update, User } from 'grammy/types';
import type { PlatformHouse, PlatformIntake, SharedItem } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { handIn } from '../hand-in.js';
import type { BotApi } from './bot-api.js';
import { Commands } from './commands.js';
import { largest } from './media-of.js';
import type { Messages } from './messages.js';
import type { Rooms } from './rooms.js';
import { memberPhotoId, roomPhotoId, sharedItem, surfaceOf } from './shared-item.js';
import { readUpdate } from './update-shape.js';

/** People who join at once and whose photos are looked at. */
const MOST_MEMBERS = 20;

export interface UpdatesOptions {
  readonly api: BotApi;
  readonly intake: PlatformIntake;
  readonly messages: Messages;
  readonly rooms: Rooms;
  readonly self: { readonly id: number; readonly username: string };
  readonly openRooms: ReadonlySet<string>;
  readonly cloud: boolean;
  readonly profilePhotos: boolean;
  readonly logger: PlatformHouse['logger'];
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Takes in what Telegram tells. */
export class Updates {
  readonly #options: UpdatesOptions;
  readonly #commands: Commands;

  constructor(options: UpdatesOptions) {
    this.#options = options;
    const { api, intake, messages, rooms, self, signal } = options;
    this.#commands = new Commands({
      ...{ api, intake, messages, rooms, signal, username: self.username },
      handIn: (message) => this.#message(message),
      surfaceOf: ({ chat }) => this.#surface(chat),
    });
  }

  /**
   * Takes in an update; what it tells is stored when this returns. The same again changes nothing. One that cannot be
   * used is told as a trouble, so that it does not stand in the way of others.
   * @throws the signal's reason; errors of the database that do not pass
   */
  async take(value: unknown): Promise<void> {
    const { intake, logger } = this.#options;
    const update = readUpdate(value);
    if (update === undefined) {
      logger.warn({ code: 'platform-malformed' }, 'an update of Telegram is not what it should be');
      await intake.trouble({ code: 'update-malformed' });
      return;
    }
    const message = messageOf(update);
    if (message !== undefined) await this.#told(message);
    if (update.my_chat_member !== undefined) await this.#selfChanged(update.my_chat_member);
    if (update.chat_member !== undefined) await this.#memberChanged(update.chat_member);
  }

  async #told(message: Message): Promise<void> {
    const { rooms, self, intake } = this.#options;
    if (message.from?.id === self.id) return;
    if (message.chat.type !== 'private') {
      rooms.seen(message.chat);
      await this.#message(message);
      if (message.pinned_message !== undefined && message.pinned_message.date > 0) {
        await this.#message({ ...message.pinned_message, chat: message.chat } as Message);
      }
      if (message.new_chat_photo !== undefined)
        await this.#photos(message.chat, () => this.#roomPhoto(message.chat, message));
      await this.#photos(message.chat, () => this.#photosOf(message.chat, message.new_chat_members ?? []));
    }
    await this.#leniently(() => this.#commands.answer(message), undefined);
    intake.heard();
  }

  /** @returns whether there was anything in it to look at */
  async #message(message: Message): Promise<boolean> {
    const { cloud, now } = this.#options;
    const reading = { cloud, surface: this.#surface(message.chat), seenAt: new Date(now()) };
    const item = sharedItem(message, reading);
    if (item !== undefined) await this.#hand(item);
    return item !== undefined;
  }

  async #hand(item: SharedItem): Promise<void> {
    await handIn(this.#options, item);
  }

  async #selfChanged({ chat, new_chat_member: me, date }: ChatMemberUpdated): Promise<void> {
    const { rooms } = this.#options;
    if (chat.type === 'private') return;
    await rooms.changed(String(chat.id), me, date);
    if (me.status === 'administrator' || me.status === 'member') await this.#photos(chat, () => this.#roomPhoto(chat));
  }

  async #memberChanged({ chat, old_chat_member: old, new_chat_member: member }: ChatMemberUpdated): Promise<void> {
    const was = old.status === 'left' || old.status === 'kicked';
    const is = member.status === 'member' || member.status === 'restricted' || member.status === 'administrator';
    if (was && is && chat.type !== 'private') await this.#photos(chat, () => this.#photosOf(chat, [member.user]));
  }

  async #roomPhoto(chat: Chat, by?: Message): Promise<void> {
    const { api, signal, now } = this.#options;
    const ids = { chat_id: chat.id };
    const { photo } = await api.ask(`photo ${chat.id}`, (raw, stop) => raw.getChat(ids, stop), signal);
    if (photo === undefined) return;
    await this.#hand({
      id: roomPhotoId(chat.id, photo.big_file_unique_id),
      ...(by?.from === undefined ? {} : { account: String(by.from.id) }),
      ...{ room: String(chat.id), surface: this.#surface(chat), seenAt: new Date(now()) },
      media: [{ ref: photo.big_file_id, fileId: photo.big_file_unique_id }],
    });
  }

  async #photosOf(chat: Chat, users: readonly User[]): Promise<void> {
    const { api, signal, now, profilePhotos, self } = this.#options;
    if (!profilePhotos) return;
    for (const { id } of users.filter((user) => user.id !== self.id).slice(0, MOST_MEMBERS)) {
      const asked = { user_id: id, limit: 1 };
      const told = await api.ask('photos', (raw, stop) => raw.getUserProfilePhotos(asked, stop), signal);
      const best = largest(told.photos[0] ?? []);
      if (best === undefined) continue;
      await this.#hand({
        id: memberPhotoId(chat.id, id, best.file_unique_id),
        ...{ account: String(id), room: String(chat.id), surface: this.#surface(chat), seenAt: new Date(now()) },
        media: [{ ref: best.file_id, fileId: best.file_unique_id }],
      });
    }
  }

  #surface(chat: Chat): 'public' | 'private' {
    return surfaceOf(chat, this.#options.openRooms);
  }

  /** A photo that could not be got at was not looked at: a person must know. */
  async #photos(chat: Chat, act: () => Promise<void>): Promise<void> {
    await this.#leniently(act, { code: 'photo-not-seen', room: String(chat.id) });
  }

  /** What has to be asked of Telegram beside a message, and need not be possible. */
  async #leniently(act: () => Promise<void>, trouble: { code: string; room: string } | undefined): Promise<void> {
    const { logger, signal, intake } = this.#options;
    try {
      await act();
    } catch (error) {
      signal.throwIfAborted();
      const ofPlatform = error instanceof VigieError && error.code.startsWith('platform-');
      if (!ofPlatform && !(error instanceof GrammyError)) throw error;
      logger.warn({ code: ofPlatform ? error.code : 'act-refused' }, 'something of Telegram could not be asked');
      if (trouble !== undefined) await intake.trouble(trouble);
    }
  }
}

function messageOf(update: Update): Message | undefined {
  return update.message ?? update.edited_message ?? update.channel_post ?? update.edited_channel_post;
}
