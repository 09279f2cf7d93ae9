import http, { type Agent, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** What is sent, and how long is waited for what. */
export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What flows goes in chunks, unless the headers say how long it is. */
  readonly body?: string | Uint8Array | Readable | undefined;
  /** Keeps connections; each request has its own when left out. */
  readonly agent?: Agent | undefined;
  /** Instead of what the name service says. */
  readonly lookup?: LookupFunction;
  /** A socket of this machine, whatever the URL says. */
  readonly socketPath?: string;
  /** Until the connection is made, milliseconds. */
  readonly connectMs?: number;
  /** Between two signs of life of the server, milliseconds. */
  readonly silentMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What was answered, whatever its status. A redirect is an answer: it is never followed. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** To be read to its end, or destroyed. Its errors are met by who reads it, and by nobody otherwise. */
  readonly body: Readable;
}

/**
 * Sends a request over HTTP/1.1 with the client that is part of Node. Not with undici: up to its version 7, the last for
 * Node 20, it ends the whole process when a sender closes behind a body that nobody has read yet (nodejs/undici#5360).
 * @throws the error of the connection, of the body that was sent, or the reason of the signal
 */
export async function httpRequest(url: URL, wanted: HttpRequest = {}): Promise<HttpAnswer> {
  const { method = 'GET', body, agent, lookup, socketPath, connectMs, silentMs, signal } = wanted;
  signal?.throwIfAborted();
  const known = typeof body === 'string' || body instanceof Uint8Array;
  const length = known ? { 'content-length': String(Buffer.byteLength(body)) } : {};
  const sent = (url.protocol === 'https:' ? https : http).request(url, {
    ...{ method, headers: { ...length, ...wanted.headers }, agent: agent ?? false },
    ...(lookup === undefined ? {} : { lookup }),
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(silentMs === undefined ? {} : { timeout: silentMs }),
  });
  const late = (what: string) => Object.assign(new Error(what), { code: 'ETIMEDOUT' });
  sent.on('timeout', () => sent.destroy(late('the server is silent')));
  const connecting =
    connectMs === undefined
      ? undefined
      : setTimeout(() => sent.destroy(late('no connection in time')), connectMs).unref();
  sent.on('socket', (socket) => {
    if (!socket.connecting) clearTimeout(connecting);
    else socket.once('connect', () => clearTimeout(connecting));
  });
  const abort = () => sent.destroy(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  sent.on('close', () => {
    clearTimeout(connecting);
    signal?.removeEventListener('abort', abort);
  });
  return await new Promise((resolve, reject) => {
    // One that comes after the answer has begun is an error of its body.
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.on('error', () => undefined);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
    });
    if (known || body === undefined) sent.end(body);
    else {
      body.on('error', (error) => sent.destroy(error));
      sent.on('close', () => body.destroy());
      body.pipe(sent);
    }
  });
}

/** Reads a body to its end and keeps nothing of it, so that its connection serves the next. @throws its error */
export async function drain(body: Readable): Promise<void> {
  body.resume();
  await finished(body);
}
