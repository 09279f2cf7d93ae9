import { VigieError } from '../../errors.js';
import { Digests } from '../../media/digests.js';
import type { MediaSignals } from '../../media/media-signals.js';
import type { Sniffed } from '../../media/sniff.js';
import type { VideoPoolLike } from '../../media/video/video-pool.js';
import type { VideoSummary } from '../../media/video/video-signals.js';
import { findMatches } from '../find-matches.js';
import type { KnownLists } from '../known-lists.js';
import type { Looked } from '../looked.js';
import type { CachedSignals, DigestValues, SignalCache } from '../signal-cache.js';
import { type QueryRange, reachBeyond } from './closer-look.js';
import type { VideoFrame } from './video-frame.js';
import type { VideoMatcher } from './video-matcher.js';

export interface VideoTools {
  readonly lists: KnownLists;
  readonly videos: VideoPoolLike | undefined;
  readonly cache: SignalCache;
  readonly maximumBytes: number;
  readonly newMatcher: () => VideoMatcher;
}

export interface VideoRequest {
  readonly fileId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** All bytes are at hand, so they are read to the end also when enough was found before. */
  readonly atHand?: boolean | undefined;
  /** Told with each frame how far the video was looked at, in seconds of it. */
  readonly onProgress?: ((seconds: number, of: VideoProgress) => void) | undefined;
}

export interface VideoProgress {
  /** Key frames are tried first, from the beginning to the end; then all of it, from the beginning again. */
  readonly pass: VideoFrame['pass'];
  /** What the file says of its length, in seconds; 0 when it does not. */
  readonly length: number;
}

/** Longest wait for a decoder while somebody sends. */
const WAIT_MS = 10_000;

/** Not a failure: what is there already answers the question. */
const ENOUGH = new VigieError('internal', { detail: 'enough was found' });

/**
 * Looks at a video while it arrives: its frames are matched as they are decoded, and a match by the rule, or by an exact
 * hash, ends the work.
 * @throws VigieError `media-too-large`, `decoder-busy`, `spool-full` and what else says nothing of the medium; what the source
 * throws; the signal's reason
 */
export async function lookAtVideo(
  source: AsyncIterable<Uint8Array>,
  sniffed: Sniffed,
  request: VideoRequest,
  tools: VideoTools,
): Promise<Looked> {
  const { videos, cache } = tools;
  const matcher = tools.newMatcher();
  const enough = new AbortController();
  const signal = request.signal === undefined ? enough.signal : AbortSignal.any([request.signal, enough.signal]);
  let before: LookedAgain | undefined;
  const arrival = new Arrival(source, tools.maximumBytes, async (digests) => {
    matcher.medium = digests.sha256;
    const known = cache.byHash(hex(digests.sha256));
    if (known !== undefined) before = await lookAgain(known, tools);
    if (before?.complete === true || (await knownByBytes(tools.lists, digests))) enough.abort(ENOUGH);
  });
  const frames: VideoFrame[] = [];
  let summary: VideoSummary | undefined;
  let closely: readonly QueryRange[] | undefined;
  let failure: Looked['failure'];
  try {
    if (videos === undefined) throw new VigieError('video-decoder-missing');
    let length = 0;
    const hashing = videos.hash(arrival.shared(), {
      mode: 'fast',
      signal,
      maxBytes: tools.maximumBytes,
      // Whoever sends is not kept waiting until a clock of theirs runs out.
      ...(request.atHand === true ? {} : { waitMs: WAIT_MS }),
      atHand: request.atHand,
      closer: async () => {
        closely = await matcher.closerLook();
        return closely;
      },
      onStart: ({ seconds }) => {
        length = seconds;
      },
    });
    for await (const frame of hashing) {
      frames.push(frame);
      request.onProgress?.(frame.seconds, { pass: frame.pass, length });
      if (await matcher.add(frame)) break;
    }
    summary = await hashing.summary;
  } catch (error) {
    if (error !== ENOUGH) failure = failureOf(error, sniffed, request.signal);
  }
  const stopped = enough.signal.aborted || matcher.decided;
  // A video that cannot be decoded may still be known by its bytes.
  // Nor is anything near to be acted on while its bytes may yet be those of known good.
  const allOfIt = tools.lists.rules?.allowsByBytes === true || request.atHand === true;
  if (failure !== undefined || allOfIt || stopped === false) await arrival.toEnd();
  const { digests, bytes, ms: read } = arrival;
  if (before?.complete === true && digests !== undefined && !matcher.decided) {
    if (request.fileId !== undefined) cache.put(hex(digests.sha256), before.known, request.fileId);
    return { ...before.looked, ms: { read } };
  }
  const media = mediaOf(summary, sniffed, frames);
  const looked = { bytes, digests, media: failure === undefined ? media : undefined, photodna: undefined, failure };
  if (digests !== undefined && failure === undefined && !stopped && isLasting(media)) {
    const seen = { bytes, digests, media, photodna: undefined, video: frames };
    cache.put(hex(digests.sha256), closely === undefined ? seen : { ...seen, closely }, request.fileId);
  }
  return { ...looked, ms: { read, ...media.ms }, video: { matcher, stopped } };
}

