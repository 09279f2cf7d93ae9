/** The hash list of Tech Against Terrorism, version 2, as its published clients describe it. */
import { type Asked, FaultServer, type Reply } from './fault-server.js';

export interface ServedTerrorHash {
  readonly id: number;
  readonly hash_digest: string;
  readonly algorithm: string;
  readonly ideology: string;
  readonly file_type: string;
  readonly deleted: boolean;
  /** Seconds since 1970, with a fraction. */
  readonly updated_on: number;
  readonly created_on: number;
}

const USER = { username: 'harbour', password: 'p&=ss word' } as const;

export class TechAgainstTerrorismServer implements AsyncDisposable {
  static readonly user = USER;
  readonly hashes = new Map<number, ServedTerrorHash>();
  readonly http: FaultServer;
  pageSize = 100;
  /** Requests that a token is good for. */
  tokenUses = Number.POSITIVE_INFINITY;
  tokens = 0;
  #used = 0;

  private constructor(http: FaultServer) {
    this.http = http;
  }

  static async open(): Promise<TechAgainstTerrorismServer> {
    let server: TechAgainstTerrorismServer | undefined;
    const http = await FaultServer.open((asked) => (server as TechAgainstTerrorismServer).#answer(asked));
    server = new TechAgainstTerrorismServer(http);
    return server;
  }

  put(...hashes: readonly ServedTerrorHash[]): void {
    for (const hash of hashes) this.hashes.set(hash.id, hash);
  }

  #answer({ method, url, headers, body }: Asked): Reply {
    if (url.pathname === '/token-auth/tcap/' && method === 'POST') return this.#authenticate(body);
    if (url.pathname !== '/api/hash-list/v2/all' || method !== 'GET') return { status: 404 };
    if (headers.authorization !== `Bearer token.${this.tokens}` || this.#used++ >= this.tokenUses) {
      return { status: 401, contentType: 'application/json', body: '{"detail":"Signature has expired."}' };
    }
    if (url.searchParams.get('order') !== 'asc') return { status: 400 };
    return this.#page(url.searchParams.get('after') ?? '');
  }

  #authenticate(body: string): Reply {
    const form = new URLSearchParams(body);
    const known = form.get('username') === USER.username && form.get('password') === USER.password;
    if (!known || form.get('resend') !== 'false') return { status: 401 };
    this.tokens++;
    this.#used = 0;
    const token = `token.${this.tokens}`;
    return { status: 200, contentType: 'application/json', body: JSON.stringify({ token, user: { id: 1 } }) };
  }

  #page(after: string): Reply {
    const [time, id] = after === '' ? [0, 0] : after.split(',').map(Number);
    if (time === undefined || id === undefined || Number.isNaN(time + id)) return { status: 400 };
    const all = [...this.hashes.values()].sort((a, b) => a.updated_on - b.updated_on || a.id - b.id);
    const found = all.filter((hash) => hash.updated_on > time || (hash.updated_on === time && hash.id > id));
    const results = found.slice(0, this.pageSize);
    const last = results.at(-1);
    const next = found.length > results.length ? `${this.http.origin}/api/hash-list/v2/all?limit=1&offset=1` : null;
    const checkpoint = last === undefined ? after : `${last.updated_on},${last.id}`;
    const page = { count: all.length, next, previous: null, checkpoint, results };
    return { status: 200, contentType: 'application/json', body: JSON.stringify(page) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.http[Symbol.asyncDispose]();
  }
}
