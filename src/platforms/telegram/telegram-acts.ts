import { GrammyError, type RawApi } from 'grammy';
import type { ChatPermissions } from 'grammy/types';
import type { Act, Order, Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import type { BotApi } from './bot-api.js';
import type { Deletions } from './deletions.js';
import type { TelegramMemory } from './memory.js';
import type { Messages } from './messages.js';
import { actRefused, deletionRefused, isRightMissing, migratedTo } from './refusals.js';
import { readItemId } from './shared-item.js';

export const TELEGRAM_ACTS: ReadonlySet<Act> = new Set<Act>([
  ...(['remove', 'suspend-account', 'reinstate-account', 'notify-author', 'notify-room'] as const),
  ...(['restrict-room', 'close-room', 'reopen-room'] as const),
]);

const WRITING = 'can_send_messages';
const MEDIA = ['audios', 'documents', 'photos', 'videos', 'video_notes', 'voice_notes', 'other_messages', 'polls'].map(
  (kind) => `can_send_${kind}`,
);
const PREVIEWS = 'can_add_web_page_previews';

export interface TelegramActsOptions {
  readonly api: BotApi;
  readonly deletions: Deletions;
  readonly messages: Messages;
  readonly memory: TelegramMemory;
  /** Told of a room where a right was missing. */
  readonly rightMissing: (room: string) => void;
  readonly now: () => number;
}

/** What can be done in Telegram, and how. */
export class TelegramActs {
  readonly #options: TelegramActsOptions;

  constructor(options: TelegramActsOptions) {
    this.#options = options;
  }

  /** @throws VigieError as `Platform.act` */
  async carry(order: Order, signal: AbortSignal): Promise<Outcome> {
    try {
      return await this.#carry(order, signal);
    } catch (error) {
      if (!(error instanceof GrammyError)) throw error;
      const room = order.target.room ?? order.target.item?.split(':')[0];
      if (isRightMissing(error) && room !== undefined && order.act !== 'notify-author')
        this.#options.rightMissing(room);
      throw actRefused(error);
    }
  }

  async #carry(order: Order, signal: AbortSignal): Promise<Outcome> {
    const { act, target, message, id } = order;
    if (act === 'remove') return await this.#remove(order, signal);
    // A channel that posts in a group is nobody who could be written to.
    const author = target.account?.startsWith('-') ? null : target.account;
    if (act === 'notify-author') return await this.#say(id, author, message, signal);
    if (act === 'notify-room') return await this.#say(id, target.room, message, signal);
    if (act === 'suspend-account') return await this.#account(order, true, signal);
    if (act === 'reinstate-account') return await this.#account(order, false, signal);
    if (act === 'restrict-room') return await this.#restrict(order, MEDIA, signal);
    if (act === 'close-room') return await this.#restrict(order, [WRITING, ...MEDIA], signal);
    if (act === 'reopen-room') return await this.#reopen(order, signal);
    throw new VigieError('act-unsupported', { detail: act });
  }

  async #remove({ target }: Order, signal: AbortSignal): Promise<Outcome> {
    const name = target.item === null ? undefined : readItemId(target.item);
    if (name === undefined) throw new VigieError('act-unsupported', { detail: 'not a message' });
    if (name.of === 'member-photo') throw new VigieError('act-unsupported', { detail: 'photo of a person' });
    if (name.of === 'room-photo') return await this.#removeRoomPhoto(name.chat, name.unique, signal);
    try {
      return await this.#options.deletions.delete(name.chat, name.message, signal);
    } catch (error) {
      if (!(error instanceof GrammyError)) throw error;
      const refused = deletionRefused(error, target.sharedAt ?? undefined, this.#options.now());
      if (refused.code === 'act-refused' && isRightMissing(error)) this.#options.rightMissing(String(name.chat));
      throw refused;
    }
  }

  /** Only while it still is the photo of the room: another one has done no harm. */
  async #removeRoomPhoto(chat: number, unique: string, signal: AbortSignal): Promise<Outcome> {
    const { photo } = await this.#ask(chat, (raw, id, stop) => raw.getChat({ chat_id: id }, stop), signal);
    if (photo?.big_file_unique_id !== unique) return 'already';
    await this.#ask(chat, (raw, id, stop) => raw.deleteChatPhoto({ chat_id: id }, stop), signal);
    return 'done';
  }

  async #account({ target }: Order, suspend: boolean, signal: AbortSignal): Promise<Outcome> {
    const account = numberOf(target.account);
    const room = numberOf(target.room);
    if (account === undefined || room === undefined) {
      throw new VigieError('act-unsupported', { detail: 'no account of its own shared it' });
    }
    if (account < 0) {
      const who = { sender_chat_id: account };
      await this.#ask(
        room,
        (raw, id, stop) =>
          suspend
            ? raw.banChatSenderChat({ chat_id: id, ...who }, stop)
            : raw.unbanChatSenderChat({ chat_id: id, ...who }, stop),
        signal,
      );
      return 'done';
    }
    const banned = await this.#isBanned(room, account, signal);
    if (banned === suspend) return 'already';
    const who = { user_id: account };
    await this.#ask(
      room,
      (raw, id, stop) =>
        suspend
          ? raw.banChatMember({ chat_id: id, ...who }, stop)
          : raw.unbanChatMember({ chat_id: id, ...who, only_if_banned: true }, stop),
      signal,
    );
    if ((await this.#isBanned(room, account, signal)) !== suspend) throw new VigieError('act-unconfirmed');
    return 'done';
  }

  async #isBanned(room: number, user: number, signal: AbortSignal): Promise<boolean> {
    try {
      const member = await this.#ask(
        room,
        (raw, id, stop) => raw.getChatMember({ chat_id: id, user_id: user }, stop),
        signal,
      );
      return member.status === 'kicked';
    } catch (error) {
      // Somebody who was never there.
      if (error instanceof GrammyError && /PARTICIPANT_ID_INVALID|user not found/i.test(error.description))
        return false;
      throw error;
    }
  }

  async #say(order: string, to: string | null, text: string | null, signal: AbortSignal): Promise<Outcome> {
    if (to === null) throw new VigieError('act-unsupported', { detail: 'nobody to tell' });
    if (text === null) return 'already';
    const { messages, memory } = this.#options;
    memory.assertHeld();
    if (memory.isDone(order)) return 'already';
    await messages.send(to, text, signal);
    await memory.setDone(order);
    return 'done';
  }

  async #restrict({ target }: Order, forbidden: readonly string[], signal: AbortSignal): Promise<Outcome> {
    const { memory } = this.#options;
    memory.assertHeld();
    const room = roomOf(target.room);
    const current = await this.#permissions(room, signal);
    const wanted = { ...current, [PREVIEWS]: false, ...Object.fromEntries(forbidden.map((name) => [name, false])) };
    if (isSame(current, wanted)) return 'already';
    // Kept first: a room that was closed must be possible to open again.
    if (memory.allowedIn(String(room)) === undefined) await memory.setAllowed(String(room), current);
    await this.#permit(room, wanted, signal);
    return 'done';
  }

  async #reopen({ id, target }: Order, signal: AbortSignal): Promise<Outcome> {
    const { memory } = this.#options;
    memory.assertHeld();
    if (memory.isDone(id)) return 'already';
    const room = roomOf(target.room);
    const before = memory.allowedIn(String(room));
    if (before === undefined) throw new VigieError('act-refused', { detail: 'what the room allowed is not known' });
    const current = await this.#permissions(room, signal);
    const same = isSame(current, before);
    if (!same) await this.#permit(room, before, signal);
    await memory.setDone(id);
    await memory.setAllowed(String(room), undefined);
    return same ? 'already' : 'done';
  }

  async #permissions(room: number, signal: AbortSignal): Promise<Readonly<Record<string, boolean>>> {
    const chat = await this.#ask(room, (raw, id, stop) => raw.getChat({ chat_id: id }, stop), signal);
    if (chat.type === 'channel' || chat.permissions === undefined) {
      throw new VigieError('act-unsupported', { detail: 'only groups can be restricted' });
    }
    return { ...chat.permissions } as Record<string, boolean>;
  }

  async #permit(room: number, wanted: Readonly<Record<string, boolean>>, signal: AbortSignal): Promise<void> {
    const asked = { permissions: wanted as ChatPermissions, use_independent_chat_permissions: true };
    await this.#ask(room, (raw, id, stop) => raw.setChatPermissions({ chat_id: id, ...asked }, stop), signal);
    const now = await this.#permissions(room, signal);
    const missed = Object.entries(wanted).some(([name, allowed]) => !allowed && now[name] === true);
    if (missed) throw new VigieError('act-unconfirmed');
  }

  /** Asks about a room, also one that goes by another number since it became a supergroup. */
  async #ask<T>(
    room: number,
    ask: (raw: RawApi, room: number, stop: NonNullable<Parameters<RawApi['getMe']>[0]>) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { api } = this.#options;
    try {
      return await api.ask(`act ${room}`, (raw, stop) => ask(raw, room, stop), signal);
    } catch (error) {
      const moved = error instanceof GrammyError ? migratedTo(error) : undefined;
      if (moved === undefined) throw error;
      return await api.ask(`act ${moved}`, (raw, stop) => ask(raw, moved, stop), signal);
    }
  }
}

function numberOf(id: string | null): number | undefined {
  return id !== null && /^-?\d{1,16}$/.test(id) ? Number(id) : undefined;
}

function roomOf(id: string | null): number {
  const room = numberOf(id);
  if (room === undefined) throw new VigieError('act-unsupported', { detail: 'no room' });
  return room;
}

function isSame(a: Readonly<Record<string, boolean>>, b: Readonly<Record<string, boolean>>): boolean {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every(
    (name) => (a[name] ?? false) === (b[name] ?? false),
  );
}
