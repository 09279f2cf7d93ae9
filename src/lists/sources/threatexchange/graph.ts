import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import { withoutSlash } from '../../../net/base-url.js';
import type { SourceHouse } from '../source.js';
import { ask, isQuestionRefused, type Question } from '../wire/ask.js';

const errorSchema = z.object({
  error: z.object({ code: z.number().nullish(), is_transient: z.boolean().nullish() }),
});

/** Codes of the graph that ask us to slow down, or to come again. */
const SLOW_DOWN: ReadonlySet<number> = new Set([1, 2, 4, 17, 32, 341, 368, 613]);
/** Seconds after which to come again when it does not say. */
const SLOW_DOWN_SECONDS = 300;
/** Codes about the question, not about who asks. */
const ABOUT_THE_QUESTION: ReadonlySet<number> = new Set([100, 2500]);

/** Meta's graph. The token goes into the address, as it wants it; it is added here, and nowhere kept with an address. */
export class Graph {
  readonly #house: SourceHouse;
  readonly #base: string;
  readonly #token: string;

  /** @param base such as `https://graph.facebook.com/v21.0` */
  constructor(base: string, token: string, house: SourceHouse) {
    this.#base = withoutSlash(base);
    this.#token = token;
    this.#house = house;
  }

  /** Our own id there. */
  get app(): string {
    return this.#token.slice(0, this.#token.indexOf('|'));
  }

  /**
   * @param refused stands for the answer when what is asked for is refused rather than us; an error unless given
   * @throws as `ask`
   */
  async ask<T>(
    path: string,
    query: URLSearchParams,
    question: Omit<Question<T>, 'instead'>,
    signal: AbortSignal,
    refused?: { readonly value: T },
  ): Promise<T> {
    const sent = new URLSearchParams(query);
    sent.set('access_token', this.#token);
    const instead = async (status: number, text: () => Promise<string>) => {
      if (status < 400) return undefined;
      const code = codeOf(await text());
      if (code === 'slow-down') {
        throw new VigieError('source-unreachable', {
          detail: 'it asks us to slow down',
          retryAfter: SLOW_DOWN_SECONDS,
        });
      }
      const ofTheQuestion = code === undefined ? isQuestionRefused(status) : ABOUT_THE_QUESTION.has(code);
      return ofTheQuestion ? refused : undefined;
    };
    return await ask(this.#house, `${this.#base}${path}?${sent}`, { ...question, instead }, signal);
  }

  /**
   * Reads where a next page is said to be.
   * @param path the path that the page came from
   * @returns its query without the token
   * @throws VigieError `source-malformed` when it leads elsewhere
   */
  nextQuery(next: string, path: string): string {
    const own = new URL(`${this.#base}${path}`);
    const url = URL.canParse(next) ? new URL(next) : undefined;
    if (url?.origin !== own.origin || withoutSlash(url.pathname) !== withoutSlash(own.pathname)) {
      throw new VigieError('source-malformed', { detail: 'a next page that is not of its updates' });
    }
    url.searchParams.delete('access_token');
    const query = url.searchParams.toString();
    if (query === '' || query.length > 4_000 || query.includes(encodeURIComponent(this.#token))) {
      throw new VigieError('source-malformed', { detail: 'a next page that is none' });
    }
    return query;
  }
}

function codeOf(text: string): number | 'slow-down' | undefined {
  try {
    const { code, is_transient: transient } = errorSchema.parse(JSON.parse(text)).error;
    if (transient === true || (code != null && SLOW_DOWN.has(code))) return 'slow-down';
    return code ?? undefined;
  } catch {
    return undefined;
  }
}
