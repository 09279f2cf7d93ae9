import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { readWhole } from '../../lists/sources/wire/answers.js';
import { type Answer, ask } from '../../lists/sources/wire/ask.js';
import { withoutSlash } from '../../net/base-url.js';
import type { GuardedClient } from '../../net/guarded-client.js';
import { abortable } from '../../runtime/abortable.js';
import { Circuit } from './circuit.js';
import type { RemoteMatch, RemoteMatcher } from './remote-matcher.js';

/** How a question ended: `dropped` was never sent, as too many waited or nobody was to be asked; `late` was not waited for. */
export type RemoteOutcome = 'known' | 'unknown' | 'failed' | 'dropped' | 'late';

export interface ArachnidOptions {
  /** Where the service begins; `v1/pdq/` is below it. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly client: GuardedClient;
  /** Told of each hash that was to be asked about. */
  readonly counted: (outcome: RemoteOutcome) => void;
  /** Told when they are given up for a while, with the code of what went wrong, and when they answer again. */
  readonly onOpen: (code: string) => void;
  readonly onClose: () => void;
  readonly now?: () => number;
  /** Longest a scan waits for an answer, milliseconds. */
  readonly waitMs?: number;
  /** Shortest time from one request to the next, milliseconds. */
  readonly everyMs?: number;
  /** Hashes that may wait. */
  readonly mostWaiting?: number;
}

export const ARACHNID = 'arachnid';

const WAIT_MS = 3_000;
const EVERY_MS = 200;
const MOST_WAITING = 1_000;
const AT_ONCE = 50;
const REQUEST_MS = 10_000;
const ANSWER_BYTES = 4 << 20;

const answerShape = z.object({
  scanned_hashes: z.record(
    z.string(),
    z.object({ classification: z.string().max(100).nullish(), match_type: z.string().max(100).nullish() }),
  ),
});

interface Waiting {
  /** In base64, as they take it. */
  readonly hash: string;
  readonly answer: (match: RemoteMatch | undefined) => void;
  done: boolean;
}

/**
 * Project Arachnid Shield, asked by PDQ hashes alone (`POST v1/pdq/`): nothing else of a medium leaves the house. One
 * request at a time, each with all that waits.
 */
export class ArachnidMatcher implements RemoteMatcher {
  readonly name = ARACHNID;
  readonly #options: ArachnidOptions;
  readonly #circuit: Circuit;
  readonly #closing = new AbortController();
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;
  #next = 0;

  constructor(options: ArachnidOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#circuit = new Circuit({ now: this.#now, onOpen: options.onOpen, onClose: options.onClose });
  }

  async ask(hashes: readonly Uint8Array[], signal?: AbortSignal): Promise<readonly (RemoteMatch | undefined)[]> {
    const { counted, mostWaiting = MOST_WAITING, waitMs = WAIT_MS } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), waitMs);
    });
    const asked = hashes.map((hash) => {
      const full = this.#waiting.length >= mostWaiting;
      if (full || this.#closing.signal.aborted || this.#circuit.pauseMs > 0) {
        counted('dropped');
        return { waiting: undefined, match: Promise.resolve(undefined) };
      }
      return this.#enqueue(Buffer.from(hash).toString('base64'));
    });
    this.#sending ??= this.#send();
    try {
      return await abortable(Promise.all(asked.map(({ match }) => Promise.race([match, late]))), signal);
    } finally {
      clearTimeout(timer);
      for (const { waiting } of asked) if (waiting !== undefined) this.#settle(waiting, undefined, 'late');
      this.#waiting = this.#waiting.filter(({ done }) => !done);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting, undefined, 'dropped');
    await this.#sending;
  }

  /** Sends as long as something waits. Never throws. */
  async #send(): Promise<void> {
    const { everyMs = EVERY_MS } = this.#options;
    const { signal } = this.#closing;
    // What comes in the same moment goes in one request.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0 && !signal.aborted) {
      await pause(this.#next - this.#now(), signal);
      const batch = this.#waiting.splice(0, AT_ONCE);
      if (batch.length === 0 || signal.aborted) break;
      this.#next = this.#now() + everyMs;
      try {
        const known = await this.#exchange(batch.map(({ hash }) => hash));
        this.#circuit.succeeded();
        for (const waiting of batch) {
          const match = known.get(waiting.hash);
          this.#settle(waiting, match, match === undefined ? 'unknown' : 'known');
        }
      } catch (thrown) {
        for (const waiting of [...batch, ...this.#waiting.splice(0)]) this.#settle(waiting, undefined, 'failed');
        if (signal.aborted) break;
        const { code, retryAfter } = VigieError.from(thrown);
        this.#circuit.failed({ code, retryAfter, refused: code === 'source-refused' });
      }
    }
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting, undefined, 'dropped');
    // In the same moment in which nothing waits any more: who comes next starts anew.
    this.#sending = undefined;
  }

  #enqueue(hash: string): { waiting: Waiting; match: Promise<RemoteMatch | undefined> } {
    let answer: Waiting['answer'] = () => undefined;
    const match = new Promise<RemoteMatch | undefined>((resolve) => {
      answer = resolve;
    });
    const waiting: Waiting = { hash, answer, done: false };
    this.#waiting.push(waiting);
    return { waiting, match };
  }

  /** @returns what they know of those that they know, by hash. Whatever is not `no-known-match` is told: people look at it */
  async #exchange(hashes: readonly string[]): Promise<ReadonlyMap<string, RemoteMatch>> {
    const { client, url, user, password } = this.#options;
    const request = {
      method: 'POST' as const,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify({ hashes: [...new Set(hashes)] }),
      timeoutMs: REQUEST_MS,
      maxBytes: ANSWER_BYTES,
    };
    const house = { client, now: this.#now };
    const read = async ({ body }: Answer) => knownOf(await readWhole(body, ANSWER_BYTES), hashes);
    return await ask(house, `${withoutSlash(url)}/v1/pdq/`, { ...request, read }, this.#closing.signal);
  }

  #settle(waiting: Waiting, match: RemoteMatch | undefined, outcome: RemoteOutcome): void {
    if (waiting.done) return;
    waiting.done = true;
    this.#options.counted(outcome);
    waiting.answer(match);
  }
}

/** @throws VigieError `source-malformed` when it is no answer to the question: one that leaves out a hash says nothing of it */
function knownOf(body: Buffer, hashes: readonly string[]): ReadonlyMap<string, RemoteMatch> {
  const known = new Map<string, RemoteMatch>();
  const { scanned_hashes: scanned } = parse(body);
  for (const hash of hashes) {
    const said = Object.hasOwn(scanned, hash) ? scanned[hash] : undefined;
    if (said === undefined) throw new VigieError('source-malformed', { detail: 'a hash was not answered' });
    const { classification, match_type: type } = said;
    if (classification == null || classification === 'no-known-match') continue;
    known.set(hash, { classification, exact: type === 'exact' });
  }
  return known;
}

function parse(body: Buffer): z.output<typeof answerShape> {
  try {
    return answerShape.parse(JSON.parse(body.toString()));
  } catch {
    // Without its cause, which may hold what was answered.
    throw new VigieError('source-malformed', { detail: 'it is not the answer that was asked for' });
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
