/** The hash exchange of StopNCII.org, as its published clients describe it. */
import { type Asked, FaultServer, type Reply } from './fault-server.js';

export interface ServedHash {
  readonly signalType: string;
  readonly hashValue: string;
  readonly hashStatus: string;
  /** Seconds since 1970. */
  readonly lastModtimestamp: number;
  readonly CSPFeedbacks?: readonly { readonly source: string; readonly feedbackValue: string }[];
}

const FEEDBACK_VALUES = ['None', 'QualityUnknown', 'PendingReview', 'Blocked', 'NotBlocked', 'Withdrawn', 'Deleted'];

const KEYS = { subscriptionKey: 'subscription', fetchKey: 'fetch', feedbackKey: 'feedback' } as const;

export class StopNciiServer implements AsyncDisposable {
  static readonly keys = KEYS;
  readonly hashes: ServedHash[] = [];
  /** Feedback that was taken, by value. */
  readonly feedback = new Map<string, string>();
  readonly http: FaultServer;
  /** Whether records of the second that is asked from are given. */
  inclusive = true;
  #given = 0;
  #tokens = new Map<string, { readonly start: string; readonly after: ServedHash }>();

  private constructor(http: FaultServer) {
    this.http = http;
  }

  static async open(): Promise<StopNciiServer> {
    let server: StopNciiServer | undefined;
    const http = await FaultServer.open((asked) => (server as StopNciiServer).#answer(asked));
    server = new StopNciiServer(http);
    return server;
  }

  get base(): string {
    return `${this.http.origin}/v1`;
  }

  /** Adds a hash, or changes the one of that type and value. */
  put(...hashes: readonly ServedHash[]): void {
    for (const hash of hashes) {
      const at = this.hashes.findIndex(
        ({ signalType, hashValue }) =>
          signalType === hash.signalType && hashValue.toLowerCase() === hash.hashValue.toLowerCase(),
      );
      if (at >= 0) this.hashes.splice(at, 1);
      this.hashes.push(hash);
    }
  }

  forgetTokens(): void {
    this.#tokens = new Map();
  }

  #answer({ method, url, headers, body }: Asked): Reply {
    const key = headers['x-functions-key'];
    if (headers['ocp-apim-subscription-key'] !== KEYS.subscriptionKey) return { status: 401 };
    if (url.pathname === '/v1/FetchHashes' && method === 'GET') {
      return key === KEYS.fetchKey ? this.#fetch(url.searchParams) : { status: 401 };
    }
    if (url.pathname === '/v1/SubmitFeedback' && method === 'POST') {
      return key === KEYS.feedbackKey ? this.#takeFeedback(body) : { status: 401 };
    }
    return { status: 404 };
  }

  #fetch(query: URLSearchParams): Reply {
    const start = query.get('startTimestamp') ?? '';
    const size = Number(query.get('pageSize'));
    if (!/^\d+$/.test(start) || Number(start) < 9 || !(size >= 1)) return { status: 400 };
    const token = query.get('nextPageToken');
    const position = token === null ? { start, after: undefined } : this.#tokens.get(token);
    if (position === undefined || position.start !== start) return { status: 400 };
    const since = Number(start);
    const found = this.hashes.filter(({ lastModtimestamp: at }) => (this.inclusive ? at >= since : at > since));
    found.sort(inOrder);
    const { after } = position;
    const left = after === undefined ? found : found.filter((hash) => inOrder(hash, after) > 0);
    const hashRecords = left.slice(0, size);
    const last = hashRecords.at(-1);
    const hasMoreRecords = hashRecords.length < left.length;
    const nextPageToken = hasMoreRecords ? `token-${++this.#given}` : '';
    if (hasMoreRecords && last !== undefined) this.#tokens.set(nextPageToken, { start, after: last });
    const nextSetTimestamp = Math.max(since, ...found.map(({ lastModtimestamp }) => lastModtimestamp));
    const page = { count: hashRecords.length, nextPageToken, nextSetTimestamp, hasMoreRecords, hashRecords };
    return { status: 200, contentType: 'application/json', body: JSON.stringify(page) };
  }

  #takeFeedback(body: string): Reply {
    const { count, hashFeedbacks } = JSON.parse(body) as {
      readonly count: number;
      readonly hashFeedbacks: readonly { readonly feedbackValue: string; readonly hashValue: string }[];
    };
    const known = ({ feedbackValue, hashValue }: { readonly feedbackValue: string; readonly hashValue: string }) =>
      FEEDBACK_VALUES.includes(feedbackValue) &&
      this.hashes.some((hash) => hash.hashValue.toLowerCase() === hashValue.toLowerCase());
    if (count !== hashFeedbacks.length || !hashFeedbacks.every(known)) return { status: 400 };
    for (const { feedbackValue, hashValue } of hashFeedbacks) this.feedback.set(hashValue.toLowerCase(), feedbackValue);
    return { status: 200, contentType: 'application/json', body: '{}' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.http[Symbol.asyncDispose]();
  }
}

function inOrder(a: ServedHash, b: ServedHash): number {
  return a.lastModtimestamp - b.lastModtimestamp || a.hashValue.localeCompare(b.hashValue);
}
