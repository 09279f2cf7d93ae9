import { GrammyError } from 'grammy';
import type { Chat, ChatMember } from 'grammy/types';
import type { PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import type { BotApi } from './bot-api.js';
import type { TelegramMemory } from './memory.js';
import type { Messages } from './messages.js';

const MOST_ROOMS = 20_000;
/** Rooms whose rights are looked up at the same time; others are looked up when they are next heard of. */
const MOST_CHECKS = 16;
const CHECK_TIMEOUT_MS = 60_000;

export interface RoomsOptions {
  readonly api: BotApi;
  readonly intake: PlatformIntake;
  readonly memory: TelegramMemory;
  readonly messages: Messages;
  readonly logger: PlatformHouse['logger'];
  /** Number of the bot. */
  readonly self: number;
  readonly signal: AbortSignal;
}

export type Right = 'delete messages' | 'ban users';

/** Where the bot is, and whether it may do there what it is there for. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #checked = new Set<string>();
  readonly #checks = new Map<string, Promise<void>>();
  /** When Telegram says that the rights in a room were last changed, seconds since 1970. */
  readonly #changes = new Map<string, number>();
  /** What is being told of a room: one after the other, so that what was newer stays. */
  readonly #telling = new Map<string, Promise<void>>();

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  /** Told of every message of a room: the rights there are looked up once in a run. */
  seen(chat: Chat): void {
    const room = String(chat.id);
    if (this.#checked.has(room) || this.#checks.size >= MOST_CHECKS) return;
    this.check(room);
  }

  /** Looks up the rights in a room, beside what else is done. */
  check(room: string): void {
    if (this.#checks.has(room)) return;
    if (this.#checked.size > MOST_ROOMS) this.#checked.clear();
    this.#checked.add(room);
    const check = this.#check(room).catch((error: unknown) => {
      // Looked up again when the room is next heard of.
      this.#checked.delete(room);
      this.#options.logger.warn(
        { code: VigieError.from(error).code },
        'rights in a room of Telegram were not found out',
      );
    });
    this.#checks.set(room, check);
    void check.finally(() => this.#checks.delete(room));
  }

  /** Rights that are missing in a room. @throws GrammyError; VigieError as `BotApi.ask` */
  async missing(room: string, signal: AbortSignal): Promise<readonly Right[]> {
    const { api, self } = this.#options;
    const ids = { chat_id: room, user_id: self };
    const me = await api.ask(`rights ${room}`, (raw, stop) => raw.getChatMember(ids, stop), signal);
    return missingOf(me);
  }

  /**
   * The bot was given other rights, was added or removed.
   * @param at seconds since 1970. Where changes do not come in their order, the rights are looked up
   */
  async changed(room: string, me: ChatMember, at: number): Promise<void> {
    const last = this.#changes.get(room) ?? 0;
    if (at <= last) {
      this.#checked.delete(room);
      this.check(room);
      return;
    }
    this.#checked.add(room);
    if (this.#changes.size > MOST_ROOMS) this.#changes.clear();
    this.#changes.set(room, at);
    const away = me.status === 'left' || me.status === 'kicked';
    await this.#told(room, away ? [] : missingOf(me), at);
  }

  /** Waits for what is being looked up. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#checks.values());
  }

  async #check(room: string): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(CHECK_TIMEOUT_MS)]);
    const asked = this.#changes.get(room);
    await this.#told(room, await this.missing(room, signal), asked);
  }

  /** @param asOf the last change that this takes into account; one that came since counts */
  async #told(room: string, missing: readonly Right[], asOf: number | undefined): Promise<void> {
    const before = this.#telling.get(room) ?? Promise.resolve();
    const turn = before
      .catch(() => undefined)
      .then(async () => {
        if (this.#changes.get(room) === asOf) await this.#tell(room, missing);
      });
    this.#telling.set(room, turn);
    try {
      await turn;
    } finally {
      if (this.#telling.get(room) === turn) this.#telling.delete(room);
    }
  }

  async #tell(room: string, missing: readonly Right[]): Promise<void> {
    const { intake, memory } = this.#options;
    if (missing.length === 0) {
      await intake.settled({ code: 'rights-missing', room });
      await memory.setTold(room, false);
      return;
    }
    await intake.trouble({ code: 'rights-missing', room });
    if (memory.isTold(room)) return;
    // Noted first: a failure in between must not make the bot say it again and again.
    await memory.setTold(room, true);
    await this.#tellOwner(room, missing);
  }

  /** The owner in person, who has to have written to the bot before; else the room. */
  async #tellOwner(room: string, missing: readonly Right[]): Promise<void> {
    const { api, messages, signal, logger } = this.#options;
    const rights = missing.join(' and ');
    try {
      const ask = { chat_id: room };
      const admins = await api.ask(`rights ${room}`, (raw, stop) => raw.getChatAdministrators(ask, stop), signal);
      const owner = admins.find(({ status }) => status === 'creator')?.user.id;
      const chat = await api.ask(`rights ${room}`, (raw, stop) => raw.getChat(ask, stop), signal);
      const text = `In “${chat.title ?? room}” this bot lacks a right: ${rights}. ${REMEDY}`;
      if (owner !== undefined && (await this.#reaches(owner, text))) return;
      // A channel is for its readers, not for its upkeep.
      if (chat.type !== 'channel')
        await messages.send(room, `This bot lacks a right here: ${rights}. ${REMEDY}`, signal);
    } catch (error) {
      if (error instanceof GrammyError || error instanceof VigieError) {
        logger.warn({ code: 'act-refused' }, 'an owner in Telegram could not be told of missing rights');
      } else throw error;
    }
  }

  async #reaches(person: number, text: string): Promise<boolean> {
    const { messages, signal } = this.#options;
    try {
      await messages.send(String(person), text, signal);
      return true;
    } catch (error) {
      if (error instanceof GrammyError) return false;
      throw error;
    }
  }
}

const REMEDY = 'Please make it an administrator with this right; until then it can see and not help.';

function missingOf(me: ChatMember): readonly Right[] {
  if (me.status === 'creator') return [];
  if (me.status !== 'administrator') return ['delete messages', 'ban users'];
  return [
    ...(me.can_delete_messages ? [] : (['delete messages'] as const)),
    ...(me.can_restrict_members ? [] : (['ban users'] as const)),
  ];
}
