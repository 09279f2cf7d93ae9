import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';

/** An answer that has not come after so long does not come when the bound of unfinished pieces is reached. */
const SILENT_MS = 400;
/** After the first message of a batch the next one follows at once, or never. */
const GAP_MS = 50;
const ANSWER_MS = 5_000;

export interface Delivered {
  readonly msg: Msg;
  /** When it came, by `performance.now()`. */
  readonly at: number;
}

/**
 * Asks one durable consumer for what is there now. The client's own ways of pulling wait for a second at least, which
 * is too long to ask one lane after the other; this speaks the few words of the protocol that are needed.
 */
export class NatsLane {
  readonly #nc: NatsConnection;
  readonly #next: string;
  readonly #info: string;
  #inbox: Inbox;
  /** What came and was not taken yet. */
  #waiting: Delivered[] = [];
  #heard: (ended: boolean) => void = () => undefined;
  /** One asks at a time. */
  #asking: Promise<void> = Promise.resolve();

  constructor(nc: NatsConnection, stream: string, consumer: string) {
    this.#nc = nc;
    this.#next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#info = `$JS.API.CONSUMER.INFO.${stream}.${consumer}`;
    this.#inbox = this.#open();
  }

  /**
   * @returns at most so many, none when nothing is there; what came longer ago than `leaseMs` belongs to others by now
   * @throws what the client throws when the server does not answer
   */
  async pull(most: number, leaseMs: number): Promise<readonly Delivered[]> {
    const turn = this.#asking.then(async () => {
      const now = performance.now();
      this.#waiting = this.#waiting.filter(({ at }) => now - at < leaseMs);
      if (this.#waiting.length < most) await this.#ask(most - this.#waiting.length, most);
      return this.#waiting.splice(0, most);
    });
    this.#asking = turn.then(
      () => undefined,
      () => undefined,
    );
    return await turn;
  }

  stop(): void {
    this.#inbox.subscription.unsubscribe();
    // Given back, so that nobody waits for their leases to end.
    for (const { msg } of this.#waiting.splice(0)) msg.respond('-NAK');
  }

  async #ask(batch: number, most: number): Promise<void> {
    const done = new Promise<'answered' | 'silent'>((resolve) => {
      const silent = (): void => resolve('silent');
      let timer = setTimeout(silent, SILENT_MS);
      this.#heard = (ended) => {
        clearTimeout(timer);
        if (ended || this.#waiting.length >= most) resolve('answered');
        else timer = setTimeout(silent, GAP_MS);
      };
    });
    this.#nc.publish(this.#next, JSON.stringify({ batch, no_wait: true }), { reply: this.#inbox.address });
    const how = await done;
    this.#heard = () => undefined;
    if (how === 'answered') return;
    // The server keeps the request until there is room, and would then send pieces to somebody who no longer waits.
    // It lets go of it when nobody listens; its answer to another question shows that nothing is on the way.
    await this.#nc.request(this.#info, '', { timeout: ANSWER_MS });
    this.#inbox.subscription.unsubscribe();
    this.#inbox = this.#open();
  }

  #open(): Inbox {
    const address = `_INBOX.vigie.${crypto.randomUUID()}`;
    return { address, subscription: this.#nc.subscribe(address, { callback: (error, msg) => this.#hear(error, msg) }) };
  }

  #hear(error: Error | null, msg: Msg): void {
    if (error !== null) return;
    // Answers of the server (nothing there, time is over) have a status, and no place to acknowledge to.
    const isWork = msg.reply?.startsWith('$JS.ACK.') === true;
    if (isWork) this.#waiting.push({ msg, at: performance.now() });
    this.#heard(!isWork);
  }
}

interface Inbox {
  readonly address: string;
  readonly subscription: Subscription;
}
