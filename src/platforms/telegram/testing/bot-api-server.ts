/** A Bot API server over HTTP, from the documented behaviour of Telegram's own, strict about what that refuses. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Update } from 'grammy/types';
import { z } from 'zod';
import { Waits } from '../../testing/waits.js';
import { localFile, METHODS, Refusal } from './bot-api-methods.js';
import { BotApiWorld } from './bot-api-world.js';

export const TOKEN = '7000000001:AAtesttesttesttesttesttesttesttest';

/** What goes wrong with one call. */
export type BotApiFault =
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
  | { readonly retryAfter: number }
  | { readonly refuse: number; readonly description: string; readonly parameters?: object }
  /** Of a file: so many bytes are sent, then the connection breaks. */
  | { readonly cutTo: number };

export interface Called {
  readonly method: string;
  readonly args: Readonly<Record<string, unknown>>;
}

interface Webhook {
  readonly url: string;
  readonly secret: string | undefined;
}

const getUpdatesShape = z.strictObject({
  offset: z.number().int().optional(),
  limit: z.number().int().min(1).max(100).optional(),
  timeout: z.number().int().min(0).max(50).optional(),
  allowed_updates: z.array(z.string()).optional(),
});

const setWebhookShape = z.strictObject({
  url: z.string(),
  secret_token: z
    .string()
    .regex(/^[\w-]{1,256}$/)
    .optional(),
  max_connections: z.number().int().min(1).max(100).optional(),
  allowed_updates: z.array(z.string()).optional(),
  drop_pending_updates: z.boolean().optional(),
});

/** What a bot is not told of unless it asks for it. */
const NOT_BY_DEFAULT = ['chat_member', 'message_reaction', 'message_reaction_count'];

export class BotApiServer implements AsyncDisposable {
  readonly world = new BotApiWorld();
  readonly called: Called[] = [];
  fault: (called: Called) => BotApiFault | undefined = () => undefined;
  /** Pauses between the attempts to deliver to a webhook, milliseconds. */
  webhookPauseMs = 20;
  /** Where the files are, as a server tells that was started with --local. */
  localDirectory: string | undefined;
  /** Statuses that the webhook answered, in order. */
  readonly delivered: number[] = [];
  readonly #waits = new Waits();
  #webhook: Webhook | undefined;
  /** When a delivery was last not taken, milliseconds since 1970. */
  #failedAt: number | undefined;
  #allowed: readonly string[] | undefined;
  /** Ends the long poll that is under way. */
  #endPoll: ((refusal: Refusal | undefined) => void) | undefined;
  #delivering: Promise<void> | undefined;
  #closed = false;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  static async open(): Promise<BotApiServer> {
    const server = new BotApiServer();
    server.world.changed = () => {
      server.#endPoll?.(undefined);
      server.#deliver();
    };
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get webhookUrl(): string | undefined {
    return this.#webhook?.url;
  }

  /** Calls of a method that came. */
  calls(method: string): readonly Called[] {
    return this.called.filter((each) => each.method === method);
  }

  /** Waits for something to be so that changes with a call. */
  async until(until: () => boolean): Promise<void> {
    await this.#waits.until(until);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.origin);
    const file = /^\/file\/bot([^/]+)\/(.+)$/.exec(pathname);
    if (file !== null) return this.#download(file[1] as string, decodeURIComponent(file[2] as string), response);
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(pathname) ?? [];
    const body = await textOf(request);
    if (token === undefined || !/^\d+:[\w-]{20,}$/.test(token)) return answer(response, new Refusal(404, 'Not Found'));
    if (token !== TOKEN) return answer(response, new Refusal(401, 'Unauthorized'));
    const args = body === '' ? {} : parsed(body);
    if (args === undefined) return answer(response, new Refusal(400, "Bad Request: can't parse JSON"));
    const called = { method, args };
    this.called.push(called);
    this.#waits.changed();
    const fault = this.fault(called);
    if (fault !== undefined && fault !== 'break-after') return this.#misbehave(fault, request, response);
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const result = await this.#call(called, closed).catch((error: unknown) => error);
    if (fault === 'break-after') request.socket.destroy();
    else answer(response, result);
    this.#waits.changed();
  }

