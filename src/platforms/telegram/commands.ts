import { GrammyError } from 'grammy';
import type { Message } from 'grammy/types';
import type { PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import type { BotApi } from './bot-api.js';
import type { Messages } from './messages.js';
import type { Rooms } from './rooms.js';
import { itemId } from './shared-item.js';

const START =
  'This bot watches the public groups and channels that it is added to, and takes down what is known to show the sexual abuse of children. ' +
  'Add it as an administrator that may delete messages and ban users. Commands: /status in a group, and /report as an answer to a message.';
const REPORT_HOW = 'Answer the message in question with /report.';
const THANKS = 'Thank you. It was passed on, and will be looked at.';

/** Reports of the same person about the same message that are remembered. */
const MOST_REPORTS = 5_000;

export interface CommandsOptions {
  readonly api: BotApi;
  readonly intake: PlatformIntake;
  readonly messages: Messages;
  readonly rooms: Rooms;
  /** The bot's name, without `@`. */
  readonly username: string;
  /** Hands in the message that is reported, which may be older than the bot's being there. */
  readonly handIn: (message: Message) => Promise<boolean>;
  readonly surfaceOf: (message: Message) => 'public' | 'private';
  readonly signal: AbortSignal;
}

/** What people can ask the bot for. No answer says anything of lists, entries or what was found. */
export class Commands {
  readonly #options: CommandsOptions;
  readonly #reported = new Set<string>();

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  async answer(message: Message): Promise<void> {
    const command = this.#commandOf(message);
    if (command === undefined) return;
    const text = await this.#textFor(command.name, command.rest, message);
    if (text !== undefined) await this.#say(message, text);
  }

  #commandOf({ text, edit_date: edited }: Message): { readonly name: string; readonly rest: string } | undefined {
    if (text === undefined || edited !== undefined) return undefined;
    const [, name, bot, rest = ''] = /^\/(start|status|report)(?:@(\w+))?(?:\s+([\s\S]*))?$/i.exec(text) ?? [];
    if (name === undefined) return undefined;
    if (bot !== undefined && bot.toLowerCase() !== this.#options.username.toLowerCase()) return undefined;
    return { name: name.toLowerCase(), rest };
  }

  async #textFor(name: string, rest: string, message: Message): Promise<string | undefined> {
    const isPerson = message.chat.type === 'private';
    if (name === 'start') return START;
    if (name === 'status')
      return isPerson ? 'The bot is at work. Ask in a group for its state there.' : this.#status(message);
    return isPerson || message.reply_to_message === undefined ? REPORT_HOW : await this.#report(message, rest);
  }

  async #status(message: Message): Promise<string> {
    const { rooms, surfaceOf, signal } = this.#options;
    if (surfaceOf(message) === 'private') {
      return 'Nothing is looked at here: this group is private. Give it a public name, or ask who operates the bot.';
    }
    const missing = await rooms.missing(String(message.chat.id), signal);
    return missing.length === 0
      ? 'This group is watched.'
      : `This group is watched, and the bot can do nothing here yet. It lacks a right: ${missing.join(' and ')}.`;
  }

  async #report(message: Message, rest: string): Promise<string | undefined> {
    const { surfaceOf } = this.#options;
    const about = message.reply_to_message as Message;
    const reporter = message.from?.id ?? message.sender_chat?.id;
    if (reporter === undefined || surfaceOf(message) === 'private') return undefined;
    const item = itemId(message.chat.id, about.message_id);
    const once = `${reporter} ${item}`;
    if (this.#reported.has(once)) return undefined;
    this.#note(once);
    try {
      return await this.#passOn(message, about, { item, reporter: String(reporter) }, rest);
    } catch (error) {
      // It did not get through: it may be made again.
      this.#reported.delete(once);
      throw error;
    }
  }

  async #passOn(
    { chat }: Message,
    about: Message,
    report: { readonly item: string; readonly reporter: string },
    rest: string,
  ): Promise<string> {
    const { intake, handIn } = this.#options;
    if (!(await handIn({ ...about, chat } as Message))) return REPORT_HOW;
    const text = rest.trim();
    await intake.report({ ...report, reason: 'abuse', ...(text === '' ? {} : { text }) });
    return THANKS;
  }

  /** Noted before it is passed on, as the same may be told several times at once. */
  #note(once: string): void {
    const [oldest] = this.#reported;
    if (this.#reported.size >= MOST_REPORTS && oldest !== undefined) this.#reported.delete(oldest);
    this.#reported.add(once);
  }

  /** An answer is a courtesy: where it cannot be given, nothing is lost. */
  async #say({ chat, message_id: id }: Message, text: string): Promise<void> {
    const { messages, signal } = this.#options;
    try {
      await messages.send(String(chat.id), text, signal, id);
    } catch (error) {
      if (!(error instanceof GrammyError || error instanceof VigieError)) throw error;
    }
  }
}
