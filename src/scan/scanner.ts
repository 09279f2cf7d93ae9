import { createHash } from 'node:crypto';
import { ENGINE } from '../engine.js';
import { type ErrorCode, VigieError } from '../errors.js';
import { MemoryPool } from '../index/pdq/memory-pool.js';
import { type MediaKind, type MediaSignals, MINIMUM_QUALITY } from '../media/media-signals.js';
import type { PhotoDnaHasher } from '../media/photodna-hasher.js';
import type { MediaPool } from '../media/pool.js';
import type { VideoPoolLike } from '../media/video/video-pool.js';
import type { GuardedClient } from '../net/guarded-client.js';
import { type FindOptions, type Found, findMatches, type QuerySignals } from './find-matches.js';
import type { KnownLists } from './known-lists.js';
import { lookAtPicture } from './look-at-picture.js';
import type { Looked } from './looked.js';
import { peekMedium } from './peek-medium.js';
import { readBytes } from './read-medium.js';
import { askOutside } from './remote/ask-outside.js';
import type { RemoteMatcher } from './remote/remote-matcher.js';
import type { SeenLog, SeenOrigin } from './seen-log.js';
import { type CachedSignals, SignalCache } from './signal-cache.js';
import type { Match, NoMatchReason, Verdict } from './verdict.js';
import { withAnimation } from './video/find-animation.js';
import { lookAgain, lookAtVideo, type VideoRequest } from './video/look-at-video.js';
import { seenFrames } from './video/seen-frames.js';
import { VideoMatcher } from './video/video-matcher.js';
import { whileCurrent } from './while-current.js';

export interface ScannerOptions {
  readonly lists: KnownLists;
  readonly pool: Pick<MediaPool, 'hash'>;
  readonly client?: GuardedClient;
  readonly photodna?: PhotoDnaHasher;
  readonly seen?: SeenLog;
  /** Longest picture. */
  readonly maximumBytes: number;
  /** Longest video; as a picture when left out. */
  readonly maximumVideoBytes?: number;
  readonly cacheBytes: number;
  /** Without it, videos are only known by their exact hashes. */
  readonly videos?: VideoPoolLike;
  /** Told of matches that count, and of what tells the medium from others: its SHA-256, or where it was not read to its end, that of its frames. */
  readonly onMatches?: (medium: Uint8Array, matches: readonly Match[]) => void;
  /** Asked about pictures that nothing here knows, of requests that allow it. */
  readonly remote?: RemoteMatcher;
  /** Where the memory comes from in which known videos are compared. */
  readonly memory?: MemoryPool;
}

export interface ScanRequest extends Pick<VideoRequest, 'atHand' | 'onProgress'> {
  readonly declaredLength?: number | undefined;
  /** The platform's own id of the file: when its signals are known, the bytes are not needed. */
  readonly fileId?: string | undefined;
  /** What the medium is of, for the seen record. */
  readonly of?: SeenOrigin | undefined;
  readonly threshold?: number | undefined;
  readonly showFingerprints?: boolean | undefined;
  /** It was shared publicly, so that somebody else may be asked about its hash, where that is switched on. */
  readonly public?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told the SHA-256 of the medium, where it was read to its end. */
  readonly onDigest?: ((sha256: Uint8Array) => void) | undefined;
  /** Apply every list, also those that are applied to a share of all media only. */
  readonly unsampled?: boolean | undefined;
  /** Told that it is a video, before that is looked at. */
  readonly onVideo?: (() => void) | undefined;
}

/** A medium as it arrives, or in memory. */
type Source = AsyncIterable<Uint8Array> | Uint8Array;

const MATCH_LIMIT = 20;
/** How often lists may be replaced under one look-up before it is given up. */
const REPLACED_LIMIT = 5;
const NOTHING: Found = { matches: [], withoutEffect: [], total: 0, truncated: false, undecided: false };

