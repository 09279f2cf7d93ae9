import { z } from 'zod';
import { VigieError } from '../errors.js';
import type { ExchangeAnswer, GuardedClient } from '../net/guarded-client.js';
import { readBounded } from '../net/read-bounded.js';
import { retryAfterSeconds } from '../net/retry-after.js';
import { Circuit } from '../scan/remote/circuit.js';

export interface ScorerOptions {
  readonly url: string;
  /** Sent as a bearer token; nothing is sent when undefined. */
  readonly key: string | undefined;
  /** Which scorer it is, with its version, such as `scenes-2.1`. One that says that it is another is not believed. */
  readonly version: string;
  /** Longest one answer may take, milliseconds. */
  readonly timeoutMs: number;
  readonly client: GuardedClient;
  /** Told when it is given up for a while, with the code of what went wrong, and when it answers again. */
  readonly onOpen: (code: string) => void;
  readonly onClose: () => void;
  readonly now?: () => number;
}

const ANSWER_BYTES = 64 << 10;

const answerSchema = z.object({ score: z.number().min(0).max(1), version: z.string().max(100).optional() });

/** A classifier of the operator's, asked over HTTP: the bytes of one medium, and a number from 0 to 1. */
export class Scorer {
  readonly #options: ScorerOptions;
  readonly #circuit: Circuit;
  readonly #now: () => number;

  constructor(options: ScorerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#circuit = new Circuit({ now: this.#now, onOpen: options.onOpen, onClose: options.onClose });
  }

  /** True while it has to be left alone. */
  get away(): boolean {
    return this.#circuit.pauseMs > 0;
  }

  /**
   * @param late aborted when nobody waits for the answer any more
   * @param stop aborted when that says nothing of the scorer
   * @throws VigieError `scorer-away`, `scorer-refused`, `scorer-odd-answer`, `url-forbidden`; the reason of `stop`
   */
  async ask(bytes: Uint8Array, contentType: string, late: AbortSignal, stop: AbortSignal): Promise<number> {
    const { client, url, key, timeoutMs } = this.#options;
    const headers = {
      ...{ accept: 'application/json', 'content-type': contentType },
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    };
    const signal = AbortSignal.any([late, stop]);
    try {
      const sent = { method: 'POST', headers, body: bytes, timeoutMs, signal } as const;
      const score = await client.exchange(url, sent, (answer) => this.#read(answer));
      this.#circuit.succeeded();
      return score;
    } catch (thrown) {
      stop.throwIfAborted();
      const error = asScorerError(thrown);
      const { code, retryAfter } = error;
      this.#circuit.failed({ code, retryAfter, refused: code === 'scorer-refused' || code === 'url-forbidden' });
      throw error;
    }
  }

  async #read({ status, headers, body }: ExchangeAnswer): Promise<number> {
    const detail = `status ${status}`;
    if (status === 401 || status === 403) throw new VigieError('scorer-refused', { detail });
    if (status < 200 || status > 299) {
      const retryAfter = retryAfterSeconds(headers['retry-after'], this.#now());
      throw new VigieError('scorer-away', { detail, ...(retryAfter === undefined ? {} : { retryAfter }) });
    }
    const { data } = answerSchema.safeParse(parse(await readBounded(body, ANSWER_BYTES)));
    if (data === undefined) throw new VigieError('scorer-odd-answer');
    const { score, version } = data;
    if (version !== undefined && version !== this.#options.version) {
      throw new VigieError('scorer-odd-answer', { detail: 'it says that it is of another version' });
    }
    return score;
  }
}

function parse(bytes: Buffer | undefined): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

/** The errors of the client speak of media, and the end of our patience is no error of anybody. */
function asScorerError(thrown: unknown): VigieError {
  if (thrown instanceof VigieError && /^(?:scorer-|url-)/.test(thrown.code)) return thrown;
  return new VigieError('scorer-away', { detail: 'no answer in time', cause: thrown });
}
