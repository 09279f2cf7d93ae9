import { VigieError } from '../../errors.js';
import type { BotApi } from './bot-api.js';
import type { Pace } from './pace.js';

/** Longest text that Telegram takes, characters. */
const LONGEST = 4_096;

/** Sends what the bot says, within the limits that Telegram sets. */
export class Messages {
  readonly #api: BotApi;
  readonly #pace: Pace;

  constructor(api: BotApi, pace: Pace) {
    this.#api = api;
    this.#pace = pace;
  }

  /**
   * @param to number of a chat, or `@name` of a channel
   * @param answerTo number of the message that it answers, if it is still there
   * @throws GrammyError when the answer is no; VigieError `platform-busy` with `retryAfter`, as `BotApi.ask`
   */
  async send(to: string, text: string, signal: AbortSignal, answerTo?: number): Promise<void> {
    const wait = this.#pace.take(to);
    if (wait > 0) throw new VigieError('platform-busy', { retryAfter: wait, detail: 'enough was said for now' });
    const reply =
      answerTo === undefined
        ? {}
        : { reply_parameters: { message_id: answerTo, allow_sending_without_reply: true as const } };
    const message = { chat_id: to, text: text.slice(0, LONGEST), ...reply };
    await this.#api.ask(`sendMessage ${to}`, (raw, stop) => raw.sendMessage(message, stop), signal);
  }
}
