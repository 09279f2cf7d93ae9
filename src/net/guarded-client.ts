import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { VigieError } from '../errors.js';
import { abortable } from '../runtime/abortable.js';
import { type HttpAnswer, type HttpRequest, httpRequest } from '../runtime/http-request.js';
import { AddressGuard } from './address-guard.js';

const MAXIMUM_REDIRECTS = 3;

export interface GuardedClientOptions {
  /** Addresses or CIDR ranges that may be fetched from although they are not public. */
  readonly allow?: readonly string[];
  /** Time limit for the whole exchange, milliseconds. */
  readonly timeoutMs?: number;
  /** Name resolution, replaceable for tests; answers numeric addresses. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

export interface Fetched {
  readonly body: AsyncIterable<Uint8Array>;
  /** As the sender declares it; not to be trusted. */
  readonly length: number | undefined;
}

/** A request as an exchange wants it. */
export interface ExchangeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Time limit for the whole exchange, milliseconds; the client's when left out. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What was answered, whatever its status; nothing in it is to be trusted. */
export interface ExchangeAnswer {
  readonly status: number;
  /** By names in lower case; of several values the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PostOptions {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Time limit for the whole exchange, milliseconds; the client's when left out. */
  readonly timeoutMs?: number;
  /** The answer is read up to here, and cut. */
  readonly answerBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** What the receiver of a POST answered, whatever its status; nothing in it is to be trusted. */
export interface PostAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly text: string;
  /** The answer was longer than was read. */
  readonly cut: boolean;
}

/**
 * The only way out of the house for an address that somebody else chose. Every address that DNS answers is judged, for
 * the first request and after each redirect, and the connection is made to the address that was judged, so that a name
 * that answers differently the second time gains nothing.
 */
export class GuardedClient {
  readonly #guard: AddressGuard;
  readonly #timeoutMs: number;
  readonly #resolve: (host: string) => Promise<readonly string[]>;

  constructor(options: GuardedClientOptions = {}) {
    this.#guard = new AddressGuard(options.allow);
    this.#timeoutMs = options.timeoutMs ?? 15_000;
    this.#resolve =
      options.resolve ?? (async (host) => (await lookup(host, { all: true })).map((answer) => answer.address));
  }

