import { setTimeout as sleep } from 'node:timers/promises';
import { retryAfterSeconds } from '../net/retry-after.js';
import { problemOf, VigieProblem } from './problem.js';

export interface PatienceOptions {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Milliseconds that one attempt may take, the body of its answer included. */
  readonly timeoutMs: number;
  /** Attempts at the most, for what may be sent twice. */
  readonly attempts: number;
  /** Nobody waits longer than this between two attempts, milliseconds. */
  readonly longestWaitMs: number;
}

const BASE_MS = 250;
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);
/** What is read, and what the service takes twice as once. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
const POSTS = /\/v1\/(?:items|items\/batch|items\/gone|lookup|scan|scan\/text|actions\/[^/]+\/confirm)$/;

/**
 * Sends a request, and again with exponential back-off and full jitter when it may be sent twice and there is hope: no
 * answer, or one that asks to come back, never before the time that it names.
 * @param make gives the request anew for each attempt
 * @throws VigieProblem for everything but a success; the reason of the request's own signal
 */
export async function patientFetch(make: () => Request, options: PatienceOptions): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const request = make();
    const outcome = await attemptOnce(request, options);
    if (outcome instanceof Response) return outcome;
    const { status, retryAfter } = outcome;
    const hope = status === undefined || TRY_AGAIN.has(status);
    if (!hope || attempt >= options.attempts || !mayRepeat(request)) throw outcome;
    const waitMs = Math.max(Math.random() * BASE_MS * 2 ** (attempt - 1), (retryAfter ?? 0) * 1_000);
    if (waitMs > options.longestWaitMs) throw outcome;
    await sleep(waitMs, undefined, { signal: request.signal });
  }
}

function mayRepeat({ method, url }: Request): boolean {
  return METHODS.has(method) || (method === 'POST' && POSTS.test(new URL(url).pathname));
}

async function attemptOnce(request: Request, { fetch, timeoutMs }: PatienceOptions): Promise<Response | VigieProblem> {
  const late = AbortSignal.timeout(timeoutMs);
  let answer: Response;
  try {
    answer = await fetch(new Request(request, { signal: AbortSignal.any([request.signal, late]), redirect: 'manual' }));
  } catch (cause) {
    request.signal.throwIfAborted();
    const title = late.aborted ? 'The service did not answer in time.' : 'The service could not be reached.';
    return new VigieProblem('no-answer', { title, cause });
  }
  if (answer.ok) return answer;
  return await problemOf(answer, retryAfterSeconds(answer.headers.get('retry-after') ?? undefined, Date.now()));
}
