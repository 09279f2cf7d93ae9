import type { PlatformHouse } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import type { ExchangeAnswer } from '../../net/guarded-client.js';
import { readBounded } from '../../net/read-bounded.js';
import { retryAfterSeconds } from '../../net/retry-after.js';
import { MatrixRefusal } from './matrix-refusal.js';

/** Time limit for a call, milliseconds; one that waits for what is new has its own. */
const CALL_TIMEOUT_MS = 20_000;
/** Most bytes of an answer: a first sync of many rooms is the longest. */
const ANSWER_BYTES = 64 << 20;
/** Nobody is believed who sends us away for longer, seconds. */
const LONGEST_WAIT_SECONDS = 3_600;
const MOST_ABOUT = 10_000;

export type Json = Readonly<Record<string, unknown>>;

export interface MatrixApiOptions {
  /** Where the homeserver is, without a slash at its end. */
  readonly baseUrl: string;
  readonly token: string;
  readonly client: PlatformHouse['client'];
}

export interface MatrixCall {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** Made with `path`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** Asked elsewhere than at the homeserver, without a slash at its end. */
  readonly baseUrl?: string;
  /** How long the server may wait before it answers, milliseconds. */
  readonly waitMs?: number;
}

/** A path whose values are escaped. They must not be `.` or `..`: ids begin with a mark of their kind, or are checked. */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce((whole, part, i) => `${whole}${encodeURIComponent(values[i - 1] ?? '')}${part}`);
}

/** The client-server API of a homeserver, asked through the guarded client, so that nothing leaves the house on another way. */
export class MatrixApi {
  readonly #options: MatrixApiOptions;
  readonly #now: () => number;
  readonly #untils = new Map<string, number>();

  /** @param now milliseconds since 1970 */
  constructor(options: MatrixApiOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /**
   * Asks one thing.
   * @param about what a rate limit holds for: until it is over nothing more about it is sent
   * @throws MatrixRefusal when the answer is no; VigieError `platform-busy` with `retryAfter`, `platform-unreachable`,
   *   `platform-malformed`, `platform-refused` (the token is not valid), `url-forbidden`; the signal's reason
   */
  async ask(about: string, call: MatrixCall, signal: AbortSignal): Promise<Json> {
    signal.throwIfAborted();
    this.#assertMayAsk(about);
    const { method = 'GET', path: where, query, body, waitMs = 0, baseUrl = this.#options.baseUrl } = call;
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
    const sent = {
      method,
      headers: { accept: 'application/json', 'content-type': 'application/json', ...this.authorization },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
      timeoutMs: CALL_TIMEOUT_MS + waitMs,
      signal,
    };
    try {
      const read = (answer: ExchangeAnswer) => readAnswer(answer, this.#now());
      return await this.#options.client.exchange(`${baseUrl}${where}${search}`, sent, read);
    } catch (error) {
      signal.throwIfAborted();
      const told = networkError(error);
      if (told instanceof VigieError && told.retryAfter !== undefined) this.#wait(about, told.retryAfter);
      throw told;
    }
  }

  /** The header that says who asks. */
  get authorization(): { readonly authorization: string } {
    return { authorization: `Bearer ${this.#options.token}` };
  }

  #assertMayAsk(about: string): void {
    const until = this.#untils.get(about);
    if (until === undefined) return;
    const seconds = (until - this.#now()) / 1_000;
    if (seconds > 0) throw new VigieError('platform-busy', { retryAfter: seconds });
    this.#untils.delete(about);
  }

  #wait(about: string, seconds: number): void {
    if (this.#untils.size > MOST_ABOUT) this.#untils.clear();
    this.#untils.set(about, this.#now() + seconds * 1_000);
  }
}

/**
 * What an answer says.
 * @throws MatrixRefusal, VigieError as `MatrixApi.ask`
 */
async function readAnswer({ status, headers, body }: ExchangeAnswer, now: number): Promise<Json> {
  const bytes = await readBounded(body, ANSWER_BYTES);
  const said = bytes === undefined ? undefined : objectOf(bytes.toString());
  if (status >= 200 && status < 300 && said !== undefined) return said;
  if (status === 429) {
    const ms = Number(said?.['retry_after_ms']);
    const seconds = Number.isFinite(ms) && ms > 0 ? ms / 1_000 : (retryAfterSeconds(headers['retry-after'], now) ?? 1);
    const retryAfter = Math.min(LONGEST_WAIT_SECONDS, Math.max(0.05, seconds));
    throw new VigieError('platform-busy', { retryAfter, detail: 'rate limit' });
  }
  const errcode = said?.['errcode'];
  if (status >= 500) throw new VigieError('platform-unreachable', { detail: `status ${status}` });
  if (status < 400 || typeof errcode !== 'string') {
    throw new VigieError('platform-malformed', { detail: `status ${status}, and not an answer of a homeserver` });
  }
  const refusal = new MatrixRefusal(status, errcode);
  if (status === 401 || refusal.errcode === 'M_USER_DEACTIVATED') {
    throw new VigieError('platform-refused', { detail: `the token is not valid: ${refusal.errcode}` });
  }
  throw refusal;
}

function objectOf(text: string): Json | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null && !Array.isArray(said) ? (said as Json) : undefined;
  } catch {
    return undefined;
  }
}

function networkError(error: unknown): unknown {
  if (!(error instanceof VigieError)) return error;
  if (error.code !== 'fetch-failed' && error.code !== 'fetch-timeout') return error;
  if (error.cause instanceof MatrixRefusal) return error.cause;
  const detail = error.code === 'fetch-timeout' ? 'it took too long' : 'no connection';
  return new VigieError('platform-unreachable', { detail, cause: error.cause });
}
