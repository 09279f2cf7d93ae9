import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { BlockList, isIP } from 'node:net';
import { type Client, client, type Element, xml } from '@xmpp/client';
import { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import { bareOf, domainOf, localOf } from './jids.js';
import { NS } from './namespaces.js';
import { stanzaError } from './stanza-error.js';

const OPEN_MS = 20_000;
const ANSWER_MS = 15_000;
const CLOSE_MS = 1_000;
const COUNTING_MS = 2_000;
/** In clear, SCRAM at least does not show the password. */
const MECHANISMS = { secure: ['SCRAM-SHA-1', 'PLAIN'], clear: ['SCRAM-SHA-1'] };

export interface SessionOptions {
  readonly account: string;
  readonly password: string;
  readonly address?: string | undefined;
  /** Two sessions of one name end each other; `vigie` when left out. */
  readonly resource?: string;
  /** Told of everything that the server says. It must not throw. */
  readonly onStanza?: (stanza: Element) => void;
  readonly onSign?: () => void;
}

/**
 * One connection to an XMPP server, from signing in to its end. It is not brought back: whoever needs another opens
 * one, and asks the archives for what was said meanwhile.
 */
export class Session {
  readonly account: string;
  /** Resolves with the cause once the connection is no more; never rejects. */
  readonly closed: Promise<VigieError>;
  readonly #client: Client;
  /** Aborted with the cause of the end. What waits listens here: a promise would keep all that ever waited for it. */
  readonly #ended = new AbortController();
  /** Aborted once the server has said whether it counts stanzas (XEP-0198). */
  readonly #counts = new AbortController();
  #counting = false;

  private constructor(options: SessionOptions) {
    this.account = options.account;
    const { signal } = this.#ended;
    setMaxListeners(0, signal);
    this.closed = new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
    });
    this.#client = connection(options);
    // It would bring the connection back by itself, without its rooms.
    this.#client.reconnect.stop();
    this.#client.timeout = OPEN_MS / 2;
    this.#client.on('error', (error) => this.#failed(error));
    this.#client.on('disconnect', () =>
      this.#ended.abort(new VigieError('platform-unreachable', { detail: 'it hung up' })),
    );
    this.#client.on('nonza', (nonza) => {
      options.onSign?.();
      if (nonza.getChild('sm', NS.streamManagement) !== undefined) this.#counting = true;
      else if (nonza.getNS() === NS.streamManagement) this.#counts.abort();
    });
    this.#client.on('stanza', (stanza) => {
      options.onSign?.();
      options.onStanza?.(stanza);
    });
  }

  /**
   * Connects and signs in.
   * @throws VigieError `platform-refused` for a wrong password or a connection that is not encrypted, `platform-unreachable`
   */
  static async open(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    const session = new Session(options);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(OPEN_MS)]);
    try {
      await abortable(session.#unlessEnded(session.#client.start()), limit);
      await session.#counted(limit);
      return session;
    } catch (error) {
      await session.close();
      if (signal.aborted) throw signal.reason;
      throw connectionError(error);
    }
  }

  /**
   * Asks and waits for the answer, which is believed only from whom was asked.
   * @returns the whole stanza
   * @throws VigieError `act-refused`, `act-unsupported`, `platform-busy`, `platform-unreachable`, `platform-malformed`, as
   *   the condition of a refusal says; its cause is a `Refusal`
   */
  async ask(type: 'get' | 'set', to: string, child: Element, signal?: AbortSignal, ms = ANSWER_MS): Promise<Element> {
    // An id that nobody can guess: answers are told apart by it.
    const stanza = xml('iq', { type, to, id: randomUUID() }, child);
    let answer: Element;
    try {
      answer = await abortable(this.#unlessEnded(this.#client.iqCaller.request(stanza, ms)), signal);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw stanzaError(error);
    }
    const { from } = answer.attrs;
    const fromServer = from === undefined || from === this.account || bareOf(from) === this.account;
    if (from !== to && !fromServer) throw new VigieError('platform-malformed', { detail: 'somebody else answered' });
    return answer;
  }

  /** @throws VigieError `platform-unreachable` */
  async send(stanza: Element): Promise<void> {
    try {
      await this.#unlessEnded(this.#client.send(stanza));
    } catch (error) {
      throw stanzaError(error);
    }
  }

  /** Ends the connection, with a cause for those who wait for its end. */
  async close(cause = new VigieError('platform-unreachable', { detail: 'closed' })): Promise<void> {
    this.#ended.abort(cause);
    const { socket } = this.#client;
    const late = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    if (this.#client.status === 'online') await Promise.race([this.#client.stop().catch(() => undefined), late]);
    socket?.destroy?.();
    socket?.socket?.destroy();
  }

  /**
   * Waits for the count of stanzas to begin. It begins a moment after the client has read that it does: what came with
   * it would not be counted, and a server ends a connection whose count goes back.
   */
  async #counted(limit: AbortSignal): Promise<void> {
    if (!this.#counting) return;
    const late = AbortSignal.timeout(COUNTING_MS);
    const begun = AbortSignal.any([this.#counts.signal, this.#ended.signal, late, limit]);
    if (!begun.aborted) await new Promise((resolve) => begun.addEventListener('abort', resolve, { once: true }));
    limit.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #unlessEnded<T>(promise: Promise<T>): Promise<T> {
    return await abortable(promise, this.#ended.signal);
  }

  #failed(error: Error): void {
    const failure = connectionError(error);
    // The server ends the connection after these; others come from single stanzas and end nothing.
    if (error.name === 'StreamError' || failure.code === 'platform-refused' || this.#client.status !== 'online') {
      void this.close(failure);
    }
  }
}

function connection({ account, password, address, resource = 'vigie' }: SessionOptions): Client {
  const domain = domainOf(account);
  const username = localOf(account);
  const service = address ?? `xmpp://${domain}:5222`;
  return client({
    ...{ service, domain, username, resource },
    credentials: async (authenticate, offered, _fast, entity) => {
      const secure = entity.isSecure();
      if (!secure && !isHere(service)) {
        throw new VigieError('platform-refused', { detail: 'the server offers no encryption' });
      }
      const mechanism = MECHANISMS[secure ? 'secure' : 'clear'].find((name) => offered.includes(name));
      if (mechanism === undefined)
        throw new VigieError('platform-refused', { detail: 'no way of signing in is shared' });
      await authenticate({ username, password }, mechanism, xml('user-agent', { id: randomUUID() }));
    },
  });
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether nothing leaves this machine. A name may lead anywhere, so only addresses count, and `localhost`. */
export function isHere(service: string): boolean {
  const { hostname } = new URL(service);
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

function connectionError(error: unknown): VigieError {
  if (error instanceof VigieError) return error;
  const { name, condition } = error as { name?: string; condition?: string };
  if (name === 'SASLError') {
    const passing = condition === 'temporary-auth-failure';
    return new VigieError(passing ? 'platform-unreachable' : 'platform-refused', {
      detail: 'signing in',
      cause: error,
    });
  }
  if (name === 'StreamError' && (condition === 'conflict' || condition === 'not-authorized')) {
    return new VigieError('platform-refused', {
      detail: `the server ended the connection: ${condition}`,
      cause: error,
    });
  }
  return new VigieError('platform-unreachable', { cause: error });
}
