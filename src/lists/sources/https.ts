import { z } from 'zod';
import { VigieError } from '../../errors.js';
import type { ExchangeAnswer } from '../../net/guarded-client.js';
import { withoutEnding } from '../import-source.js';
import { asBefore, digestOf, FILE_FIELDS, type FileReading, factsOf, readingId, unpacked } from './list-file.js';
import type { Snapshot, SnapshotSource, SourceFacts, SourceHouse, SourceKind } from './source.js';
import { refusalOf, unreachable } from './wire/answers.js';

/** A file of many gigabytes over a slow line; what hangs is noticed long before. */
const WHOLE_MS = 6 * 3_600_000;
const MOST_REDIRECTS = 3;

const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/** Who we are to a server of files: nothing, a bearer's token, a name with a password, or a header of its own. */
export const webCredentials = z
  .object({
    bearer: z.string().regex(HEADER_VALUE).optional().describe('A token, sent as Authorization: Bearer.'),
    username: z.string().min(1).optional().describe('A name, for Basic authentication.'),
    password: z.string().min(1).optional().describe('Its password.'),
    header: z.string().regex(HEADER_NAME).optional().describe('The name of a header that carries a key.'),
    value: z.string().regex(HEADER_VALUE).optional().describe('The key that the header carries.'),
  })
  .strict()
  .refine(({ username, password }) => (username === undefined) === (password === undefined), 'a name and its password')
  .refine(({ header, value }) => (header === undefined) === (value === undefined), 'a header and its value')
  .refine(({ bearer, username }) => bearer === undefined || username === undefined, 'a token or a name, not both')
  .default({});

export type WebCredentials = z.output<typeof webCredentials>;

/** The address of a file. What is secret in it belongs into the credentials: it is shown to people. */
export const fileUrl = z
  .url({ protocol: /^https?$/ })
  .max(2_000)
  .refine((text) => new URL(text).username === '', 'credentials do not belong into the address')
  .describe('The address of the file; plain http only without credentials, or on this machine.');

const settings = z.object({ url: fileUrl, ...FILE_FIELDS }).strict();

export const https: SourceKind<z.output<typeof settings>, WebCredentials> = {
  kind: 'https',
  title: 'A file over HTTPS',
  description: 'A whole list as a file on a server, fetched again when it has changed.',
  settings,
  credentials: webCredentials,
  everySeconds: 3_600,
  staleSeconds: undefined,
  open: ({ url, ...reading }, credentials, house) => new WebFile(url, reading, credentials, house),
};

const checkpointShape = z.object({
  reading: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** Of the content, where the server gives nothing to tell a change by. */
  digest: z.string().optional(),
});
type Checkpoint = z.output<typeof checkpointShape>;

/**
 * A list that a server gives as one file. A change is told by its ETag and Last-Modified; where there are none, the file
 * is read twice: once to see whether it has changed, and once to take it in.
 */
export class WebFile implements SnapshotSource {
  readonly shape = 'snapshot';
  readonly #url: string;
  readonly #reading: FileReading;
  readonly #house: SourceHouse;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #id: string;

  /** @throws VigieError `request-invalid` for credentials that would travel in clear */
  constructor(url: string, reading: FileReading, credentials: WebCredentials, house: SourceHouse) {
    this.#url = url;
    this.#reading = reading;
    this.#house = house;
    this.#headers = headersOf(credentials);
    this.#id = readingId(url, reading);
    if (Object.keys(this.#headers).length > 0 && !isPrivate(new URL(url))) {
      throw new VigieError('request-invalid', { detail: 'credentials are sent over https only' });
    }
  }

  async test(signal: AbortSignal): Promise<SourceFacts> {
    return await this.#get({}, signal, async (answer) => {
      const facts = await factsOf(this.#contentOf(answer), this.#reading);
      const changed = answer.headers['last-modified'];
      return changed === undefined ? facts : { ...facts, 'last modified': changed.slice(0, 40) };
    });
  }

