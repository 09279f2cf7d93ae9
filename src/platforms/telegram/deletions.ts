import { GrammyError } from 'grammy';
import type { Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import { Slots } from '../../runtime/slots.js';
import type { BotApi } from './bot-api.js';

/** Messages that Telegram deletes with one call. */
const MOST_AT_ONCE = 100;
/** Calls at once that ask whether a message is gone. */
const CONFIRMATIONS = 8;
const CALL_TIMEOUT_MS = 25_000;

interface Job {
  readonly message: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** Deletes messages: those of one room that come while a call is under way go together with the next one. */
export class Deletions {
  readonly #api: BotApi;
  readonly #confirm: boolean;
  readonly #waiting = new Map<number, Job[]>();
  readonly #slots = new Slots(CONFIRMATIONS);

  /** @param confirm whether Telegram is asked once more, after it said that a message is deleted */
  constructor(api: BotApi, confirm: boolean) {
    this.#api = api;
    this.#confirm = confirm;
  }

  /** @throws GrammyError when Telegram refuses; VigieError as `BotApi.ask`, and `act-unconfirmed` */
  async delete(chat: number, message: number, signal: AbortSignal): Promise<Outcome> {
    const outcome = await abortable(
      new Promise<Outcome>((resolve, reject) => this.#add(chat, { message, resolve, reject })),
      signal,
    );
    if (outcome === 'done' && this.#confirm) await this.#assertGone(chat, message, signal);
    return outcome;
  }

  #add(chat: number, job: Job): void {
    const waiting = this.#waiting.get(chat);
    if (waiting !== undefined) {
      waiting.push(job);
      return;
    }
    this.#waiting.set(chat, [job]);
    void this.#work(chat);
  }

  async #work(chat: number): Promise<void> {
    for (;;) {
      const jobs = this.#waiting.get(chat)?.splice(0, MOST_AT_ONCE) ?? [];
      if (jobs.length === 0) break;
      // What may not be deleted spoils the call for the others: then each is asked for by itself.
      if (jobs.length === 1 || !(await this.#together(chat, jobs)))
        for (const job of jobs) await this.#alone(chat, job);
    }
    this.#waiting.delete(chat);
  }

  /** @returns false when Telegram refused */
  async #together(chat: number, jobs: readonly Job[]): Promise<boolean> {
    const ids = { chat_id: chat, message_ids: [...new Set(jobs.map(({ message }) => message))] };
    try {
      await this.#api.ask(`delete ${chat}`, (raw, stop) => raw.deleteMessages(ids, stop), limit());
      for (const { resolve } of jobs) resolve('done');
    } catch (error) {
      if (error instanceof GrammyError) return false;
      for (const { reject } of jobs) reject(error);
    }
    return true;
  }

  async #alone(chat: number, { message, resolve, reject }: Job): Promise<void> {
    await this.#once(chat, message, limit()).then(resolve, reject);
  }

  async #once(chat: number, message: number, signal: AbortSignal): Promise<Outcome> {
    try {
      const ids = { chat_id: chat, message_id: message };
      await this.#api.ask(`delete ${chat}`, (raw, stop) => raw.deleteMessage(ids, stop), signal);
      return 'done';
    } catch (error) {
      if (error instanceof GrammyError && /message to delete not found/i.test(error.description)) return 'already';
      throw error;
    }
  }

  /** The Bot API cannot show a message, yet it says when there is none to delete. */
  async #assertGone(chat: number, message: number, signal: AbortSignal): Promise<void> {
    await this.#slots.with(signal, async () => {
      if ((await this.#once(chat, message, signal)) === 'done') throw new VigieError('act-unconfirmed');
    });
  }
}

function limit(): AbortSignal {
  return AbortSignal.timeout(CALL_TIMEOUT_MS);
}
