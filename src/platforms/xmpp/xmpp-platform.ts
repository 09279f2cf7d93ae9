import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Element } from '@xmpp/client';
import type { Act, Order, Outcome } from '../../enforcement/acts.js';
import type { Platform, PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { Archives } from './archive.js';
import { Session } from './session.js';
import { Uploads } from './uploads.js';
import { Watch } from './watch.js';
import { XmppMemory } from './xmpp-memory.js';
import type { XmppCredentials, XmppSettings } from './xmpp-settings.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** So long without a connection, and it is for the house to decide. */
const GIVE_UP_MS = 300_000;
/** What may wait to be handed in; with more, the connection is let go of, and the archives are read afterwards. */
const MOST_WAITING = 5_000;

/** A server of XMPP and its rooms. */
export class XmppPlatform implements Platform {
  readonly acts: ReadonlySet<Act> = new Set<Act>([
    ...(['remove', 'restrict-room', 'close-room', 'reopen-room'] as const),
    ...(['suspend-account', 'reinstate-account', 'notify-author', 'notify-room'] as const),
  ]);
  readonly #settings: XmppSettings;
  readonly #credentials: XmppCredentials;
  readonly #house: PlatformHouse;
  #watch: Watch | undefined;

  constructor(settings: XmppSettings, credentials: XmppCredentials, house: PlatformHouse) {
    this.#settings = settings;
    this.#credentials = credentials;
    this.#house = house;
  }

  async run(intake: PlatformIntake, signal: AbortSignal): Promise<void> {
    const memory = new XmppMemory(intake);
    let pause = FIRST_PAUSE_MS;
    let lost = this.#house.now();
    try {
      while (!signal.aborted) {
        const begun = this.#house.now();
        try {
          await this.#connection(intake, memory, signal);
        } catch (error) {
          if (signal.aborted) return;
          const { code } = VigieError.from(error);
          this.#house.logger.warn({ code }, 'the connection to the XMPP server has ended');
          if (code === 'platform-refused') throw error;
          // One that lasted begins the count anew.
          if (this.#house.now() - begun > LONGEST_PAUSE_MS) {
            pause = FIRST_PAUSE_MS;
            lost = this.#house.now();
          }
          if (this.#house.now() - lost > GIVE_UP_MS) throw new VigieError('platform-unreachable', { cause: error });
        }
        await delay(pause * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    } finally {
      await memory.flush().catch(() => undefined);
    }
  }

  async act(order: Order, signal: AbortSignal): Promise<Outcome> {
    if (!this.acts.has(order.act)) throw new VigieError('act-unsupported');
    if (this.#watch === undefined) throw new VigieError('platform-unreachable', { detail: 'not connected' });
    try {
      return await this.#watch.act(order, signal);
    } catch (error) {
      if (error instanceof VigieError || signal.aborted) throw error;
      throw new VigieError('platform-unreachable', { detail: 'the connection has ended', cause: error });
    }
  }

  /** From signing in until the connection ends. @throws VigieError why it ended, unless the signal ended it */
  async #connection(intake: PlatformIntake, memory: XmppMemory, outer: AbortSignal): Promise<void> {
    const { account, address, uploads: bases } = this.#settings;
    let take: (stanza: Element) => void = () => undefined;
    const onStanza = (stanza: Element) => {
      try {
        take(stanza);
      } catch (error) {
        this.#house.logger.warn({ code: VigieError.from(error).code }, 'a stanza could not be read');
        void intake.trouble({ code: 'platform-malformed' }).catch(() => undefined);
      }
    };
    const who = { account, address, password: this.#credentials.password };
    const session = await Session.open({ ...who, onStanza, onSign: () => intake.heard() }, outer);
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    // As many wait as there are rooms and orders.
    setMaxListeners(0, signal);
    void session.closed.then((cause) => ended.abort(cause));
    try {
      const uploads = await Uploads.find(session, bases, signal);
      const waiting = counter(MOST_WAITING, () => {
        void session.close(new VigieError('platform-unreachable', { detail: 'more is said than can be handed in' }));
      });
      const archives = new Archives(() => session);
      const parts = {
        settings: this.#settings,
        house: this.#house,
        intake,
        memory,
        session,
        archives,
        uploads,
        signal,
        waiting,
      };
      const watch = new Watch(parts);
      take = (stanza) => watch.onStanza(stanza);
      this.#watch = watch;
      this.#house.logger.info('signed in to the XMPP server');
      await watch.run();
      if (!outer.aborted) throw await session.closed;
    } finally {
      this.#watch = undefined;
      take = () => undefined;
      await session.close();
    }
  }
}

function counter(most: number, full: () => void): (change: 1 | -1) => void {
  let count = 0;
  return (change) => {
    count += change;
    if (count === most && change === 1) full();
  };
}
