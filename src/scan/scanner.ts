import { ENGINE } from '../engine.js';
import { type ErrorCode, VigieError } from '../errors.js';
import { md5AndSha1 } from '../media/digests.js';
import { type MediaKind, type MediaSignals, MINIMUM_QUALITY } from '../media/media-signals.js';
import type { PhotoDnaHasher } from '../media/photodna-hasher.js';
import type { MediaPool } from '../media/pool.js';
import type { GuardedClient } from '../net/guarded-client.js';
import { type FindOptions, type Found, findMatches, type QuerySignals } from './find-matches.js';
import type { KnownLists } from './known-lists.js';
import { type ReadBytes, readBytes } from './read-medium.js';
import type { SeenLog } from './seen-log.js';
import { type CachedSignals, type DigestValues, SignalCache } from './signal-cache.js';
import type { NoMatchReason, Verdict } from './verdict.js';
import { whileCurrent } from './while-current.js';

export interface ScannerOptions {
  readonly lists: KnownLists;
  readonly pool: Pick<MediaPool, 'hash'>;
  readonly client?: GuardedClient;
  readonly photodna?: PhotoDnaHasher;
  readonly seen?: SeenLog;
  readonly maximumBytes: number;
  readonly cacheBytes: number;
}

export interface ScanRequest {
  readonly declaredLength?: number | undefined;
  /** The platform's own id of the file: when its signals are known, the bytes are not needed. */
  readonly fileId?: string | undefined;
  /** What refers to the medium on the platform, for the seen record. */
  readonly itemRef?: string | undefined;
  readonly threshold?: number | undefined;
  readonly showFingerprints?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

const MATCH_LIMIT = 20;
/** How often lists may be replaced under one look-up before it is given up. */
const REPLACED_LIMIT = 5;
const NOTHING: Found = { matches: [], total: 0, truncated: false };

interface Looked {
  readonly bytes: number;
  readonly digests: DigestValues | undefined;
  readonly media: MediaSignals | undefined;
  readonly photodna: Uint8Array | undefined;
  /** Why a part of the medium could not be looked at. */
  readonly failure: { readonly code: ErrorCode; readonly kind: MediaKind; readonly format: string } | undefined;
  readonly ms: Record<string, number>;
}

/** One medium to one verdict. */
export class Scanner {
  readonly cache: SignalCache;
  readonly #options: ScannerOptions;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.cache = new SignalCache({ maximumBytes: options.cacheBytes });
  }

  /**
   * Scans a medium that arrives as bytes.
   * @throws VigieError `index-not-loaded`, `index-stale`, `decoder-busy` (try again), `media-too-large`, or what the source throws:
   * none of these is a verdict
   */
  async scan(source: AsyncIterable<Uint8Array> | Uint8Array, request: ScanRequest = {}): Promise<Verdict> {
    const start = performance.now();
    this.#assertReady();
    const known = request.fileId === undefined ? undefined : this.cache.byFileId(request.fileId);
    if (known !== undefined) return await this.#conclude(fromCache(known), request, start);
    const medium = await readBytes(source instanceof Uint8Array ? once(source) : source, {
      maximumBytes: this.#options.maximumBytes,
      declaredLength: request.declaredLength,
      signal: request.signal,
    });
    return await this.#conclude(await this.#look(medium, request), request, start);
  }

  /**
   * Fetches a medium and scans it. What cannot be fetched is a verdict: `could-not-tell`.
   * @throws VigieError `url-invalid`, `url-forbidden` (the caller's mistake), `index-not-loaded`, `decoder-busy`
   */
  async scanUrl(url: string, request: ScanRequest = {}): Promise<Verdict> {
    const { client } = this.#options;
    if (client === undefined) throw new VigieError('url-forbidden', { detail: 'fetching is switched off' });
    const start = performance.now();
    this.#assertReady();
    try {
      return await client.fetch(
        url,
        ({ body, length }) => this.scan(body, { ...request, declaredLength: length }),
        request,
      );
    } catch (error) {
      if (!(error instanceof VigieError) || !UNFETCHED.has(error.code)) throw error;
      const failure = { code: error.code, kind: 'other', format: 'unknown' } as const;
      const nothing = { bytes: 0, digests: undefined, media: undefined, photodna: undefined };
      return await this.#conclude({ ...nothing, failure, ms: {} }, request, start);
    }
  }

  /** The sequence of list changes that a look-up now takes into account. */
  get appliedSeq(): number {
    return this.#options.lists.appliedSeq;
  }

  #assertReady(): void {
    if (!this.#options.lists.ready) throw new VigieError('index-not-loaded', { retryAfter: 2 });
  }

