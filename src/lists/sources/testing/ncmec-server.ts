/** NCMEC's hash sharing, version 2, as its documents and clients describe it. */
import { Readable } from 'node:stream';
import { NCMEC_NAMESPACE } from '../ncmec/ncmec-environments.js';
import { formatNcmecTime, parseNcmecTime } from '../ncmec/ncmec-times.js';
import { readXml } from '../wire/read-xml.js';
import { type Asked, FaultServer, type Reply } from './fault-server.js';

export interface ServedOpinion {
  readonly member: string;
  readonly type: string;
  readonly affirmative: boolean;
  /** Seconds since 1970. */
  readonly at: number;
}

export interface ServedEntry {
  readonly member: string;
  readonly id: string;
  readonly kind: 'image' | 'video';
  readonly deleted?: boolean;
  /** When it was last changed, seconds since 1970. */
  readonly timestamp: number;
  readonly classification?: string;
  /** A value, or an address that it is kept under. */
  readonly fingerprints?: readonly (readonly [tag: string, value: string | { readonly href: string }])[];
  readonly opinions?: readonly ServedOpinion[];
}

export interface NcmecServerOptions {
  readonly username?: string;
  readonly password?: string;
  readonly pageSize?: number;
  /** Which ends of a range of time are part of it. */
  readonly ends?: 'both' | 'first' | 'last' | 'neither';
  /** How long `next` holds, seconds by the server's clock. */
  readonly nextSeconds?: number;
}

const FEEDBACK_TYPES = ['MD5', 'SHA1', 'PDNA', 'PDQ', 'NETCLEAN', 'VIDENTIFIER', 'TMK_PDQF', 'SSVH_PDNA'] as const;

/** The reasons that are offered against a fingerprint of a type. */
export const SERVED_REASONS: Readonly<Record<string, readonly { readonly guid: string; readonly name: string }[]>> = {
  MD5: [{ guid: '11111111-aaaa-4111-8111-111111111111', name: 'Not what it is said to be' }],
  SHA1: [
    { guid: '22222222-aaaa-4111-8111-111111111111', name: 'Not what it is said to be' },
    { guid: '22222222-bbbb-4111-8111-111111111111', name: 'Cannot be told' },
  ],
  PDQ: [{ guid: '33333333-aaaa-4111-8111-111111111111', name: 'Far too common' }],
  PDNA: [],
};

const XML = 'application/xml;charset=UTF-8';
const BASE = '/hashsharing';

export class NcmecServer implements AsyncDisposable {
  readonly entries = new Map<string, ServedEntry>();
  /** Feedback that was taken: `member/id/TYPE` to `affirmative` or the guid of a reason. */
  readonly feedback = new Map<string, string>();
  readonly http: FaultServer;
  readonly #options: Required<NcmecServerOptions>;
  readonly #given = new Map<string, number>();

