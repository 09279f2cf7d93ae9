import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { fromFeedEntry } from '../publishing/feed-entry.js';
import { isSignedBy, SIGNATURE_HEADER, type TrustedKey, trustedKey } from '../publishing/feed-signature.js';
import { PAGE_BYTES, pageEndShape, pageHeadShape } from '../publishing/feed-text.js';
import { unpacked } from './list-file.js';
import type {
  DeltaSource,
  SetAside,
  SourceChange,
  SourceFacts,
  SourceFeedback,
  SourceHouse,
  SourceKind,
  SourcePage,
} from './source.js';
import { readWhole } from './wire/answers.js';
import { type Answer, ask, type Question } from './wire/ask.js';

const PAGE_MS = 5 * 60_000;
const ANSWER_BYTES = 2 ** 20;
const NONCE_BYTES = 18;

const settings = z
  .object({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .refine((text) => /^https:|^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])[:/]/.test(`${text}/`), 'https')
      .describe('The address of the other Vigie, such as https://feed.hotline.example.'),
    list: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .describe('The list of theirs.'),
    publicKeys: z
      .array(z.string().refine((text) => trustedKey(text) !== undefined, 'such as vigie-ed25519-…'))
      .min(1)
      .max(8)
      .describe('Their public keys, as `vigie publish key` shows them there; ask for them by another way.'),
  })
  .strict();

const credentials = z
  .object({
    key: z
      .string()
      .regex(/^[\x21-\x7e]{10,200}$/)
      .describe('The key of a member, as it was told when it was added.'),
  })
  .strict();

export const vigieFeed: SourceKind<z.output<typeof settings>, z.output<typeof credentials>> = {
  kind: 'vigie-feed',
  title: 'Another Vigie',
  description: 'A list that another Vigie publishes: signed, with each change and withdrawal within moments.',
  settings,
  credentials,
  everySeconds: 60,
  staleSeconds: undefined,
  open: (said, { key }, house) => new FeedSource(said, key, house),
};

const checkpointShape = z.object({ feed: z.string(), next: z.string() });

/** A page of which every byte was signed by somebody who is trusted, and which answers what was asked. */
interface TrustedPage {
  readonly restart: boolean;
  readonly lines: readonly unknown[];
  readonly next: string;
  readonly upToDate: boolean;
}

class FeedSource implements DeltaSource {
  readonly shape = 'delta';
  readonly #base: string;
  readonly #list: string;
  readonly #trusted: readonly TrustedKey[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #house: SourceHouse;
  /** Names the feed: a checkpoint of another one is none. */
  readonly #feed: string;

  constructor({ url, list, publicKeys }: z.output<typeof settings>, key: string, house: SourceHouse) {
    this.#base = url.replace(/\/+$/, '');
    this.#list = list;
    this.#trusted = publicKeys.flatMap((text) => trustedKey(text) ?? []);
    this.#headers = { authorization: `Bearer ${key}` };
    this.#house = house;
    this.#feed = `${this.#base} ${list}`;
  }