export interface LookedAgain {
  readonly known: CachedSignals;
  readonly looked: Looked;
  /** False when lists came since for which some of it would have been looked at more closely. */
  readonly complete: boolean;
}

/** Matches the frames of a video that was looked at before. */
export async function lookAgain(
  known: CachedSignals,
  { newMatcher }: Pick<VideoTools, 'newMatcher'>,
): Promise<LookedAgain> {
  const { video = [], closely, ...rest } = known;
  const matcher = newMatcher();
  matcher.medium = known.digests.sha256;
  for (const frame of video) if (await matcher.add(frame)) break;
  const complete = closely === undefined || !reachBeyond(await matcher.closerLook(), closely);
  // All frames are there, so nothing is missing, however soon it was decided.
  return { known, looked: { ...rest, failure: undefined, ms: {}, video: { matcher, stopped: false } }, complete };
}

async function knownByBytes(lists: KnownLists, digests: DigestValues): Promise<boolean> {
  const query = { digests, frames: [], photodna: undefined };
  const { matches } = await findMatches(lists, query, { limit: 1, showFingerprints: false });
  return matches.length > 0;
}

/** @throws the error when it says nothing of the medium */
function failureOf(error: unknown, { kind, format }: Sniffed, signal: AbortSignal | undefined): Looked['failure'] {
  signal?.throwIfAborted();
  if (!(error instanceof VigieError) || error.status !== 422) throw error;
  return { code: error.code, kind, format };
}

function mediaOf(summary: VideoSummary | undefined, { format }: Sniffed, frames: readonly VideoFrame[]): MediaSignals {
  const size = summary === undefined ? {} : { width: summary.width, height: summary.height, seconds: summary.seconds };
  return {
    kind: 'video',
    format: summary?.format ?? format,
    ...size,
    frames: summary?.frames ?? 0,
    framesHashed: summary?.framesHashed ?? frames.length,
    damaged: summary?.damaged ?? false,
    incomplete: summary?.incomplete ?? null,
    hashes: frames,
    ms: summary?.ms ?? {},
  };
}

/** What was cut off for a reason that may pass is tried anew the next time. */
function isLasting({ incomplete }: MediaSignals): boolean {
  return incomplete === null || incomplete === 'media-damaged';
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The bytes of a medium as they arrive, hashed on the way, for somebody who may leave before the end. */
export class Arrival {
  bytes = 0;
  /** Milliseconds from the first byte asked for to the last one read. */
  ms = 0;
  /** Once all was read. */
  digests: DigestValues | undefined;
  readonly #chunks: AsyncGenerator<Uint8Array>;

  constructor(
    source: AsyncIterable<Uint8Array>,
    maximumBytes: number,
    onEnd: (digests: DigestValues) => Promise<void>,
  ) {
    this.#chunks = this.#read(source, maximumBytes, onEnd);
  }

  /** For one who may leave; what was not taken then is there for the next. */
  shared(): AsyncIterable<Uint8Array> {
    const chunks = this.#chunks;
    return { [Symbol.asyncIterator]: () => ({ next: () => chunks.next() }) };
  }

  async toEnd(): Promise<void> {
    for await (const _ of this.#chunks);
  }

  async *#read(
    source: AsyncIterable<Uint8Array>,
    maximumBytes: number,
    onEnd: (digests: DigestValues) => Promise<void>,
  ) {
    const begun = performance.now();
    const digests = new Digests();
    for await (const chunk of source) {
      this.bytes += chunk.length;
      if (this.bytes > maximumBytes) throw new VigieError('media-too-large', { detail: `limit ${maximumBytes} bytes` });
      digests.update(chunk);
      yield chunk;
    }
    this.ms = performance.now() - begun;
    this.digests = digests.finish();
    await onEnd(this.digests);
  }
}
