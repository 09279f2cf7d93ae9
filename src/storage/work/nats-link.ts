import { connect, type NatsConnection } from '@nats-io/transport-node';
import { VigieError } from '../../errors.js';
import type { NatsPlace } from './nats-place.js';

const CONNECT_MS = 3_000;
const LEAST_PAUSE_MS = 100;
const GREATEST_PAUSE_MS = 5_000;
/** A server that hangs is told by two pings that it does not answer. */
const PING_MS = 4_000;

/** A connection that is made again for as long as it takes. `use` is refused while it is away. */
export class NatsLink {
  readonly #place: NatsPlace;
  readonly #prepare: (nc: NatsConnection) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #connection: NatsConnection | undefined;
  /** The connection, once it was prepared and until it is lost. */
  #ready: NatsConnection | undefined;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param prepare run each time before the connection is used; when it fails, it is tried again after a while */
  constructor(place: NatsPlace, prepare: (nc: NatsConnection) => Promise<void>, failed: (error: unknown) => void) {
    this.#place = place;
    this.#prepare = prepare;
    this.#failed = failed;
  }

  /** Tries to connect for the first time, and goes on trying when that fails. */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** @throws VigieError `stream-unavailable` */
  get(): NatsConnection {
    if (this.#ready === undefined) throw unavailable(this.#closed ? 'it was closed' : 'it is not connected');
    return this.#ready;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#ready = undefined;
    await this.#connection?.close();
  }

  async #connect(): Promise<void> {
    if (this.#closed) return;
    try {
      const nc = await connect({
        ...this.#place,
        name: 'vigie',
        timeout: CONNECT_MS,
        maxReconnectAttempts: -1,
        reconnectDelayHandler: () => this.#pause(),
        pingInterval: PING_MS,
        maxPingOut: 2,
      });
      this.#connection = nc;
      void this.#watch(nc);
      // The client gives up by itself only when it is refused: credentials can be put right while this runs.
      void nc.closed().then(() => this.#lost(nc));
      if (this.#closed) return await nc.close();
      await this.#prepared(nc);
    } catch (error) {
      this.#failed(error);
      this.#later(() => this.#connect());
    }
  }

  async #watch(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === 'disconnect') this.#ready = undefined;
      else if (type === 'reconnect') await this.#prepared(nc);
    }
  }

  /** A server that came back may have lost what was there: it is looked at each time. */
  async #prepared(nc: NatsConnection): Promise<void> {
    try {
      await this.#prepare(nc);
      this.#attempts = 0;
      if (!nc.isClosed() && !this.#closed) this.#ready = nc;
    } catch (error) {
      this.#failed(error);
      if (!nc.isClosed()) this.#later(() => this.#prepared(nc));
    }
  }

  #lost(nc: NatsConnection): void {
    if (this.#connection !== nc) return;
    this.#ready = undefined;
    this.#later(() => this.#connect());
  }

  #later(act: () => Promise<void>): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void act(), this.#pause());
    this.#timer.unref();
  }

  /** Doubles up to a bound, with jitter, so that many processes do not come back in one moment. */
  #pause(): number {
    const pause = Math.min(GREATEST_PAUSE_MS, LEAST_PAUSE_MS * 2 ** Math.min(this.#attempts, 10));
    this.#attempts++;
    return pause * (0.5 + Math.random() / 2);
  }
}

export function unavailable(detail: string): VigieError {
  return new VigieError('stream-unavailable', { detail, retryAfter: 1 });
}