  private constructor(http: FaultServer, options: NcmecServerOptions) {
    this.http = http;
    this.#options = {
      ...{ username: 'harbour', password: 'pass:word', pageSize: 1_000, ends: 'first', nextSeconds: 12 * 3_600 },
      ...options,
    };
  }

  static async open(options: NcmecServerOptions = {}): Promise<NcmecServer> {
    let server: NcmecServer | undefined;
    const http = await FaultServer.open((asked) => (server as NcmecServer).#answer(asked));
    server = new NcmecServer(http, options);
    return server;
  }

  /** What a client is told to use as its base. */
  get base(): string {
    return `${this.http.origin}${BASE}`;
  }

  put(...entries: readonly ServedEntry[]): void {
    for (const entry of entries) this.entries.set(`${entry.member}-${entry.id}`, entry);
  }

  async #answer(asked: Asked): Promise<Reply> {
    const { username, password } = this.#options;
    const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (asked.headers.authorization !== wanted) return { status: 401 };
    const { pathname } = asked.url;
    if (asked.method === 'PUT') return await this.#putFeedback(asked);
    if (asked.method !== 'GET') return { status: 405 };
    if (pathname === `${BASE}/v2/status`) {
      return xml(`<status xmlns="${NCMEC_NAMESPACE}"><ipAddress>127.0.0.1</ipAddress><username>${username}</username>
        <member id="1">Harbour &amp; Sons</member></status>`);
    }
    if (pathname === `${BASE}/v2/members`) {
      return xml(
        `<members xmlns="${NCMEC_NAMESPACE}"><member id="1">Harbour</member><member id="42">B</member></members>`,
      );
    }
    const reasons = /\/v2\/feedback\/([A-Z0-9_]+)\/reasons$/.exec(pathname);
    if (reasons !== null) return this.#reasons(reasons[1] ?? '');
    if (pathname === `${BASE}/v2/entries`) return this.#entries(asked.url.searchParams);
    return { status: 404 };
  }

  #entries(query: URLSearchParams): Reply {
    const [from, to] = [parseNcmecTime(query.get('from') ?? ''), parseNcmecTime(query.get('to') ?? '')];
    // Times without a zone, in any other form, and ranges that run backwards are refused.
    const zoned = /Z$/.test(query.get('from') ?? '') && /Z$/.test(query.get('to') ?? '');
    if (from === undefined || to === undefined || from > to || !zoned) return { status: 400 };
    const start = query.get('start');
    if (start !== null && !this.#holds(query)) return { status: 400 };
    const { pageSize, ends } = this.#options;
    const [first, last] = [ends === 'both' || ends === 'first', ends === 'both' || ends === 'last'];
    const inRange = [...this.entries.values()].filter(({ timestamp }) => {
      const at = timestamp * 1_000;
      return (first ? at >= from : at > from) && (last ? at <= to : at < to);
    });
    // In no order of time, and always the same one.
    inRange.sort((a, b) => scatter(a) - scatter(b));
    const skip = start === null ? 0 : Number(start) - 1;
    const page = inRange.slice(skip, skip + pageSize);
    const rest = inRange.length - skip - page.length;
    const next = rest > 0 ? this.#next(query, skip + page.length + 1, inRange.length) : '';
    return xml(
      `<queryResult xmlns="${NCMEC_NAMESPACE}">${group('image', page)}${group('video', page)}${next}</queryResult>`,
    );
  }

  #next(query: URLSearchParams, start: number, max: number): string {
    const time = (name: string) => encodeURIComponent((query.get(name) ?? '').replace(/(?:\.000)?Z$/, '.000Z'));
    const tail = `start=${start}&size=${this.#options.pageSize}&max=${max}`;
    const next = `/v2/entries?from=${time('from')}&to=${time('to')}&${tail}`;
    this.#given.set(new URLSearchParams(next.slice(next.indexOf('?'))).toString(), this.http.now());
    return `<paging><next>${escaped(next)}</next></paging>`;
  }

  /** Only a `next` that was given, as it was given, and not too long ago. */
  #holds(query: URLSearchParams): boolean {
    const at = this.#given.get(query.toString());
    return at !== undefined && this.http.now() - at <= this.#options.nextSeconds * 1_000;
  }

  #reasons(type: string): Reply {
    if (!(FEEDBACK_TYPES as readonly string[]).includes(type)) return { status: 400 };
    const reasons = (SERVED_REASONS[type] ?? []).map(
      ({ guid, name }) => `<reason guid="${guid}" name="${name}" type="${type[0]}${type.slice(1).toLowerCase()}"/>`,
    );
    return xml(`<availableFeedbackReasons xmlns="${NCMEC_NAMESPACE}">${reasons.join('')}</availableFeedbackReasons>`);
  }

  async #putFeedback({ url, headers, body }: Asked): Promise<Reply> {
    const path = /\/v2\/entries\/([^/]+)\/([^/]+)\/([A-Z0-9_]+)\/feedback$/.exec(url.pathname);
    const [member, id, type = ''] = (path ?? []).slice(1).map(decodeURIComponent);
    const entry = this.entries.get(`${member}-${id}`);
    if (path === null || entry === undefined || entry.deleted) return { status: 404 };
    if (!(FEEDBACK_TYPES as readonly string[]).includes(type)) return { status: 400 };
    if (!/^(?:application|text)\/xml\b/.test(headers['content-type'] ?? '')) return { status: 415 };
    const tag = type.toLowerCase().replaceAll('_', '-');
    if (!entry.fingerprints?.some(([name]) => name === tag)) return { status: 400 };
    const said = await readSubmission(body);
    if (said === undefined) return { status: 400 };
    if (said !== 'affirmative' && !SERVED_REASONS[type]?.some(({ guid }) => guid === said)) return { status: 400 };
    this.feedback.set(`${member}/${id}/${type}`, said);
    return xml(`<submissionResult xmlns="${NCMEC_NAMESPACE}"/>`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.http[Symbol.asyncDispose]();
  }
}

