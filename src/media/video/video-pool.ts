import { type ErrorCode, VigieError } from '../../errors.js';
import { entryPoint } from '../../runtime/entry-point.js';
import type { HashMode } from '../media-signals.js';
import { ProcessPool } from '../process-pool.js';
import { sniff } from '../sniff.js';
import { fillSpool } from './fill-spool.js';
import { findVideoPrograms, type VideoPrograms } from './programs.js';
import { VideoInbox } from './video-inbox.js';
import { VideoProcess } from './video-process.js';
import type { SecondsRange, VideoOrder, VideoStart } from './video-protocol.js';
import type { VideoFrameSignals, VideoSummary } from './video-signals.js';

export interface VideoPoolOptions {
  readonly processes: number;
  /** Of one frame. */
  readonly maxPixels: number;
  /** Of a video; each lies in memory while it is decoded. */
  readonly maxBytes: number;
  readonly memoryBytes: number;
  /** Longest time without a frame; with the length of the video added, for all of it. */
  readonly timeoutMs: number;
  /** Longest time for one video, whatever its length. Time in which it arrives, or nobody takes frames, does not count. */
  readonly wallMs: number;
  /** How many videos may wait; one more is refused. */
  readonly queueLimit: number;
  /** Fast mode: most samples a second. */
  readonly perSecond?: number;
  /** Fast mode: about how many frames the longest video gives; its samples are further apart. */
  readonly maxFrames?: number;
  /** A process is replaced after so many videos. */
  readonly recycleAfter?: number;
  /** Where ffmpeg is; looked for when left out; null is nowhere. */
  readonly programs?: VideoPrograms | null;
  /** The program of the processes; another one only in tests. */
  readonly entry?: string;
}

export interface VideoHashOptions {
  readonly mode: HashMode;
  readonly signal?: AbortSignal;
  /** Faithful: seconds between hashes, as the reference counts; 0 is every frame. */
  readonly secondsPerHash?: number;
  /** Faithful: makes TMK+PDQF too, after the last frame; it comes with the summary. */
  readonly tmk?: boolean;
  /** Told how far that is, in seconds of the video. */
  readonly onTmkProgress?: (seconds: number) => void;
  /** Fast: asked once all was sampled, for the stretches of which every frame is wanted. They come as frames of the pass `whole`. */
  readonly closer?: () => Promise<readonly SecondsRange[]>;
  /** Longest wait for a decoder, after which it is `decoder-busy`; as long as it takes when left out. */
  readonly waitMs?: number;
  /** For this video, where it is less than the pool's. */
  readonly maxBytes?: number;
  /** All of it is there in a moment, so that it is not begun with before. */
  readonly atHand?: boolean | undefined;
  /** Told once, before the first frame. */
  readonly onStart?: (start: VideoStart) => void;
}

/** A video that is being hashed. Nothing is done before it is iterated over, which can be done once. */
export interface VideoHashing extends AsyncIterable<VideoFrameSignals> {
  /**
   * Settled when the iteration has ended. It rejects with what the iteration throws. A decoder that failed half way,
   * after frames were given, ends the iteration, and is told here as `incomplete`.
   */
  readonly summary: Promise<VideoSummary>;
}

/** What others need of a video pool. */
export interface VideoPoolLike {
  /**
   * Streams frames as they are hashed, while the video still arrives where its container allows it; stops and frees
   * the decoder when the consumer leaves or the signal aborts.
   * @throws (from the iteration) VigieError of the media, video and decoder families, `spool-full`, `media-too-large`;
   * what the source throws; the signal's reason
   */
  hash(source: AsyncIterable<Uint8Array>, options: VideoHashOptions): VideoHashing;
}

const PER_SECOND = 5;
const MAXIMUM_FRAMES = 36_000;
/** A decoder that was told to leave a video and has not is ended. */
const STOP_MS = 800;

/** A set of video decoder processes, each with one video at a time. What goes wrong with one costs only that one. */
export class VideoPool implements VideoPoolLike, AsyncDisposable {
  readonly #options: VideoPoolOptions;
  readonly #programs: VideoPrograms | null;
  readonly #pool: ProcessPool<VideoProcess>;

  constructor(options: VideoPoolOptions) {
    const { entry = entryPoint(import.meta.url, './video-worker.js') } = options;
    this.#options = options;
    this.#programs = options.programs === undefined ? (findVideoPrograms() ?? null) : options.programs;
    this.#pool = new ProcessPool({ ...options, start: () => new VideoProcess({ ...options, entry }) });
  }

  /** Whether there is a decoder at all; without one every video fails with `video-decoder-missing`. */
  get available(): boolean {
    return this.#programs !== null;
  }

  get restarts(): number {
    return this.#pool.restarts;
  }

  get waiting(): number {
    return this.#pool.waiting;
  }

  /** Process ids and resident bytes, ffmpeg's among them, for the figures. */
  get processes(): readonly { readonly pid: number | undefined; readonly residentBytes: number }[] {
    return this.#pool.processes;
  }