/** One medium to one verdict. */
export class Scanner {
  readonly cache: SignalCache;
  readonly #options: ScannerOptions;
  readonly #memory: MemoryPool;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#memory = options.memory ?? new MemoryPool();
    this.cache = new SignalCache({ maximumBytes: options.cacheBytes });
  }

  /**
   * Scans a medium that arrives as bytes.
   * @throws VigieError `index-not-loaded`, `index-stale`, `decoder-busy` (try again), `media-too-large`, or what the source throws:
   * none of these is a verdict
   */
  async scan(source: Source, request: ScanRequest = {}): Promise<Verdict> {
    const start = performance.now();
    this.#assertReady();
    const known = request.fileId === undefined ? undefined : this.cache.byFileId(request.fileId);
    const looked =
      known === undefined ? await this.#look(source, request) : await this.#lookFromCache(known, source, request);
    return await this.#conclude(looked, request, start);
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

  /**
   * Hashes every pixel of a picture, and looks nothing up.
   * @throws VigieError why it could not be looked at: those of the media family, `decoder-busy`; what the source throws
   */
  async hashPicture(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<MediaSignals> {
    const { maximumBytes, pool } = this.#options;
    const { bytes } = await readBytes(source, { maximumBytes, signal });
    return await pool.hash(bytes, { mode: 'faithful', ...(signal === undefined ? {} : { signal }) });
  }

  /**
   * Fetches a medium, and gives it to `use` while it arrives.
   * @throws VigieError `url-invalid`, `url-forbidden`, `fetch-failed`, `fetch-timeout`; what `use` throws
   */
  async fetchMedium<T>(
    url: string,
    use: (body: AsyncIterable<Uint8Array>, sniffed: MediaKind) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { client } = this.#options;
    if (client === undefined) throw new VigieError('url-forbidden', { detail: 'fetching is switched off' });
    const act = async (body: AsyncIterable<Uint8Array>) => {
      const { all, sniffed } = await peekMedium(body, signal);
      return await use(all, sniffed.kind);
    };
    return await client.fetch(url, ({ body }) => act(body), signal === undefined ? {} : { signal });
  }

  /** The sequence of list changes that a look-up now takes into account. */
  get appliedSeq(): number {
    return this.#options.lists.appliedSeq;
  }

  #assertReady(): void {
    if (!this.#options.lists.ready) throw new VigieError('index-not-loaded', { retryAfter: 2 });
  }

  async #look(source: Source, request: ScanRequest): Promise<Looked> {
    const { maximumBytes, maximumVideoBytes = maximumBytes, lists, videos, pool, photodna } = this.#options;
    const whole = source instanceof Uint8Array;
    const { declaredLength, signal } = request;
    const longest = Math.max(maximumBytes, maximumVideoBytes);
    if (declaredLength !== undefined && declaredLength > longest) throw new VigieError('media-too-large');
    const { all, sniffed } = await peekMedium(whole ? once(source) : source, signal);
    if (sniffed.kind === 'video') {
      request.onVideo?.();
      if (declaredLength !== undefined && declaredLength > maximumVideoBytes) throw new VigieError('media-too-large');
      const newMatcher = () => this.#newMatcher(request);
      const tools = { lists, videos, cache: this.cache, maximumBytes: maximumVideoBytes, newMatcher };
      return await lookAtVideo(all, sniffed, whole ? { ...request, atHand: true } : request, tools);
    }
    const medium = await readBytes(all, { maximumBytes, declaredLength, signal });
    const sha256 = Buffer.from(medium.sha256).toString('hex');
    const known = this.cache.byHash(sha256);
    if (known === undefined) return await lookAtPicture(medium, request, { pool, photodna, cache: this.cache });
    if (request.fileId !== undefined) this.cache.put(sha256, known, request.fileId);
    const looked = await this.#lookFromCache(known, undefined, request);
    return { ...looked, ms: { read: medium.ms } };
  }

  /** @param source the bytes, which are needed when the signals are not enough for the lists as they are now */
  async #lookFromCache(known: CachedSignals, source: Source | undefined, request: ScanRequest): Promise<Looked> {
    const { video, ...rest } = known;
    if (video === undefined) return { ...rest, failure: undefined, ms: {} };
    const { looked, complete } = await lookAgain(known, { newMatcher: () => this.#newMatcher(request) });
    if (complete || source === undefined) return looked;
    const { head, all } = await peekMedium(source instanceof Uint8Array ? once(source) : source, request.signal);
    // Who knows that the signals are known may send none.
    return head.length === 0 ? looked : await this.#look(source instanceof Uint8Array ? source : all, request);
  }

  #newMatcher({ threshold, showFingerprints = false, signal, unsampled }: ScanRequest): VideoMatcher {
    return new VideoMatcher(this.#options.lists, {
      pool: this.#memory,
      limit: MATCH_LIMIT,
      showFingerprints,
      ...(threshold === undefined ? {} : { threshold }),
      ...(signal === undefined ? {} : { signal }),
      ...(unsampled === undefined ? {} : { unsampled }),
    });
  }

  async #conclude(looked: Looked, request: ScanRequest, start: number): Promise<Verdict> {
    const act = () => this.#lookUpAndRecord(looked, request, start);
    const [verdict, knownGood] = await (this.#options.seen?.during(act) ?? act());
    const { remote } = this.#options;
    // What is known to be good is not asked about, and what is not public stays here.
    if (remote === undefined || request.public !== true || knownGood) return verdict;
    return await askOutside(remote, verdict, looked.media, request.signal);
  }

  async #lookUpAndRecord(looked: Looked, request: ScanRequest, start: number): Promise<[Verdict, knownGood: boolean]> {
    const { lists, seen } = this.#options;
    const lookupStart = performance.now();
    const { media, failure, video } = looked;
    // The frames of a video have their own way of being matched.
    const frames = video === undefined ? (media?.hashes ?? []) : [];
    const query = { digests: looked.digests, frames, photodna: looked.photodna };
    const options: FindOptions = {
      limit: MATCH_LIMIT,
      showFingerprints: request.showFingerprints ?? false,
      ...(request.threshold === undefined ? {} : { threshold: request.threshold }),
      ...(request.unsampled === undefined ? {} : { unsampled: request.unsampled }),
    };
    const [appliedSeq, found] = await whileCurrent(lists, async () => {
      const seq = lists.appliedSeq;
      const exact = looked.digests === undefined ? NOTHING : await findInWhole(lists, query, options);
      if (video === undefined) {
        return [seq, await withAnimation(exact, looked, () => this.#newMatcher(request), MATCH_LIMIT)] as const;
      }
      video.matcher.medium = looked.digests?.sha256;
      return [seq, join(exact, await video.matcher.finish({ whole: !video.stopped }))] as const;
    });
    // What ended the work was withdrawn since, and the rest was not looked at.
    const nothing = found.total === 0 && found.knownGood === undefined;
    if (video?.stopped === true && nothing) throw new VigieError('index-stale', { retryAfter: 1 });
    const lookup = performance.now() - lookupStart;
    const recordStart = performance.now();
    if (seen !== undefined && looked.digests !== undefined) {
      await seen.append({
        of: request.of,
        digests: looked.digests,
        frames: video === undefined ? frames : seenFrames(media),
        video: video !== undefined,
        appliedSeq,
      });
    }
    const record = performance.now() - recordStart;
    if (looked.digests !== undefined) request.onDigest?.(looked.digests.sha256);
    const [verdict, reason] = judge(looked, found, lists.incomplete);
    if (found.matches.length > 0)
      this.#options.onMatches?.(looked.digests?.sha256 ?? framesDigest(media), found.matches);
    const { matches, withoutEffect, total, truncated } = found;
    const told: Verdict = {
      verdict,
      reason,
      kind: media?.kind ?? failure?.kind ?? null,
      format: media?.format ?? failure?.format ?? null,
      width: media?.width ?? null,
      height: media?.height ?? null,
      seconds: media?.seconds ?? null,
      bytes: looked.bytes,
      frames: media?.frames ?? null,
      framesHashed: media?.framesHashed ?? null,
      quality: bestQuality(media),
      damaged: media?.damaged ?? failure?.code === 'media-damaged',
      ...{ matches, withoutEffect, total, truncated },
      ms: { ...looked.ms, lookup, ...(seen === undefined ? {} : { record }), total: performance.now() - start },
      engine: ENGINE,
      appliedSeq,
    };
    return [told, found.knownGood !== undefined || withoutEffect.some((match) => match.overruledBy !== undefined)];
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
  { total, undecided }: Found,
  incomplete: boolean,
): [Verdict['verdict'], NoMatchReason | ErrorCode | null] {
  if (undecided) return ['could-not-tell', 'rules-undecided'];
  if (total > 0) return ['match', null];
  if (incomplete) return ['could-not-tell', 'index-incomplete'];
  // A picture too small to have a perceptual hash is one of quality 0.
  if (failure?.code === 'media-too-small') return ['no-match', 'low-quality'];
  if (failure?.code === 'media-no-video') return ['no-match', 'kind-not-covered'];
  if (failure !== undefined) return ['could-not-tell', failure.code];
  if (media === undefined) return ['could-not-tell', 'media-damaged'];
  if (media.incomplete !== null) return ['could-not-tell', media.incomplete];
  if (media.kind === 'other') return ['no-match', 'kind-not-covered'];
  if ((bestQuality(media) ?? 0) < MINIMUM_QUALITY) return ['no-match', 'low-quality'];
  return ['no-match', 'nothing-known'];
}

/** Tells a video whose bytes were not all read from another one. */
function framesDigest(media: MediaSignals | undefined): Uint8Array {
  const digest = createHash('sha256');
  for (const { pdq } of media?.hashes ?? []) digest.update(pdq);
  return digest.digest();
}

function bestQuality(media: MediaSignals | undefined): number | null {
  if (media === undefined || media.hashes.length === 0) return null;
  return media.hashes.reduce((best, { quality }) => Math.max(best, quality), 0);
}

/** What exact hashes found, and what frames found, each entry once: an exact hash says more. Known good is no match. */
function join(exact: Found, frames: Found): Found {
  const key = ({ list, entry }: Match) => JSON.stringify([list, entry]);
  const known = new Set(exact.matches.map(key));
  const others = frames.matches.filter((match) => !known.has(key(match)));
  const { knownGood } = exact;
  const aside = [...exact.withoutEffect, ...frames.withoutEffect.filter((match) => !known.has(key(match)))];
  if (knownGood !== undefined) {
    const overruled = others.map((match) => ({ ...match, overruledBy: knownGood }));
    return { ...exact, withoutEffect: [...overruled, ...aside].slice(0, MATCH_LIMIT) };
  }
  const matches = [...exact.matches, ...others].slice(0, MATCH_LIMIT);
  const withoutEffect = aside.slice(0, MATCH_LIMIT);
  const total = exact.total + frames.total - (frames.matches.length - others.length);
  const undecided = matches.length === 0 && (exact.undecided || frames.undecided);
  return { matches, withoutEffect, total, truncated: total > matches.length, undecided };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
