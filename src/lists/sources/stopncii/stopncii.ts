import { z } from 'zod';
import { VigieError } from '../../../errors.js';
import { baseUrlSchema, withoutSlash } from '../../../net/base-url.js';
import type { DeltaSource, SourceFacts, SourceFeedback, SourceHouse, SourceKind, SourcePage } from '../source.js';
import { type Answer, ask, ignore, isQuestionRefused } from '../wire/ask.js';
import { type CursorPage, type CursorPosition, followCursor } from '../wire/follow-cursor.js';
import { PageBuilder } from '../wire/page-builder.js';
import { readJson } from '../wire/read-json.js';
import { TwoClocks } from '../wire/source-clock.js';
import { stopNciiChanges } from './stopncii-records.js';

const settings = z.strictObject({
  baseUrl: baseUrlSchema.default('https://api.stopncii.org/v1').describe('The address before /FetchHashes'),
  pageSize: z.number().int().min(1).max(5_000).default(800).describe('Records that are asked for at once'),
});

const key = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[\x21-\x7e]+$/);

const credentials = z.strictObject({
  subscriptionKey: key.describe('Key of your subscription (Ocp-Apim-Subscription-Key)'),
  fetchKey: key.describe('Key for reading hashes (x-functions-key of FetchHashes)'),
  feedbackKey: z
    .string()
    .max(500)
    .regex(/^[\x21-\x7e]*$/)
    .default('')
    .describe('Key for feedback (x-functions-key of SubmitFeedback); without it none is given'),
});

type StopNciiCredentials = z.infer<typeof credentials>;

const pageSchema = z.object({
  nextPageToken: z.string().max(4_000).nullish(),
  nextSetTimestamp: z.number().min(0),
  hasMoreRecords: z.boolean(),
  hashRecords: z.array(z.unknown()).max(20_000),
});

/** The earliest time that the exchange takes, seconds since 1970. */
const EARLIEST = 10;
/** Asked anew from so much before: something may come to be there a moment after the time that it bears. */
const OVERLAP_SECONDS = 60;

/** Hashes of StopNCII.org, which have no ids: an entry of ours is one hash. */
class StopNciiSource implements DeltaSource {
  readonly shape = 'delta';
  readonly #house: SourceHouse;
  readonly #base: string;
  readonly #pageSize: number;
  readonly #credentials: StopNciiCredentials;
  readonly feedback?: (feedback: SourceFeedback, signal: AbortSignal) => Promise<void>;

  constructor({ baseUrl, pageSize }: z.infer<typeof settings>, given: StopNciiCredentials, house: SourceHouse) {
    this.#base = withoutSlash(baseUrl);
    this.#pageSize = pageSize;
    this.#credentials = given;
    this.#house = house;
    const { feedbackKey } = given;
    if (feedbackKey !== '') this.feedback = (about, signal) => this.#submit(feedbackKey, about, signal);
  }

  async test(signal: AbortSignal): Promise<SourceFacts> {
    const page = await this.#fetch({ startTimestamp: String(EARLIEST), pageSize: '1' }, false, signal);
    return { hashes: page === undefined || page.hashRecords.length === 0 ? 'none' : 'there are some' };
  }

  pull(checkpoint: unknown, signal: AbortSignal): AsyncIterable<SourcePage> {
    const rules = {
      ...{ start: String(EARLIEST), cursorSeconds: 3_600, staleSeconds: 30 * 86_400 },
      ask: (position: CursorPosition, stop: AbortSignal) => this.#page(position, stop),
    };
    return followCursor(rules, checkpoint, this.#house, signal);
  }

  async #page({ since, cursor, begun }: CursorPosition, signal: AbortSignal): Promise<CursorPage | undefined> {
    const from = Math.max(EARLIEST, Number(since) - OVERLAP_SECONDS);
    const query = { startTimestamp: String(from), pageSize: String(this.#pageSize) };
    const more = cursor === undefined ? {} : { nextPageToken: cursor };
    const page = await this.#fetch({ ...query, ...more }, cursor !== undefined, signal);
    if (page === undefined) return undefined;
    if (page.hasMoreRecords && !page.nextPageToken) {
      throw new VigieError('source-malformed', { detail: 'more records and no way to them' });
    }
    const builder = new PageBuilder();
    const { changes } = stopNciiChanges(page.hashRecords, builder);
    const { earlier } = page.clocks;
    // Never back, and never beyond the clocks: what was entered meanwhile would be passed over.
    const reach = Math.max(Number(since), Math.min(Math.floor(page.nextSetTimestamp), begun ?? earlier));
    const next = page.hasMoreRecords ? (page.nextPageToken ?? undefined) : undefined;
    return { changes, builder, next, reach: String(reach), earlier };
  }

  /** @returns undefined when the position is refused, and `mayRefuse` says that it may be */
  async #fetch(query: Readonly<Record<string, string>>, mayRefuse: boolean, signal: AbortSignal) {
    const read = async (answer: Answer) => ({
      ...(await readJson(answer, pageSchema)),
      clocks: new TwoClocks(answer.sourceNow, this.#house.now()),
    });
    const instead = async (status: number) =>
      mayRefuse && isQuestionRefused(status) ? { value: undefined } : undefined;
    const url = `${this.#base}/FetchHashes?${new URLSearchParams(query)}`;
    type Page = Awaited<ReturnType<typeof read>> | undefined;
    const headers = this.#headers(this.#credentials.fetchKey);
    return await ask<Page>(this.#house, url, { headers, read, instead }, signal);
  }

  async #submit(feedbackKey: string, about: SourceFeedback, signal: AbortSignal): Promise<void> {
    const { opinion, signal: type, value } = about;
    if (type !== 'pdq' && type !== 'md5') throw new VigieError('feedback-not-taken', { detail: type });
    const feedbackValue = opinion === 'confirmed' ? 'Blocked' : 'NotBlocked';
    const body = JSON.stringify({ count: 1, hashFeedbacks: [{ tags: [], feedbackValue, hashValue: value }] });
    const headers = { ...this.#headers(feedbackKey), 'content-type': 'application/json' };
    const question = { method: 'POST', headers, body, read: ignore } as const;
    await ask(this.#house, `${this.#base}/SubmitFeedback`, question, signal);
  }

  #headers(functionsKey: string): Readonly<Record<string, string>> {
    return {
      accept: 'application/json',
      'x-functions-key': functionsKey,
      'ocp-apim-subscription-key': this.#credentials.subscriptionKey,
    };
  }
}

/** StopNCII.org: intimate images of adults, shared without their consent. */
export const stopncii: SourceKind<z.infer<typeof settings>, StopNciiCredentials> = {
  kind: 'stopncii',
  title: 'StopNCII.org',
  description: 'Hashes that adults made of intimate images of themselves, so that they are not shared without consent.',
  settings,
  credentials,
  everySeconds: 3_600,
  staleSeconds: 7 * 86_400,
  open: (chosen, given, house) => new StopNciiSource(chosen, given, house),
};
