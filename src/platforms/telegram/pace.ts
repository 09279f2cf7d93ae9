/** How many messages a bot may send, as Telegram's documentation says: in all, to one group, and to one person. */
const OVERALL = { count: 30, ms: 1_000 };
const GROUP = { count: 20, ms: 60_000 };
const PERSON = { count: 1, ms: 1_000 };

const MOST_CHATS = 10_000;

/** Counts the messages that were sent, so that Telegram never has to. */
export class Pace {
  readonly #now: () => number;
  readonly #chats = new Map<string, number[]>();
  #overall: number[] = [];

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a place for a message. @returns 0, or after how many seconds there is one; then none was taken */
  take(chat: string): number {
    const now = this.#now();
    const limit = chat.startsWith('-') || chat.startsWith('@') ? GROUP : PERSON;
    const sent = within(this.#chats.get(chat) ?? [], limit.ms, now);
    this.#overall = within(this.#overall, OVERALL.ms, now);
    const wait = Math.max(waitOf(sent, limit, now), waitOf(this.#overall, OVERALL, now));
    if (wait > 0) return wait / 1_000;
    this.#overall.push(now);
    sent.push(now);
    // The one that was written to longest ago is forgotten first.
    this.#chats.delete(chat);
    this.#chats.set(chat, sent);
    const [oldest] = this.#chats.keys();
    if (this.#chats.size > MOST_CHATS && oldest !== undefined) this.#chats.delete(oldest);
    return 0;
  }
}

function within(times: readonly number[], ms: number, now: number): number[] {
  return times.filter((time) => now - time < ms);
}

function waitOf(times: readonly number[], { count, ms }: typeof OVERALL, now: number): number {
  const first = times[times.length - count];
  return first === undefined ? 0 : first + ms - now;
}