  #misbehave(fault: BotApiFault, request: IncomingMessage, response: ServerResponse): void {
    if (fault === 'hang') return;
    if (fault === 'break') request.socket.destroy();
    else if (fault === 'lie') answer(response, true);
    else if (fault === 'html') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please sign in</body></html>');
    } else if (typeof fault === 'object' && 'retryAfter' in fault) {
      const { retryAfter } = fault;
      answer(response, new Refusal(429, `Too Many Requests: retry after ${retryAfter}`), { retry_after: retryAfter });
    } else if (typeof fault === 'object' && 'refuse' in fault) {
      // Some servers between say 200 to everything.
      response.writeHead(200, { 'content-type': 'application/json' });
      const { refuse: code, description, parameters } = fault;
      response.end(JSON.stringify({ ok: false, error_code: code, description, ...(parameters && { parameters }) }));
    }
  }

  async #call({ method, args }: Called, closed: Promise<void>): Promise<unknown> {
    if (method === 'getUpdates') return await this.#getUpdates(checked(getUpdatesShape, args), closed);
    if (method === 'setWebhook') return this.#setWebhook(checked(setWebhookShape, args));
    if (method === 'deleteWebhook') {
      checked(z.strictObject({ drop_pending_updates: z.boolean().optional() }), args);
      this.#webhook = undefined;
      return true;
    }
    if (method === 'getWebhookInfo') {
      const url = this.#webhook?.url ?? '';
      const failed = this.#failedAt === undefined ? {} : { last_error_date: Math.floor(this.#failedAt / 1_000) };
      return { url, has_custom_certificate: false, pending_update_count: this.world.updates.length, ...failed };
    }
    const known = METHODS[method];
    if (known === undefined) throw new Refusal(404, 'Not Found');
    const shaped = checked(known.shape, args) as never;
    if (method === 'getFile' && this.localDirectory !== undefined)
      return localFile(this.world, shaped, this.localDirectory);
    return known.act(this.world, shaped);
  }

  async #getUpdates(args: z.output<typeof getUpdatesShape>, closed: Promise<void>): Promise<Update[]> {
    const { offset = 0, limit = 100, timeout = 0, allowed_updates: allowed } = args;
    if (this.#webhook !== undefined) {
      const remedy = 'use deleteWebhook to delete the webhook first';
      throw new Refusal(409, `Conflict: can't use getUpdates method while webhook is active; ${remedy}`);
    }
    this.#endPoll?.(
      new Refusal(
        409,
        'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
      ),
    );
    if (allowed !== undefined) this.#allowed = allowed;
    const { updates } = this.world;
    // An offset confirms all before it.
    while (updates[0] !== undefined && updates[0].update_id < offset) updates.shift();
    this.#waits.changed();
    const ready = () => updates.filter((each) => this.#isAllowed(each)).slice(0, limit);
    const deadline = Date.now() + timeout * 1_000;
    while (ready().length === 0 && Date.now() < deadline) {
      const refusal = await this.#wait(deadline - Date.now(), closed);
      if (refusal !== undefined) throw refusal;
    }
    return ready();
  }

  async #wait(ms: number, closed: Promise<void>): Promise<Refusal | undefined> {
    return await new Promise((resolve) => {
      const end = (refusal?: Refusal) => {
        clearTimeout(timer);
        if (this.#endPoll === end) this.#endPoll = undefined;
        resolve(refusal);
      };
      const timer = setTimeout(end, ms);
      this.#endPoll = end;
      void closed.then(() => end(new Refusal(400, 'closed')));
    });
  }

  #isAllowed(update: Update): boolean {
    const [kind = ''] = Object.keys(update).filter((name) => name !== 'update_id');
    return this.#allowed?.includes(kind) ?? !NOT_BY_DEFAULT.includes(kind);
  }

  #setWebhook(args: z.output<typeof setWebhookShape>): true {
    const { url, secret_token: secret, allowed_updates: allowed } = args;
    if (allowed !== undefined) this.#allowed = allowed;
    // The real one takes https alone; what stands before the service in a test is this machine.
    if (url !== '' && !/^https:|^http:\/\/127\.0\.0\.1:/.test(url)) {
      throw new Refusal(400, 'Bad Request: bad webhook: An HTTPS URL must be provided for webhook');
    }
    this.#webhook = url === '' ? undefined : { url, secret };
    this.#endPoll?.(new Refusal(409, 'Conflict: terminated by setWebhook request'));
    this.#deliver();
    return true;
  }

  /** Delivers one after another; one that is not taken is delivered again. */
  #deliver(): void {
    this.#delivering ??= this.#deliverAll().finally(() => {
      this.#delivering = undefined;
    });
  }

  async #deliverAll(): Promise<void> {
    const { updates } = this.world;
    while (this.#webhook !== undefined && updates[0] !== undefined && !this.#closed) {
      const [update] = updates;
      const status = this.#isAllowed(update) ? await post(this.#webhook, update) : 200;
      this.delivered.push(status);
      const isTaken = status >= 200 && status < 300;
      if (isTaken) updates.splice(updates.indexOf(update), 1);
      this.#waits.changed();
      if (!isTaken) {
        this.#failedAt = this.world.now();
        await new Promise((resolve) => setTimeout(resolve, this.webhookPauseMs));
      }
    }
  }

  #download(token: string, path: string, response: ServerResponse): void {
    const called = { method: 'file', args: { path } };
    this.called.push(called);
    const fault = this.fault(called);
    if (fault === 'hang') return;
    const file = this.world.filesByPath.get(path);
    if (token !== TOKEN || file === undefined) {
      answer(response, new Refusal(404, 'Not Found'));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': file.claimed });
    if (typeof fault === 'object' && 'cutTo' in fault) {
      response.write(file.bytes.subarray(0, fault.cutTo), () => response.destroy());
    } else response.end(file.bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#endPoll?.(new Refusal(500, 'Internal Server Error: restart'));
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#delivering;
  }
}

function checked<S extends z.ZodType>(shape: S, args: unknown): z.output<S> {
  const result = shape.safeParse(args);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Refusal(400, `Bad Request: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'wrong'}`);
}

function answer(response: ServerResponse, result: unknown, parameters?: object): void {
  const refusal = result instanceof Refusal ? result : undefined;
  if (result instanceof Error && refusal === undefined) throw result;
  const more = parameters === undefined ? {} : { parameters };
  const body =
    refusal === undefined
      ? { ok: true, result }
      : { ok: false, error_code: refusal.code, description: refusal.message, ...more };
  response.writeHead(refusal?.code ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function post({ url, secret }: Webhook, update: Update): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    ...(secret === undefined ? {} : { 'x-telegram-bot-api-secret-token': secret }),
  };
  const sent = { method: 'POST', headers, body: JSON.stringify(update), signal: AbortSignal.timeout(10_000) };
  return await fetch(url, sent).then(
    async (response) => {
      await response.arrayBuffer();
      return response.status;
    },
    () => 0,
  );
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