/** @returns `affirmative`, the one guid, or undefined for what is no submission */
async function readSubmission(body: string): Promise<string | undefined> {
  const path: string[] = [];
  const said: string[] = [];
  let namespace: string | undefined;
  try {
    await readXml(Readable.from([Buffer.from(body)]), 'feedbackSubmission', {
      open: (name, attributes, depth) => {
        if (depth === 0) namespace = attributes['xmlns'];
        path.push(name);
      },
      close: (_name, text) => {
        const at = path.join('/');
        path.pop();
        if (at === 'feedbackSubmission/affirmative') said.push('affirmative');
        if (at === 'feedbackSubmission/negative/reasonIds/guid' && text) said.push(text);
      },
    });
  } catch {
    return undefined;
  }
  return namespace === NCMEC_NAMESPACE && said.length === 1 ? said[0] : undefined;
}

function xml(body: string): Reply {
  return { status: 200, contentType: XML, body: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${body}` };
}

function group(kind: 'image' | 'video', page: readonly ServedEntry[]): string {
  const own = page.filter((entry) => entry.kind === kind);
  if (own.length === 0) return '';
  const newest = formatNcmecTime(Math.max(...own.map(({ timestamp }) => timestamp)));
  return `<${kind}s count="${own.length}" maxTimestamp="${newest}">${own.map(written).join('')}</${kind}s>`;
}

function written(entry: ServedEntry): string {
  const { member, id, kind, deleted, timestamp, classification, fingerprints = [], opinions = [] } = entry;
  const head = `<member id="${escaped(member)}">Member ${escaped(member)}</member>`;
  const time = `<timestamp>${formatNcmecTime(timestamp)}</timestamp>`;
  if (deleted) {
    const tag = kind === 'image' ? 'deletedImage' : 'deletedVideo';
    return `<${tag}>${head}<id>${escaped(id)}</id>${time}</${tag}>`;
  }
  const prints = fingerprints.map(([tag, value]) =>
    typeof value === 'string'
      ? `<${tag}>${escaped(value)}</${tag}>`
      : `<${tag} rel="self" href="${escaped(value.href)}"/>`,
  );
  const grade = classification === undefined ? '' : `<classification>${escaped(classification)}</classification>`;
  return `<${kind}>${head}${time}<id>${escaped(id)}</id>${grade}<fingerprints>${prints.join('')}</fingerprints>${feedbackOf(opinions)}</${kind}>`;
}

function feedbackOf(opinions: readonly ServedOpinion[]): string {
  if (opinions.length === 0) return '<feedback/>';
  const said = opinions.map(({ member, type, affirmative, at }) => {
    const time = formatNcmecTime(at);
    const members = `<members timestamp="${time}"><member id="${member}">Member ${member}</member></members>`;
    const attributes = `type="${type}" lastUpdateTimestamp="${time}"`;
    if (affirmative) return `<affirmativeFeedback ${attributes}>${members}</affirmativeFeedback>`;
    const reason = `<reason guid="01234567-abcd-0123-4567-012345678900" name="A reason" type="${type}"/>`;
    return `<negativeFeedback ${attributes}><reasons>${reason}${members}</reasons></negativeFeedback>`;
  });
  return `<feedback lastUpdateTimestamp="${formatNcmecTime(Math.max(...opinions.map(({ at }) => at)))}">${said.join('')}</feedback>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A number that has nothing to do with time (FNV-1a). */
function scatter({ member, id }: ServedEntry): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(`${member}-${id}`)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