  async fetch<T>(
    checkpoint: unknown,
    signal: AbortSignal,
    use: (snapshot: Snapshot) => Promise<T>,
  ): Promise<T | undefined> {
    const parsed = checkpointShape.safeParse(checkpoint);
    const before = parsed.success && parsed.data.reading === this.#id ? parsed.data : undefined;
    const first = await this.#get(conditions(before), signal, async (answer) => {
      if (answer.status === 304) return { over: true } as const;
      const now = validatorsOf(answer, this.#id);
      if (now !== undefined) return { over: true, used: await use(this.#snapshot(answer, now)) } as const;
      return { over: false, digest: await digestOf(this.#contentOf(answer)) } as const;
    });
    if (first.over) return 'used' in first ? first.used : undefined;
    const { digest } = first;
    if (digest === before?.digest) return undefined;
    return await this.#get({}, signal, async (answer) => {
      return await use(this.#snapshot(answer, { reading: this.#id, digest }));
    });
  }

  #snapshot(answer: ExchangeAnswer, checkpoint: Checkpoint): Snapshot {
    const { maxBytes: _, ...reading } = this.#reading;
    const content = this.#contentOf(answer);
    const stream = checkpoint.digest === undefined ? content : asBefore(content, checkpoint.digest);
    return { ...reading, input: { stream }, name: nameOf(this.#url), checkpoint };
  }

  #contentOf({ body }: ExchangeAnswer): AsyncIterable<Uint8Array> {
    return unpacked(body, this.#reading);
  }

  /** @param read is given a 200, or a 304 where conditions were sent */
  async #get<T>(
    conditionHeaders: Readonly<Record<string, string>>,
    signal: AbortSignal,
    read: (answer: ExchangeAnswer) => Promise<T>,
  ): Promise<T> {
    // What is packed for the way alone is unpacked like a file that is packed: by its first bytes.
    const headers = { 'accept-encoding': 'gzip', ...this.#headers, ...conditionHeaders };
    const { client, now } = this.#house;
    let url = this.#url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const outcome = await client
        .exchange(url, { headers, signal, timeoutMs: WHOLE_MS }, async (answer) => {
          const { status, headers: answered } = answer;
          const { location, 'content-encoding': encoding = 'identity' } = answered;
          if (status === 304 && Object.keys(conditionHeaders).length > 0) return { value: await read(answer) };
          if (status >= 300 && status < 400 && location !== undefined) return { next: sameHost(location, url) };
          const refusal = refusalOf(answer, now());
          if (refusal !== undefined) throw refusal;
          if (!/^\s*(identity|gzip|x-gzip)\s*$/i.test(encoding) || status !== 200) {
            throw new VigieError('source-malformed', { detail: 'it answered in a way that was not asked for' });
          }
          return { value: await read(answer) };
        })
        .catch((thrown: unknown) => {
          signal.throwIfAborted();
          throw unreachable(thrown);
        });
      if ('value' in outcome) return outcome.value;
      url = outcome.next;
    }
    throw new VigieError('source-refused', { detail: 'too many redirects' });
  }
}

function headersOf({ bearer, username, password, header, value }: WebCredentials): Record<string, string> {
  const basic = username === undefined ? undefined : Buffer.from(`${username}:${password}`).toString('base64');
  return {
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(basic !== undefined && { authorization: `Basic ${basic}` }),
    ...(header !== undefined && value !== undefined && { [header.toLowerCase()]: value }),
  };
}

/** Whether what is said on the way there stays between the two. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Credentials and the trust in a source hold for its host: nobody else gets the one or speaks for the other. */
function sameHost(location: string, from: string): string {
  const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
  const base = new URL(from);
  const upgraded = base.protocol === 'http:' && target?.protocol === 'https:' && target.hostname === base.hostname;
  if (target === undefined || (target.origin !== base.origin && !upgraded)) {
    throw new VigieError('source-refused', { detail: 'it redirects to another host' });
  }
  return target.href;
}

function conditions(before: Checkpoint | undefined): Record<string, string> {
  return {
    ...(before?.etag !== undefined && { 'if-none-match': before.etag }),
    ...(before?.lastModified !== undefined && { 'if-modified-since': before.lastModified }),
  };
}

const VALIDATOR_LIMIT = 1_000;

function validatorsOf({ headers }: ExchangeAnswer, reading: string): Checkpoint | undefined {
  const { etag, 'last-modified': lastModified } = headers;
  if (etag !== undefined && etag.length <= VALIDATOR_LIMIT) return { reading, etag };
  if (lastModified === undefined || lastModified.length > VALIDATOR_LIMIT) return undefined;
  return { reading, lastModified };
}

/** What people call the file, without what the address asks for. */
function nameOf(url: string): string {
  const path = new URL(url).pathname.split('/').at(-1) ?? '';
  return path === '' ? 'list' : `${withoutEnding(path)}`.slice(0, 100);
}