  async test(signal: AbortSignal): Promise<SourceFacts> {
    const read = (answer: Answer) => readWhole(unpacked(answer.body, { maxBytes: ANSWER_BYTES }), ANSWER_BYTES);
    const body = await this.#ask(`${this.#base}/feed/v1/lists`, { read }, signal);
    const parsed = listsShape.safeParse(json(body.toString()));
    if (!parsed.success) throw new VigieError('source-malformed', { detail: 'this is no feed of a Vigie' });
    const { publisher, member, lists } = parsed.data;
    const list = lists.find(({ name }) => name === this.#list);
    if (list === undefined) throw new VigieError('source-refused', { detail: 'this list is not published to us' });
    // Whether the key is theirs shows in a page alone.
    await this.#page(undefined, signal);
    return { publisher, member: member.name, list: list.name, terms: list.terms.slice(0, 500) };
  }

  async *pull(checkpoint: unknown, signal: AbortSignal): AsyncGenerator<SourcePage> {
    const parsed = checkpointShape.safeParse(checkpoint);
    const known = parsed.success && parsed.data.feed === this.#feed ? parsed.data.next : undefined;
    // Of another feed: what it told counts no longer.
    let anew = known === undefined && checkpoint !== undefined && checkpoint !== null;
    let after = known;
    for (;;) {
      const { restart, lines, next, upToDate } = await this.#page(after, signal);
      if (!upToDate && next === after) throw malformed('it does not go on');
      const told = read(lines);
      const begins = restart || anew;
      anew = false;
      yield { ...told, checkpoint: { feed: this.#feed, next }, upToDate, ...(begins && { restart: true }) };
      if (upToDate) return;
      after = next;
    }
  }

  async feedback({ entryId, opinion, signal: type }: SourceFeedback, signal: AbortSignal): Promise<void> {
    const url = `${this.#base}/feed/v1/lists/${this.#list}/entries/${encodeURIComponent(entryId)}/opinion`;
    const body = JSON.stringify({ opinion, signal: type });
    const headers = { 'content-type': 'application/json' };
    await this.#ask(url, { method: 'PUT', body, headers, read: async () => undefined }, signal);
  }

  async #page(after: string | undefined, signal: AbortSignal): Promise<TrustedPage> {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    const query = new URLSearchParams({ nonce, ...(after !== undefined && { after }) });
    const url = `${this.#base}/feed/v1/lists/${this.#list}/entries?${query}`;
    const read = async ({ headers, body }: Answer): Promise<TrustedPage> => {
      const page = await readWhole(unpacked(body, { maxBytes: PAGE_BYTES }), PAGE_BYTES);
      // Nothing of it is looked at before.
      if (!isSignedBy(page, headers[SIGNATURE_HEADER], this.#trusted)) throw new VigieError('source-untrusted');
      const [first, ...lines] = page.toString().split('\n').slice(0, -1).map(json);
      const head = pageHeadShape.safeParse(first);
      const end = pageEndShape.safeParse(lines.pop());
      if (!head.success || !end.success) throw malformed('a page is not as it should be');
      const asked = head.data.list === this.#list && head.data.nonce === nonce && head.data.after === (after ?? null);
      if (!asked) throw new VigieError('source-untrusted', { detail: 'it is the answer to another question' });
      if (end.data.changes !== lines.length) throw malformed('a page is not whole');
      return { restart: head.data.restart, lines, next: end.data.next, upToDate: end.data.upToDate };
    };
    return await this.#ask(url, { read }, signal);
  }

  async #ask<T>(url: string, question: Question<T>, signal: AbortSignal): Promise<T> {
    const headers = { ...this.#headers, ...question.headers };
    return await ask(this.#house, url, { timeoutMs: PAGE_MS, ...question, headers, gzip: true }, signal);
  }
}

const listsShape = z.object({
  publisher: z.string().max(100),
  member: z.object({ name: z.string().max(100) }),
  lists: z.array(z.object({ name: z.string().max(100), terms: z.string() })),
});

/** The changes of a page. A record that cannot be used stops nothing. */
function read(lines: readonly unknown[]): Pick<SourcePage, 'changes' | 'setAside' | 'unused'> {
  const changes: SourceChange[] = [];
  const setAside: SetAside[] = [];
  const unused: Record<string, number> = {};
  for (const [i, line] of lines.entries()) {
    const { put, remove } = changeShape.safeParse(line).data ?? {};
    const found = put === undefined ? undefined : fromFeedEntry(put);
    if (remove !== undefined) changes.push({ remove });
    else if (found === undefined) setAside.push({ reason: 'malformed-record', where: `line ${i + 2}` });
    else {
      const { entry, unknown, malformed: bad } = found;
      for (const type of unknown) unused[type] = (unused[type] ?? 0) + 1;
      if (bad > 0) setAside.push({ reason: 'malformed-signal', where: entry.id });
      if (entry.signals.length > 0) changes.push({ put: entry });
      // Without a signal it says nothing, and what it said before counts no longer, unless its new word cannot be read.
      else if (bad === 0) changes.push({ remove: entry.id });
    }
  }
  return { changes, setAside, unused };
}

const changeShape = z.union([
  z.object({ put: z.unknown().refine((value) => value !== undefined), remove: z.undefined().optional() }),
  z.object({ put: z.undefined().optional(), remove: z.string().min(1).max(512) }),
]);

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function malformed(detail: string): VigieError {
  return new VigieError('source-malformed', { detail });
}
