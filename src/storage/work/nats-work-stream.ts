import {
  AckPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { VigieError } from '../../errors.js';
import type { Lane } from '../schema.js';
import { LaneTurn } from './lane-turn.js';
import { type Delivered, NatsLane } from './nats-lane.js';
import { NatsLink, unavailable } from './nats-link.js';
import { parseNatsUrl } from './nats-place.js';
import { coalesced, Wake } from './wake.js';
import type { TakeOptions, Work, WorkDepth, WorkPiece, WorkStream } from './work-stream.js';

export interface NatsWorkStreamOptions {
  /** NATS_URL: addresses with their credentials, separated by commas. Never logged. */
  readonly url: string;
  /** Sets the stream apart from that of another installation on the same server: letters, digits, `-` and `_`. */
  readonly stream?: string;
  readonly leaseMs?: number;
  /** Most pieces that may wait. */
  readonly most?: number;
  /** Most pieces of a lane that all processes together may hold unfinished; then nobody gets more. */
  readonly mostUnfinished?: number;
  /** How long an id is remembered after it was published. */
  readonly rememberMs?: number;
  /** Told why the stream is away; the message holds no address. */
  readonly onTrouble?: (error: VigieError) => void;
}

interface Client {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

const LANES = ['live', 'backfill'] as const satisfies readonly Lane[];
const FULL = 10_077;
const ANSWER_MS = 5_000;
const POLL_MS = 500;
const HINT_MS = 10;
const IN_FLIGHT = 500;

/**
 * The work stream in NATS JetStream, with nothing that a server of version 2.9 does not know. The stream keeps pieces in
 * files until they are acknowledged; the lanes are two subjects with a durable consumer each.
 */
export class NatsWorkStream implements WorkStream {
  readonly name = 'nats';
  readonly leaseMs: number;
  readonly #options: NatsWorkStreamOptions;
  readonly #stream: string;
  readonly #link: NatsLink;
  readonly #turn = new LaneTurn();
  readonly #wake = new Wake();
  readonly #hint = coalesced(HINT_MS, () => this.#notify());
  #lanes: Readonly<Record<Lane, NatsLane>> | undefined;
  #client: Client | undefined;

  private constructor(options: NatsWorkStreamOptions) {
    this.#options = options;
    this.leaseMs = options.leaseMs ?? 60_000;
    this.#stream = options.stream ?? 'vigie-work';
    this.#link = new NatsLink(
      parseNatsUrl(options.url),
      (nc) => this.#prepare(nc),
      (cause) => options.onTrouble?.(troubled(cause)),
    );
  }

  /** Returns when the first attempt to connect has ended, well or not; from then on it connects for as long as it takes. */
  static async open(options: NatsWorkStreamOptions): Promise<NatsWorkStream> {
    const stream = new NatsWorkStream(options);
    await stream.#link.start();
    return stream;
  }

  async publish(pieces: readonly WorkPiece[]): Promise<void> {
    const { js } = this.#connected();
    for (let from = 0; from < pieces.length; from += IN_FLIGHT) {
      const sent = pieces.slice(from, from + IN_FLIGHT).map(({ id, lane, round = 0 }) =>
        js.publish(`${this.#stream}.${lane}`, id, {
          msgID: round === 0 ? id : `${id}#${round}`,
          timeout: ANSWER_MS,
        }),
      );
      const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw troubled(failed.reason);
    }
    this.#hint.call();
  }

  async take({ most, waitMs, signal }: TakeOptions): Promise<readonly Work[]> {
    const until = performance.now() + waitMs;
    for (;;) {
      signal.throwIfAborted();
      const armed = this.#wake.arm();
      try {
        const works = await this.#pull(most);
        const left = until - performance.now();
        if (works.length > 0 || left <= 0) return works;
        await armed.wait(Math.min(left, POLL_MS), signal);
      } finally {
        armed.drop();
      }
    }
  }

  async depth(): Promise<WorkDepth> {
    const { jsm } = this.#connected();
    try {
      const { state } = await jsm.streams.info(this.#stream, { subjects_filter: '>' });
      const of = (lane: Lane): number => state.subjects?.[`${this.#stream}.${lane}`] ?? 0;
      return { live: of('live'), backfill: of('backfill') };
    } catch (error) {
      throw troubled(error);
    }
  }

  async close(): Promise<void> {
    this.#hint.stop();
    this.#wake.ring();
    for (const lane of LANES) this.#lanes?.[lane].stop();
    // Also says what was given back a moment ago.
    await this.#client?.nc.flush().catch(() => undefined);
    await this.#link.close();
  }

  #connected(): Client {
    this.#link.get();
    if (this.#client === undefined) throw unavailable('it is not connected');
    return this.#client;
  }

  async #pull(most: number): Promise<readonly Work[]> {
    this.#link.get();
    const works: Work[] = [];
    for (const lane of this.#turn.next()) {
      if (works.length === most) break;
      try {
        const delivered = (await this.#lanes?.[lane].pull(most - works.length, this.leaseMs)) ?? [];
        works.push(...delivered.map((each) => this.#workOf(lane, each)));
      } catch (error) {
        // What the other lane gave must not wait for the end of its lease.
        if (works.length === 0) throw troubled(error);
      }
    }
    return works;
  }

  #workOf(lane: Lane, { msg, at }: Delivered): Work {
    // $JS.ACK.<stream>.<consumer>.<deliveries>.…
    const [, , , , deliveries] = (msg.reply ?? '').split('.');
    let until = at + this.leaseMs;
    let settled = false;
    const answer = async (text: string): Promise<void> => {
      const nc = this.#link.get();
      try {
        // As a request, for without the server's answer it is not known whether it has heard.
        await nc.request(msg.reply ?? '', text, { timeout: ANSWER_MS });
      } catch (error) {
        throw troubled(error);
      }
    };
    return {
      id: msg.string(),
      lane,
      attempt: Number(deliveries),
      ack: async () => {
        if (settled) return;
        await answer('+ACK');
        settled = true;
      },
      retry: async (delayMs) => {
        if (settled || performance.now() >= until) return;
        await answer(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}` : '-NAK');
        settled = true;
        if (delayMs === 0) this.#hint.call();
      },
      extend: async () => {
        if (settled || performance.now() >= until) return;
        const asked = performance.now();
        await answer('+WPI');
        until = asked + this.leaseMs;
      },
    };
  }

  async #prepare(nc: NatsConnection): Promise<void> {
    const jsm = await jetstreamManager(nc, { timeout: ANSWER_MS });
    await this.#makeStream(jsm);
    for (const lane of LANES) {
      await jsm.consumers.add(this.#stream, {
        durable_name: lane,
        filter_subject: `${this.#stream}.${lane}`,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(this.leaseMs),
        max_ack_pending: this.#options.mostUnfinished ?? 20_000,
        max_deliver: -1,
      });
    }
    if (this.#client?.nc === nc) return;
    for (const lane of LANES) this.#lanes?.[lane].stop();
    this.#client = { nc, js: jetstream(nc, { timeout: ANSWER_MS }), jsm };
    const lanes = LANES.map((lane) => [lane, new NatsLane(nc, this.#stream, lane)] as const);
    this.#lanes = Object.fromEntries(lanes) as Record<Lane, NatsLane>;
    nc.subscribe(`${this.#stream}-hint`, { callback: () => this.#wake.ring() });
  }

  async #makeStream(jsm: JetStreamManager): Promise<void> {
    const { most = 2_000_000, rememberMs = 300_000 } = this.#options;
    const settings = { max_msgs: most, duplicate_window: nanos(rememberMs) };
    try {
      const { config } = await jsm.streams.info(this.#stream);
      const same = config.max_msgs === settings.max_msgs && config.duplicate_window === settings.duplicate_window;
      // Replicas and the like stay as the operator has set them.
      if (!same) await jsm.streams.update(this.#stream, settings);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.apiError().code !== 404) throw error;
      await jsm.streams.add({
        name: this.#stream,
        subjects: LANES.map((lane) => `${this.#stream}.${lane}`),
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        ...settings,
      });
    }
  }

  #notify(): void {
    this.#wake.ring();
    try {
      this.#link.get().publish(`${this.#stream}-hint`);
    } catch {
      // Those who wait look again by themselves.
    }
  }
}

/** What went wrong, without the client's message: it can name the server. */
function troubled(error: unknown): VigieError {
  if (error instanceof VigieError) return error;
  if (error instanceof JetStreamApiError) {
    const { err_code: code } = error.apiError();
    if (code === FULL)
      return new VigieError('queue-full', { detail: 'the stream holds as much as it may', retryAfter: 5 });
    return unavailable(`JetStream says ${code}`);
  }
  return unavailable(error instanceof Error ? error.name : 'unknown');
}