  /**
   * Judges a URL as far as that goes without asking anybody: its form, and an address that is written out in it. A name
   * is judged when it is looked up.
   * @throws VigieError `url-invalid`, `url-forbidden`
   */
  assertUrl(url: string): void {
    const host = hostOf(parse(url));
    if (isIP(host) !== 0 && !this.#guard.permits(host)) throw new VigieError('url-forbidden');
  }

  /**
   * Opens a URL for reading.
   * @param consume reads the body; the connection is closed when it returns or throws
   * @throws VigieError `url-invalid`, `url-forbidden`, `fetch-failed`, `fetch-timeout`
   */
  async fetch<T>(
    url: string,
    consume: (fetched: Fetched) => Promise<T>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    return await this.#limited(this.#timeoutMs, options.signal, async (signal) => {
      let target = parse(url);
      for (let redirects = 0; ; redirects++) {
        const next = await this.#once(target, { signal }, async (answer) => await bodyOrRedirect(answer, consume));
        if (!('location' in next)) return next.value;
        if (redirects === MAXIMUM_REDIRECTS) throw new VigieError('fetch-failed', { detail: 'too many redirects' });
        target = parse(next.location, target);
      }
    });
  }

  /**
   * Sends a request and gives the answer, whatever its status. A redirect is an answer: it is never followed.
   * @param consume reads the body; the connection is closed when it returns or throws
   * @throws VigieError `url-invalid`, `url-forbidden`, `fetch-failed`, `fetch-timeout`; what `consume` throws as one of ours
   */
  async exchange<T>(url: string, sent: ExchangeRequest, consume: (answer: ExchangeAnswer) => Promise<T>): Promise<T> {
    const { method = 'GET', headers, body, timeoutMs = this.#timeoutMs } = sent;
    return await this.#limited(timeoutMs, sent.signal, async (signal) => {
      return await this.#once(parse(url), { method, headers: headers ?? {}, body, signal }, consume);
    });
  }

  /**
   * Sends a text and reads the answer, whatever its status. A redirect is an answer: it is never followed.
   * @throws VigieError `url-invalid`, `url-forbidden`, `fetch-failed`, `fetch-timeout`
   */
  async post(url: string, { body, headers, answerBytes, timeoutMs, signal }: PostOptions): Promise<PostAnswer> {
    const sent = { method: 'POST', body, headers, signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) } as const;
    return await this.exchange(url, sent, async (answer) => {
      const { text, cut } = await readUpTo(answer.body, answerBytes);
      const { 'content-type': contentType = '', 'retry-after': retryAfter } = answer.headers;
      return { status: answer.status, contentType, retryAfter, text, cut };
    });
  }

  /** Runs an exchange under a time limit, and gives whatever goes wrong as one of our errors. */
  async #limited<T>(
    timeoutMs: number,
    outer: AbortSignal | undefined,
    act: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = outer === undefined ? timeout : AbortSignal.any([timeout, outer]);
    try {
      return await act(signal);
    } catch (error) {
      if (error instanceof VigieError) throw error;
      if (outer?.aborted) throw outer.reason;
      if (timeout.aborted) throw new VigieError('fetch-timeout', { cause: error });
      throw new VigieError('fetch-failed', { cause: error });
    }
  }

  async #once<T>(
    url: URL,
    sent: HttpRequest & { readonly signal: AbortSignal },
    consume: (answer: ExchangeAnswer) => Promise<T>,
  ): Promise<T> {
    const lookup = leadTo(await this.#judge(hostOf(url), sent.signal));
    const headers = { accept: '*/*', 'user-agent': 'Vigie', ...sent.headers };
    const answer = await httpRequest(url, { ...sent, headers, lookup });
    try {
      return await consume({ ...answer, headers: firstOf(answer.headers) });
    } finally {
      answer.body.destroy();
    }
  }

  /** @returns the address to connect to, which every answer of DNS agrees may be fetched from */
  async #judge(host: string, signal: AbortSignal): Promise<string> {
    const addresses = isIP(host) ? [host] : await abortable(this.#resolve(host), signal);
    const [first] = addresses;
    if (first === undefined) throw new VigieError('fetch-failed', { detail: 'the name has no address' });
    if (!addresses.every((address) => this.#guard.permits(address))) throw new VigieError('url-forbidden');
    return first;
  }
}

/** @throws VigieError `fetch-failed` for an answer that is neither */
async function bodyOrRedirect<T>(
  { status, headers, body }: ExchangeAnswer,
  consume: (fetched: Fetched) => Promise<T>,
): Promise<{ readonly value: T } | { readonly location: string }> {
  const location = status >= 300 && status < 400 ? headers['location'] : undefined;
  if (location !== undefined) return { location };
  if (status !== 200) throw new VigieError('fetch-failed', { detail: `the server answered ${status}` });
  const declared = Number(headers['content-length']);
  return { value: await consume({ body, length: Number.isSafeInteger(declared) ? declared : undefined }) };
}

/** Connects to one address, whatever the name in the URL answers by now. */
function leadTo(address: string): LookupFunction {
  return (_host, { all }, callback) => {
    const family = isIP(address);
    if (all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function firstOf(headers: HttpAnswer['headers']): Record<string, string> {
  const first: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const one = Array.isArray(value) ? value[0] : value;
    if (one !== undefined) first[name] = one;
  }
  return first;
}

async function readUpTo(body: AsyncIterable<Uint8Array>, most: number): Promise<{ text: string; cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > most) break;
  }
  return { text: Buffer.concat(chunks).subarray(0, most).toString(), cut: bytes > most };
}

/** The name or the address, an IPv6 one without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function parse(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base?.href) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new VigieError('url-invalid');
  if (url.username !== '' || url.password !== '') {
    throw new VigieError('url-invalid', { detail: 'a URL with credentials is not taken' });
  }
  return url;
}
