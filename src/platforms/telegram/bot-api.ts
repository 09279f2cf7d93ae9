import { Api, GrammyError, HttpError, type RawApi } from 'grammy';
import type { PlatformHouse } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import type { ExchangeAnswer } from '../../net/guarded-client.js';
import { readBounded } from '../read-bounded.js';

/** Time limit for a call, milliseconds; one that waits for updates has its own. */
const CALL_TIMEOUT_MS = 20_000;
/** Most bytes of an answer: a hundred long messages take less than one million. */
const ANSWER_BYTES = 16 << 20;
/** Nobody is believed who sends us away for longer, seconds. */
const LONGEST_WAIT_SECONDS = 3_600;

export interface BotApiOptions {
  /** Where the Bot API is, without a slash at its end. */
  readonly baseUrl: string;
  readonly token: string;
  readonly client: PlatformHouse['client'];
}

/** The Bot API, asked with grammY through the guarded client, so that nothing leaves the house on another way. */
export class BotApi {
  readonly #raw: RawApi;
  readonly #untils = new Map<string, number>();
  readonly #now: () => number;

  constructor({ baseUrl, token, client }: BotApiOptions, now: () => number) {
    this.#now = now;
    const fetch = async (url: string | URL, init: RequestInit): Promise<Response> => {
      const { body, signal } = init;
      const waits = /\/getUpdates$/.test(String(url)) ? secondsOf(body) : 0;
      const sent = {
        method: 'POST' as const,
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: String(body),
        timeoutMs: CALL_TIMEOUT_MS + waits * 1_000,
        signal: nativeSignal(signal),
      };
      return await client.exchange(String(url), sent, async (answer) => await readAnswer(answer));
    };
    // grammY is typed by the `fetch` of another package; it uses of the answer no more than `json`.
    const options = { apiRoot: baseUrl, fetch: fetch as never, timeoutSeconds: 500 };
    this.#raw = new Api(token, options).raw;
  }

  /**
   * Asks one thing.
   * @param ask given grammY's calls and the signal in the form that it takes
   * @param about what a flood limit holds for: until it is over nothing more about it is sent
   * @throws GrammyError when the answer is no; VigieError `platform-busy` with `retryAfter`, `platform-unreachable`,
   * `platform-malformed`, `platform-refused` (the token is wrong), `url-forbidden`; the signal's reason
   */
  async ask<T>(
    about: string,
    ask: (raw: RawApi, signal: NonNullable<Parameters<RawApi['getMe']>[0]>) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    const until = this.#untils.get(about);
    if (until !== undefined) {
      const seconds = (until - this.#now()) / 1_000;
      if (seconds > 0) throw new VigieError('platform-busy', { retryAfter: seconds });
      this.#untils.delete(about);
    }
    try {
      return await ask(this.#raw, signal as NonNullable<Parameters<RawApi['getMe']>[0]>);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#told(error, about);
    }
  }

  #told(error: unknown, about: string): unknown {
    if (error instanceof HttpError) return networkError(error.error);
    if (!(error instanceof GrammyError)) return error;
    const { error_code: code, parameters } = error;
    if (code === 429) {
      const seconds = Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Number(parameters?.retry_after) || 1));
      if (this.#untils.size > 10_000) this.#untils.clear();
      this.#untils.set(about, this.#now() + seconds * 1_000);
      return new VigieError('platform-busy', { retryAfter: seconds, detail: 'flood limit' });
    }
    // 404 is what a malformed token gets, as does a method that the server does not know.
    if (code === 401 || code === 404) return new VigieError('platform-refused', { detail: 'the token is not valid' });
    if (code >= 500) return new VigieError('platform-unreachable', { detail: `error ${code}` });
    return error;
  }
}

async function readAnswer(answer: ExchangeAnswer): Promise<Response> {
  const bytes = await readBounded(answer.body, ANSWER_BYTES);
  const text = bytes?.toString();
  // The status of the Bot API is in its answers as well; a page for people comes from something between.
  if (text === undefined || !isAnswer(text)) {
    if (answer.status >= 500) throw new VigieError('platform-unreachable', { detail: `status ${answer.status}` });
    throw new VigieError('platform-malformed', { detail: `status ${answer.status}, and not an answer of the Bot API` });
  }
  return new Response(text, { status: 200 });
}

function isAnswer(text: string): boolean {
  try {
    const { ok, result, error_code: code, description } = JSON.parse(text) ?? {};
    if (ok === true) return result !== undefined;
    return ok === false && Number.isInteger(code) && typeof description === 'string';
  } catch {
    return false;
  }
}

function networkError(cause: unknown): unknown {
  if (cause instanceof VigieError) {
    if (cause.code !== 'fetch-failed' && cause.code !== 'fetch-timeout') return cause;
    const detail = cause.code === 'fetch-timeout' ? 'it took too long' : 'no connection';
    return new VigieError('platform-unreachable', { detail, cause: cause.cause });
  }
  return new VigieError('platform-unreachable', { detail: 'no connection', cause });
}

/** How long a call for updates waits at the server, seconds. */
function secondsOf(body: unknown): number {
  const { timeout } = JSON.parse(String(body)) as { readonly timeout?: unknown };
  return typeof timeout === 'number' ? timeout : 0;
}

/** grammY brings a signal of its own making, which what Node has does not take. */
function nativeSignal(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  if (signal === null || signal === undefined) return undefined;
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener('abort', () => controller.abort(), { once: true });
  return controller.signal;
}
