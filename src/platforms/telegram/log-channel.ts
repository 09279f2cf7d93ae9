import { setTimeout as sleep } from 'node:timers/promises';
import type { Act, Outcome } from '../../enforcement/acts.js';
import type { Messages } from './messages.js';

/** At most twenty messages a minute may be sent to a channel: what happens between two goes into one. */
const PAUSE_MS = 3_500;
const MOST_LINES = 40;
const LONGEST_ROOM = 60;

const SAID: { readonly [A in Act]?: string } = {
  remove: 'removed a message',
  'suspend-account': 'banned an account',
  'reinstate-account': 'let an account in again',
  'restrict-room': 'let nobody send media',
  'close-room': 'closed the room',
  'reopen-room': 'opened the room again',
};

/** Tells a channel of moderators what the bot did, and nothing of why. */
export class LogChannel {
  readonly #channel: string;
  readonly #messages: Messages;
  readonly #failed: (error: unknown) => void;
  #lines: string[] = [];
  #more = 0;
  #sending: Promise<void> | undefined;

  /** @param failed told when the channel could not be written to */
  constructor(channel: string, messages: Messages, failed: (error: unknown) => void) {
    this.#channel = channel;
    this.#messages = messages;
    this.#failed = failed;
  }

  /** Notes what was done; it is sent beside what else is done. */
  note(act: Act, outcome: Outcome, room: string | null, signal: AbortSignal): void {
    const said = SAID[act];
    if (said === undefined || outcome !== 'done') return;
    if (this.#lines.length < MOST_LINES) this.#lines.push(`${(room ?? 'somewhere').slice(0, LONGEST_ROOM)}: ${said}`);
    else this.#more++;
    this.#sending ??= this.#send(signal).finally(() => {
      this.#sending = undefined;
    });
  }

  async #send(signal: AbortSignal): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = [...this.#lines, ...(this.#more > 0 ? [`and ${this.#more} more`] : [])];
      this.#lines = [];
      this.#more = 0;
      try {
        await this.#messages.send(this.#channel, lines.join('\n'), signal);
        await sleep(PAUSE_MS, undefined, { signal, ref: false });
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
      }
    }
  }

  /** Waits for what is being sent. */
  async settle(): Promise<void> {
    await this.#sending;
  }
}
