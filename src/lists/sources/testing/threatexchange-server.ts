/** ThreatExchange on Meta's graph, as its documents and published clients describe it. */
import { type Asked, FaultServer, type Reply } from './fault-server.js';

export interface ServedDescriptor {
  readonly id: string;
  readonly owner: string;
  readonly status: string;
  readonly tags?: readonly string[];
  /** Apps by reaction. */
  readonly reactions?: Readonly<Record<string, readonly string[]>>;
}

export interface ServedIndicator {
  readonly id: string;
  readonly type: string;
  readonly indicator: string;
  /** Seconds since 1970. */
  readonly last_updated: number;
  /** None: it was withdrawn. */
  readonly descriptors: readonly ServedDescriptor[];
  /** A withdrawal that is told by the want of descriptors alone. */
  readonly silent?: boolean;
}

const APP = '12345678';
const TOKEN = `${APP}|abcdefghijklmnop-qrstuv`;
const GROUP = '998877';
const VERSION = '/v21.0';
const REACTIONS = ['SAW_THIS_TOO', 'HELPFUL', 'NOT_HELPFUL', 'DISAGREE_WITH_TAGS'];
/** Withdrawals are kept for so long, seconds. */
const TOMBSTONE_SECONDS = 90 * 86_400;

export class ThreatExchangeServer implements AsyncDisposable {
  static readonly token = TOKEN;
  static readonly app = APP;
  static readonly group = GROUP;
  readonly indicators = new Map<string, ServedIndicator>();
  /** Our reactions by descriptor. */
  readonly reactions = new Map<string, Set<string>>();
  readonly http: FaultServer;
  /** Whether `start_time` itself is part of what is given. */
  inclusive = true;
  #given = 0;
  #cursors = new Map<string, { readonly start: string; readonly after: ServedIndicator }>();

  private constructor(http: FaultServer) {
    this.http = http;
  }

  static async open(): Promise<ThreatExchangeServer> {
    let server: ThreatExchangeServer | undefined;
    const http = await FaultServer.open((asked) => (server as ThreatExchangeServer).#answer(asked));
    server = new ThreatExchangeServer(http);
    return server;
  }

  get base(): string {
    return `${this.http.origin}${VERSION}`;
  }

  put(...indicators: readonly ServedIndicator[]): void {
    for (const indicator of indicators) this.indicators.set(indicator.id, indicator);
  }

  forgetCursors(): void {
    this.#cursors = new Map();
  }

  #answer({ method, url, body }: Asked): Reply {
    const { pathname, searchParams: query } = url;
    // The graph calls a bad token a bad request.
    if (query.get('access_token') !== TOKEN) return refusal(400, 190, 'OAuthException');
    if (!pathname.startsWith(`${VERSION}/`)) return refusal(404, 2500);
    const [id = '', edge = ''] = pathname.slice(VERSION.length + 1).split('/');
    if (method === 'POST') return this.#react(id, new URLSearchParams(body));
    if (edge === 'threat_updates') return id === GROUP ? this.#updates(query) : refusal(403, 10);
    if (edge === 'descriptors') return this.#descriptors(id);
    return edge === '' && id === GROUP ? json({ name: 'Friends of the harbour', id }) : refusal(404, 100);
  }

  #updates(query: URLSearchParams): Reply {
    const start = query.get('start_time') ?? '0';
    const limit = Number(query.get('limit') ?? 25);
    if (!/^\d+$/.test(start) || !(limit >= 1 && limit <= 1_000)) return refusal(400, 100);
    if (!/\bdescriptors\{/.test(query.get('fields') ?? '')) return refusal(400, 100);
    const cursor = query.get('after');
    const position = cursor === null ? { start, after: undefined } : this.#cursors.get(cursor);
    if (position === undefined || position.start !== start) return refusal(400, 100);
    const { after } = position;
    const forgotten = this.http.now() / 1_000 - TOMBSTONE_SECONDS;
    const found = [...this.indicators.values()]
      .filter(({ last_updated: at }) => (this.inclusive ? at >= Number(start) : at > Number(start)))
      .filter(({ descriptors, last_updated: at }) => descriptors.length > 0 || at > forgotten)
      .sort(inOrder)
      .filter((one) => after === undefined || inOrder(one, after) > 0);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    if (found.length === page.length || last === undefined) return json({ data: page.map(written) });
    const given = `QVFI${++this.#given}`;
    this.#cursors.set(given, { start, after: last });
    const next = new URLSearchParams(query);
    next.set('after', given);
    next.set('pretty', '0');
    const paging = { cursors: { after: given }, next: `${this.base}/${GROUP}/threat_updates?${next}` };
    return json({ data: page.map(written), paging });
  }

  #descriptors(id: string): Reply {
    const indicator = this.indicators.get(id);
    if (indicator === undefined || indicator.descriptors.length === 0) return refusal(400, 100);
    const data = indicator.descriptors.map(({ id: own, owner }) => {
      const mine = [...(this.reactions.get(own) ?? [])];
      return { id: own, owner: { id: owner }, ...(mine.length > 0 && { my_reactions: mine }) };
    });
    return json({ data });
  }

  #react(id: string, form: URLSearchParams): Reply {
    const known = [...this.indicators.values()].some(({ descriptors }) => descriptors.some((one) => one.id === id));
    const [add, remove] = [form.get('reactions'), form.get('reactions_to_remove')];
    const valid = [add, remove].every((reaction) => reaction === null || REACTIONS.includes(reaction));
    if (!known || !valid || (add === null && remove === null)) return refusal(400, 100);
    const own = this.reactions.get(id) ?? new Set();
    if (add !== null) own.add(add);
    if (remove !== null) own.delete(remove);
    this.reactions.set(id, own);
    return json({ success: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.http[Symbol.asyncDispose]();
  }
}

function json(body: unknown): Reply {
  return { status: 200, contentType: 'application/json; charset=UTF-8', body: JSON.stringify(body) };
}

export function refusal(status: number, code: number, type = 'GraphMethodException'): Reply {
  const body = JSON.stringify({ error: { message: 'Something that is told to people.', type, code } });
  return { status, contentType: 'application/json; charset=UTF-8', body };
}

function inOrder(a: ServedIndicator, b: ServedIndicator): number {
  return a.last_updated - b.last_updated || a.id.localeCompare(b.id);
}

function written({ id, type, indicator, last_updated, descriptors, silent }: ServedIndicator): unknown {
  const head = { id, indicator, type, last_updated };
  if (descriptors.length === 0) return { ...head, should_delete: silent !== true };
  const data = descriptors.map(({ id: own, owner, status, tags, reactions }) => ({
    ...{ id: own, owner: { id: owner }, status },
    ...(tags !== undefined && { tags: { data: tags.map((text, i) => ({ id: String(i), text })) } }),
    ...(reactions !== undefined && {
      reactions: Object.entries(reactions).map(([key, apps]) => ({ key, value: apps.join(',') })),
    }),
  }));
  return { ...head, should_delete: false, descriptors: { data } };
}
