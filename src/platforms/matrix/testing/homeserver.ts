/** A homeserver over HTTP, from the specification and the documentation of Synapse, strict about what those refuse. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Waits } from '../../testing/waits.js';
import { type Asked, placeOf, ROUTES } from './homeserver-routes.js';
import { syncOf } from './homeserver-sync.js';
import { type Content, Denied, HomeserverWorld } from './homeserver-world.js';

export const BOT = '@vigie:hs.example';
export const TOKEN = 'syt_test_token_of_the_bot';

/** What goes wrong with one call. */
export type HomeserverFault =
  /** No answer at all. */
  | 'hang'
  /** The connection breaks before an answer. */
  | 'break'
  /** It does what it is asked, and the connection breaks before the answer. */
  | 'break-after'
  /** A page for people. */
  | 'html'
  /** It says that it was done, and does nothing. */
  | 'lie'
  | { readonly retryAfterMs: number }
  | { readonly status: number; readonly errcode: string };

export interface HomeserverCall {
  readonly method: string;
  readonly path: string;
}

export class Homeserver implements AsyncDisposable {
  readonly world = new HomeserverWorld();
  readonly called: HomeserverCall[] = [];
  fault: (called: HomeserverCall) => HomeserverFault | undefined = () => undefined;
  /** The bot may use the interface for administrators. */
  isAdmin = true;
  /** Most events of a room in one sync. */
  most = 1_000;
  /** As before version 1.11 of the specification. */
  oldMedia = false;
  /** Answers what is asked of other servers' keys, for those who sign. */
  keysOf: (server: string) => Content | undefined = () => undefined;
  readonly #waits = new Waits();
  readonly #done = new Map<string, Content>();
  readonly #hung = new Set<IncomingMessage>();
  #wake: (() => void)[] = [];
  #closed = false;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  static async open(): Promise<Homeserver> {
    const server = new Homeserver();
    server.world.changed = () => server.#changed();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Calls whose path holds a text. */
  calls(text: string): readonly HomeserverCall[] {
    return this.called.filter(({ path }) => path.includes(text));
  }

  /** Waits for something to be so that changes with a call or in the world. */
  async until(until: () => boolean): Promise<void> {
    await this.#waits.until(until);
  }

  /** Ends the connections that were left without an answer. */
  breakOff(): void {
    for (const request of this.#hung) request.socket.destroy();
    this.#hung.clear();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', this.origin);
    const { method = 'GET' } = request;
    const called = { method, path };
    const text = await textOf(request);
    this.called.push(called);
    this.#waits.changed();
    const fault = this.fault(called);
    if (fault === 'hang') this.#hung.add(request);
    if (fault !== undefined && fault !== 'break-after') return misbehave(fault, request, response);
    try {
      const answer = await this.#answer(called, query, text, request, response);
      if (fault === 'break-after') request.socket.destroy();
      else if (Buffer.isBuffer(answer)) response.writeHead(200, { 'content-length': answer.byteLength }).end(answer);
      else send(response, 200, answer);
    } catch (error) {
      if (!(error instanceof Denied)) throw error;
      send(response, error.status, { errcode: error.errcode, error: error.errcode });
    }
    this.#waits.changed();
  }

  async #answer(
    { method, path }: HomeserverCall,
    query: URLSearchParams,
    text: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Content | Buffer> {
    const [, server] = /^\/_matrix\/key\/v2\/query\/([^/]+)$/.exec(path) ?? [];
    if (server !== undefined) {
      const keys = this.keysOf(decodeURIComponent(server));
      return { server_keys: keys === undefined ? [] : [keys] };
    }
    const { authorization } = request.headers;
    if (authorization === undefined) throw new Denied(401, 'M_MISSING_TOKEN');
    if (authorization !== `Bearer ${TOKEN}`) throw new Denied(401, 'M_UNKNOWN_TOKEN');
    if (path === '/_matrix/client/v3/sync') return await this.#sync(query, response);
    const medium = this.#mediumOf(path);
    if (medium !== undefined) return medium;
    const routes = ROUTES.flatMap((route) => {
      const match = route.path.exec(path);
      return match === null ? [] : [{ route, at: match.slice(1).map((part) => decodeURIComponent(part ?? '')) }];
    });
    if (routes.length === 0) throw new Denied(404, 'M_UNRECOGNIZED');
    const found = routes.find(({ route }) => route.method === method);
    if (found === undefined) throw new Denied(405, 'M_UNRECOGNIZED');
    // A transaction that comes again is answered as before, and changes nothing.
    const transaction = /\/(?:send|redact)\//.test(path) ? path : undefined;
    const done = transaction === undefined ? undefined : this.#done.get(transaction);
    if (done !== undefined) return done;
    const asked: Asked = {
      ...{ world: this.world, user: BOT, isAdmin: this.isAdmin, at: found.at, query },
      body: method === 'GET' ? {} : parsed(text),
    };
    const answer = found.route.answer(asked);
    if (transaction !== undefined) this.#done.set(transaction, answer);
    return answer;
  }

  async #sync(query: URLSearchParams, response: ServerResponse): Promise<Content> {
    const token = query.get('since');
    const since = token === null ? undefined : placeOf(token);
    const filter = parsed(query.get('filter') ?? '{}');
    const deadline = Date.now() + Number(query.get('timeout') ?? 0);
    for (;;) {
      const told = syncOf(this.world, { user: BOT, since, filter, most: this.most });
      if (told !== undefined) return told;
      const left = deadline - Date.now();
      if (left <= 0 || this.#closed || response.destroyed) return { next_batch: token, rooms: {} };
      const waited = new AbortController();
      const end = () => waited.abort();
      response.once('close', end);
      this.#wake.push(end);
      await sleep(left, undefined, { signal: waited.signal }).catch(() => undefined);
      response.off('close', end);
    }
  }

  #mediumOf(path: string): Buffer | undefined {
    const [, way, server = '', id = ''] =
      /^\/_matrix\/(client\/v1\/media|media\/v3)\/download\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (way === undefined) return undefined;
    if (way === 'client/v1/media' && this.oldMedia) throw new Denied(404, 'M_UNRECOGNIZED');
    const medium = this.world.media.get(`mxc://${decodeURIComponent(server)}/${decodeURIComponent(id)}`);
    if (medium === undefined || medium.quarantined) throw new Denied(404, 'M_NOT_FOUND');
    return medium.bytes;
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
    this.#waits.changed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#changed();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function misbehave(fault: Exclude<HomeserverFault, 'break-after'>, request: IncomingMessage, response: ServerResponse) {
  if (fault === 'hang') return;
  if (fault === 'break') request.socket.destroy();
  else if (fault === 'lie') send(response, 200, { event_id: '$none' });
  else if (fault === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in</body></html>');
  } else if ('retryAfterMs' in fault) {
    send(response, 429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: fault.retryAfterMs });
  } else send(response, fault.status, { errcode: fault.errcode, error: 'no' });
}

function send(response: ServerResponse, status: number, content: Content): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): Content {
  try {
    return JSON.parse(text) as Content;
  } catch {
    throw new Denied(400, 'M_NOT_JSON');
  }
}