  async #look(medium: ReadBytes, { fileId, signal }: ScanRequest): Promise<Looked> {
    const { bytes, ms: read } = medium;
    const sha256 = Buffer.from(medium.sha256).toString('hex');
    const known = this.cache.byHash(sha256);
    if (known !== undefined) {
      if (fileId !== undefined) this.cache.put(sha256, known, fileId);
      return { ...fromCache(known), ms: { read } };
    }
    const base = { bytes: bytes.length, media: undefined, photodna: undefined, ms: { read } };
    const others = async () => ({ ...(await md5AndSha1(bytes, signal)), sha256: medium.sha256 });
    if (bytes.length === 0) {
      const failure = { code: 'media-empty', kind: 'other', format: 'unknown' } as const;
      return { ...base, digests: await others(), failure };
    }
    // The other digests are computed while the decoder, another process, works; not while it waits for the bytes.
    let digesting: ReturnType<typeof others> | undefined;
    const onHandedOver = () => {
      digesting ??= others();
      digesting.catch(() => undefined);
    };
    const handedOver = performance.now();
    const hashing = this.#photodna(bytes, signal);
    try {
      const options = { mode: 'fast', onHandedOver, ...(signal === undefined ? {} : { signal }) } as const;
      const media = await this.#options.pool.hash(bytes, options);
      const [photodna, digests] = [await hashing, await (digesting ?? others())];
      const spent = Object.values(media.ms).reduce((sum, each) => sum + each, 0);
      const wait = Math.max(0, performance.now() - handedOver - spent);
      const cached = { bytes: bytes.length, digests, media, photodna: photodna.value };
      if (photodna.failure === undefined) this.cache.put(sha256, cached, fileId);
      return { ...cached, failure: photodna.failure, ms: { read, wait, ...media.ms } };
    } catch (error) {
      const photodna = await hashing;
      if (!(error instanceof VigieError) || error.status !== 422) throw error;
      const digests = await (digesting ?? others());
      const { kind = 'image', format = 'unknown' } = error.medium ?? {};
      return { ...base, digests, photodna: photodna.value, failure: { code: error.code, kind, format } };
    }
  }

  async #photodna(bytes: Uint8Array, signal: AbortSignal | undefined) {
    const { photodna } = this.#options;
    if (photodna === undefined) return { value: undefined, failure: undefined };
    try {
      return { value: await photodna.hash(bytes, signal === undefined ? {} : { signal }), failure: undefined };
    } catch {
      const failure = { code: 'hasher-failed', kind: 'image', format: 'unknown' } as const;
      return { value: undefined, failure };
    }
  }

  async #conclude(looked: Looked, request: ScanRequest, start: number): Promise<Verdict> {
    const { lists, seen } = this.#options;
    const lookupStart = performance.now();
    const query = { digests: looked.digests, frames: looked.media?.hashes ?? [], photodna: looked.photodna };
    const options: FindOptions = {
      limit: MATCH_LIMIT,
      showFingerprints: request.showFingerprints ?? false,
      ...(request.threshold === undefined ? {} : { threshold: request.threshold }),
    };
    const [appliedSeq, found] = await whileCurrent(lists, async () => {
      const seq = lists.appliedSeq;
      return [seq, looked.digests === undefined ? NOTHING : await findInWhole(lists, query, options)] as const;
    });
    const lookup = performance.now() - lookupStart;
    const recordStart = performance.now();
    if (seen !== undefined && looked.digests !== undefined) {
      await seen.append({ itemRef: request.itemRef, sha256: looked.digests.sha256, frames: query.frames });
    }
    const record = performance.now() - recordStart;
    const { media, failure } = looked;
    const [verdict, reason] = judge(looked, found, lists.incomplete);
    return {
      verdict,
      reason,
      kind: media?.kind ?? failure?.kind ?? null,
      format: media?.format ?? failure?.format ?? null,
      width: media?.width ?? null,
      height: media?.height ?? null,
      bytes: looked.bytes,
      frames: media?.frames ?? null,
      framesHashed: media?.framesHashed ?? null,
      quality: bestQuality(media),
      damaged: media?.damaged ?? false,
      ...found,
      ms: { ...looked.ms, lookup, ...(seen === undefined ? {} : { record }), total: performance.now() - start },
      engine: ENGINE,
      appliedSeq,
    };
  }
}

/** A list may be replaced between finding a hit and reading its entry; then all is looked up again in what is there now. */
async function findInWhole(lists: KnownLists, query: QuerySignals, options: FindOptions): Promise<Found> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await findMatches(lists, query, options);
    } catch (error) {
      const replaced = error instanceof VigieError && error.code === 'segment-closed';
      if (!replaced || attempt === REPLACED_LIMIT) throw error;
    }
  }
}

const UNFETCHED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['fetch-failed', 'fetch-timeout', 'media-too-large']);

/** The verdict follows from what was looked at and what was found; a match needs nothing else to be right. */
function judge(
  { media, failure }: Looked,
  { total }: Found,
  incomplete: boolean,
): [Verdict['verdict'], NoMatchReason | ErrorCode | null] {
  if (total > 0) return ['match', null];
  if (incomplete) return ['could-not-tell', 'index-incomplete'];
  // A picture too small to have a perceptual hash is one of quality 0.
  if (failure?.code === 'media-too-small') return ['no-match', 'low-quality'];
  if (failure !== undefined) return ['could-not-tell', failure.code];
  if (media === undefined) return ['could-not-tell', 'media-damaged'];
  if (media.incomplete !== null) return ['could-not-tell', media.incomplete];
  if (media.kind === 'other') return ['no-match', 'kind-not-covered'];
  if ((bestQuality(media) ?? 0) < MINIMUM_QUALITY) return ['no-match', 'low-quality'];
  return ['no-match', 'nothing-known'];
}

function bestQuality(media: MediaSignals | undefined): number | null {
  if (media === undefined || media.hashes.length === 0) return null;
  return media.hashes.reduce((best, { quality }) => Math.max(best, quality), 0);
}

function fromCache(known: CachedSignals): Looked {
  return { ...known, failure: undefined, ms: {} };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