  /** Starts the processes now, so that the first video does not wait for them. */
  async start(): Promise<void> {
    if (this.available) await this.#pool.start();
  }

  hash(source: AsyncIterable<Uint8Array>, options: VideoHashOptions): VideoHashing {
    let settle: { readonly resolve: (summary: VideoSummary) => void; readonly reject: (error: unknown) => void };
    const summary = new Promise<VideoSummary>((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Who iterates has met the failure there.
    summary.catch(() => undefined);
    const frames = this.#frames(source, options, (made) => settle.resolve(made));
    const iterate = async function* (): AsyncGenerator<VideoFrameSignals> {
      try {
        yield* frames;
      } catch (error) {
        settle.reject(error);
        throw error;
      }
    };
    return { summary, [Symbol.asyncIterator]: iterate };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#frames(
    source: AsyncIterable<Uint8Array>,
    options: VideoHashOptions,
    summarise: (summary: VideoSummary) => void,
  ): AsyncGenerator<VideoFrameSignals> {
    const { signal } = options;
    const order = this.#order(options);
    const process = await this.#acquire(options);
    const inbox = new VideoInbox((held) => (held ? process.pause() : process.resume()), options.onTmkProgress);
    const leave = new AbortController();
    const either = signal === undefined ? leave.signal : AbortSignal.any([signal, leave.signal]);
    let head: Uint8Array = new Uint8Array();
    let filling: Promise<void> | undefined;
    let failed = false;
    try {
      signal?.throwIfAborted();
      process.begin(order, inbox);
      const maxBytes = Math.min(this.#options.maxBytes, options.maxBytes ?? Number.POSITIVE_INFINITY);
      const fill = {
        maxBytes,
        signal: either,
        atHand: options.atHand ?? false,
        onHead: (bytes: Uint8Array) => (head = bytes),
      };
      filling = fillSpool(process, source, fill).catch((error) => inbox.fail(error));
      for (;;) {
        const frame = await inbox.next(signal);
        if (frame === undefined) break;
        if (frame === 'looked') process.look((await options.closer?.()) ?? []);
        else {
          if (inbox.taken === 1 && inbox.start !== undefined) options.onStart?.(inbox.start);
          yield frame;
        }
      }
      summarise(this.#summary(inbox, head));
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      leave.abort();
      await this.#free(process, inbox, filling);
      // The consumer left in the middle; nothing comes of this when it was summarised before.
      if (!failed && inbox.start !== undefined) summarise(stopped(inbox.start, inbox));
    }
  }

  async #acquire({ signal, waitMs }: VideoHashOptions): Promise<VideoProcess> {
    if (waitMs === undefined) return await this.#pool.acquire(signal);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new VigieError('decoder-busy', { retryAfter: 5 })), waitMs);
    try {
      return await this.#pool.acquire(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  #order({ mode, secondsPerHash = 1, tmk = false, closer }: VideoHashOptions): Omit<VideoOrder, 'number'> {
    const asks = closer !== undefined;
    const { maxPixels, memoryBytes, perSecond = PER_SECOND, maxFrames = MAXIMUM_FRAMES } = this.#options;
    if (this.#programs === null) throw new VigieError('video-decoder-missing');
    const maxAllocation = Math.floor(memoryBytes / 2);
    const limits = { perSecond, maxFrames, maxPixels, maxAllocation };
    return { mode, secondsPerHash, tmk, asks, ...limits, programs: this.#programs };
  }

  #summary({ start, end, error, taken, whole }: VideoInbox, head: Uint8Array): VideoSummary {
    if (start !== undefined && end !== undefined && error === undefined) {
      return { ...start, ...end, stopped: false, ...(whole === undefined ? {} : { tmk: whole }) };
    }
    if (!(error instanceof VigieError)) throw error ?? new VigieError('decoder-crashed');
    // What was found before the decoder failed counts; that it did not come to the end is told.
    if (start !== undefined && taken > 0 && error.status === 422) {
      return { ...stopped(start, { taken, ms: {} }), incomplete: error.code satisfies ErrorCode, stopped: false };
    }
    if (error.medium !== undefined) throw error;
    const detail = error.detail === undefined ? {} : { detail: error.detail };
    const retryAfter = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
    throw new VigieError(error.code, { ...detail, ...retryAfter, cause: error.cause, medium: sniff(head) });
  }

  /** Gives a process back when it is done with its video; one that does not leave it is ended. */
  async #free(process: VideoProcess, inbox: VideoInbox, filling: Promise<void> | undefined): Promise<void> {
    if (filling !== undefined) {
      const late = setTimeout(() => process.kill(new VigieError('decoder-crashed', { detail: 'given up' })), STOP_MS);
      if (inbox.end === undefined) process.stop();
      await inbox.over;
      clearTimeout(late);
      await filling;
      if (!process.ended) process.spool.clear();
    }
    this.#pool.release(process);
  }
}

function stopped(start: VideoStart, { taken, ms }: Pick<VideoInbox, 'taken' | 'ms'>): VideoSummary {
  return { ...start, framesHashed: taken, damaged: false, incomplete: null, stopped: true, ms };
}
