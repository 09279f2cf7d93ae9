import { type ErrorCode, VigieError } from '../../errors.js';
import type { PdqHasher } from '../../signals/pdq/pdq-hasher.js';
import { TmkAccumulator } from '../../signals/tmk/tmk-accumulator.js';
import { formatTmk } from '../../signals/tmk/tmk-file.js';
import { TMK_FRAMES_PER_SECOND } from '../../signals/tmk/tmk-video.js';
import { hashFrame } from '../hash-frame.js';
import type { FrameSignals } from '../media-signals.js';
import { type Sniffed, sniff } from '../sniff.js';
import { type Container, containerOf, describedFirst, INTRA_ONLY } from './containers.js';
import { readDescription } from './description/read-description.js';
import { FfmpegFrameSource } from './ffmpeg-frame-source.js';
import type { FrameOptions, FramesEnd, RawFrame, VideoFacts, VideoStreams } from './frame-source.js';
import type { GrowingMedium } from './growing-medium.js';
import { NearEqual } from './near-equal.js';
import { probe } from './probe.js';
import { Thinning } from './thinning.js';
import type { SecondsRange, VideoEnd, VideoOrder, VideoStart } from './video-protocol.js';
import type { VideoFrameSignals } from './video-signals.js';

export type VideoStep =
  | { readonly start: VideoStart }
  | {
      readonly pass: VideoFrameSignals['pass'];
      readonly frame: number;
      readonly seconds: number;
      readonly hashes: readonly FrameSignals[];
    }
  /** How far a pass is that gives no hashes, in seconds. */
  | { readonly progress: number }
  /** The bytes of a `.tmk` file. */
  | { readonly tmk: Uint8Array }
  /** All was sampled, and it is waited for where to look more closely. */
  | { readonly looked: true }
  | { readonly end: VideoEnd };

export interface ToHash {
  readonly medium: GrowingMedium;
  /** Tells where to look more closely once all was sampled. */
  readonly closer: () => Promise<readonly SecondsRange[]>;
  /** Milliseconds by stage, kept as they pass. */
  readonly ms: VideoMs;
}

export type VideoMs = { probe: number; decode: number; hash: number };

/** Enough to tell any format by. */
const HEAD_BYTES = 64 * 1024;
/** A description longer than this is waited for with the rest. */
const MAXIMUM_DESCRIPTION_BYTES = 64 * 2 ** 20;
/** Shorter videos are soon decoded whole, and the start of one more decoder costs a third of that. */
const KEYS_FROM_SECONDS = 60;
/** Reduced, the shorter side keeps at least so many pixels, with which hashes stay near (docs/benchmarks.md). */
const SHORTER_SIDE = 240;
/** A video that ends so much before its time was cut short: some seconds of sound may lie behind the last frame. */
const SHORT_BY_SECONDS = 3;
const SHORT_BY = 0.05;
const TMK_SIZE = { width: 64, height: 64 };
/** Progress is told after so many frames of a TMK. */
const TMK_TOLD_EVERY = 5 * TMK_FRAMES_PER_SECOND;

/**
 * Hashes a video, as far as it goes; it may still be arriving. Runs in a video decoder process; the caller bounds time
 * and memory.
 *
 * Fast mode gives key frames first and then goes through the whole, some frames a second; while a video arrives, it
 * goes through what is there. Faithful mode takes the frames, pixels and times of the vPDQ reference
 * (https://github.com/facebook/ThreatExchange, `vpdq/`): every trunc(secondsPerHash × fps)-th frame in its stored
 * orientation, whole size, BT.601, time = number / fps. On demand it then decodes once more for TMK+PDQF (`tmk/` of the
 * same): fifteen frames a second of 64 × 64 pixels, turned as a viewer does.
 * @throws VigieError of the media family when nothing could be hashed; the signal's reason
 */
export async function* hashVideo(
  toHash: ToHash,
  order: VideoOrder,
  hasher: PdqHasher,
  signal: AbortSignal,
): AsyncGenerator<VideoStep> {
  const run = new VideoRun(toHash, order, hasher, signal);
  // A decoder that waits for more of the video would wait for ever.
  const stop = () => void run.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield* run.steps();
  } finally {
    signal.removeEventListener('abort', stop);
    await run.close();
  }
}

class VideoRun {
  readonly #medium: GrowingMedium;
  readonly #closer: ToHash['closer'];
  readonly #order: VideoOrder;
  readonly #hasher: PdqHasher;
  readonly #signal: AbortSignal;
  readonly #ms: VideoMs;
  readonly #sources: FfmpegFrameSource[] = [];
  #start: VideoStart | undefined;
  #framesSeen = 0;
  #framesHashed = 0;
  #lastSeconds = 0;
  #lastFrame = 0;
  #keysTried = false;

  constructor({ medium, closer, ms }: ToHash, order: VideoOrder, hasher: PdqHasher, signal: AbortSignal) {
    this.#medium = medium;
    this.#closer = closer;
    this.#ms = ms;
    this.#order = order;
    this.#hasher = hasher;
    this.#signal = signal;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  async *steps(): AsyncGenerator<VideoStep> {
    const { sniffed, container } = await this.#recognise();
    const early = this.#order.mode === 'fast' && (await this.#startsEarly(container));
    if (!early) await this.#medium.whole(this.#signal);
    let streams = await this.#describe(container);
    let end = yield* this.#stream(streams.shown, sniffed, container);
    if (this.#start === undefined && !streams.shown.confirmed) {
      // It is not what it says of itself, or holds nothing.
      streams = await this.#probe(container);
      end = yield* this.#stream(streams.shown, sniffed, container);
    }
    this.#signal.throwIfAborted();
    const { shown } = streams;
    if (this.#framesHashed === 0) throw new VigieError(end.refusal ?? this.#whyNothing(shown));
    const cut = shown.seconds - this.#lastSeconds > Math.max(SHORT_BY_SECONDS, shown.seconds * SHORT_BY);
    const damaged = end.damaged || cut;
    const incomplete = end.refusal ?? (damaged ? 'media-damaged' : null);
    const unseen = this.#order.mode === 'fast' ? yield* this.#others(streams, container) : null;
    if (this.#order.asks) yield* this.#closely(streams, container);
    if (this.#order.mode === 'faithful' && this.#order.tmk) yield* this.#tmk(shown, container);
    const seconds = Math.max(shown.seconds, this.#lastSeconds);
    const told = { damaged, incomplete: incomplete ?? unseen, ms: this.#ms };
    yield { end: { seconds, framesHashed: this.#framesHashed, ...told } };
  }

  async *#stream(facts: VideoFacts, sniffed: Sniffed, container: Container): AsyncGenerator<VideoStep, FramesEnd> {
    const steps = this.#order.mode === 'faithful' ? this.#faithful(facts, container) : this.#fast(facts, container);
    for (;;) {
      const step = await steps.next();
      // Told when the decoder has agreed to it by a frame.
      if (this.#start === undefined && this.#framesSeen > 0) {
        this.#start = startOf(sniffed, facts);
        yield { start: this.#start };
      }
      if (step.done) return step.value;
      yield step.value;
    }
  }

  /** What else can be seen in the file, beside what a player shows. @returns why some of it could not be looked at */
  async *#others({ others, more }: VideoStreams, container: Container): AsyncGenerator<VideoStep, ErrorCode | null> {
    let unseen: ErrorCode | null = more ? 'media-format-unsupported' : null;
    for (const facts of others) {
      this.#signal.throwIfAborted();
      if (facts.width * facts.height > this.#order.maxPixels) {
        unseen ??= 'media-too-many-pixels';
        continue;
      }
      const { frames, damaged, refusal } = yield* this.#whole(facts, container, 'file', this.#lastFrame + 1);
      unseen ??= refusal ?? (frames === 0 || damaged ? 'media-damaged' : null);
    }
    return unseen;
  }

  #whyNothing({ width, height }: VideoFacts): ErrorCode {
    return Math.min(width, height) < 5 ? 'media-too-small' : 'media-damaged';
  }

  async #recognise(): Promise<{ readonly sniffed: Sniffed; readonly container: Container }> {
    await this.#medium.beyond(HEAD_BYTES - 1, this.#signal);
    const head = await this.#medium.head(HEAD_BYTES);
    const sniffed = sniff(head);
    const container = sniffed.kind === 'video' ? containerOf(sniffed, head) : undefined;
    if (container === undefined) throw new VigieError('media-format-unsupported', { medium: sniffed });
    return { sniffed, container };
  }

  /** Whether it is still arriving, and can be decoded while it does. */
  async #startsEarly({ early }: Container): Promise<boolean> {
    if (early !== 'boxes') return early === 'always' && !this.#medium.complete;
    while (!this.#medium.complete) {
      const { bytes } = this.#medium;
      const first = describedFirst(await this.#medium.head(MAXIMUM_DESCRIPTION_BYTES));
      if (first !== undefined) return first;
      if (bytes >= MAXIMUM_DESCRIPTION_BYTES) return false;
      await this.#medium.beyond(bytes, this.#signal);
    }
    return false;
  }

  async #describe(container: Container): Promise<VideoStreams> {
    const start = performance.now();
    const shown = await readDescription(this.#medium.descriptor, this.#medium.bytes, container);
    this.#ms.probe += performance.now() - start;
    const usable = shown !== undefined && shown.width * shown.height <= this.#order.maxPixels;
    return usable ? { shown, others: [], more: false } : await this.#probe(container);
  }

  async #probe(container: Container): Promise<VideoStreams> {
    const start = performance.now();
    const { programs, maxPixels } = this.#order;
    const ask = () => probe(this.#medium.descriptor, container, programs, this.#signal);
    const streams = await ask().catch(async (error: unknown) => {
      if (this.#medium.complete) throw error;
      // What was there was not enough of it.
      await this.#medium.whole(this.#signal);
      return await ask();
    });
    this.#ms.probe += performance.now() - start;
    const { width, height } = streams.shown;
    if (width * height > maxPixels) throw new VigieError('media-too-many-pixels');
    return streams;
  }

  async *#faithful(facts: VideoFacts, container: Container): AsyncGenerator<VideoStep, FramesEnd> {
    const { secondsPerHash } = this.#order;
    const fps = facts.fps || 25;
    const step = Math.max(1, Math.trunc(secondsPerHash * fps));
    const area = facts.rotation === 0 ? 'full' : 'stored';
    return yield* this.#run(
      facts,
      container,
      'file',
      { sampling: { kind: 'step', frames: step }, pixels: 'rgb' },
      (raw) => {
        const { data, width, height } = raw.picture;
        const pixels = { data, width, height, channels: 3 as const };
        const { quality, hashes: pdq } = this.#hasher.hash(pixels, 'faithful');
        const frame = raw.index * step;
        // The frames behind the last one that is hashed are not seen here.
        this.#lastSeconds = (frame + step) / fps;
        return { pass: 'whole', frame, seconds: Math.fround(frame / fps), hashes: [{ frame, area, quality, pdq }] };
      },
    );
  }

  async *#tmk(facts: VideoFacts, container: Container): AsyncGenerator<VideoStep> {
    const tmk = new TmkAccumulator();
    const sampling = { kind: 'rate', perSecond: TMK_FRAMES_PER_SECOND } as const;
    const options = { sampling, size: TMK_SIZE, scaler: 'bicubic', pixels: 'rgb', turned: true } as const;
    for await (const { picture } of this.#open(facts, container, 'file').frames(options)) {
      this.#signal.throwIfAborted();
      tmk.add(this.#hasher.coefficients({ data: picture.data, ...TMK_SIZE, channels: 3 }));
      if (tmk.frames % TMK_TOLD_EVERY === 0) yield { progress: tmk.frames / TMK_FRAMES_PER_SECOND };
    }
    if (tmk.frames > 0) yield { tmk: formatTmk(tmk.finish()) };
  }

  async *#fast(facts: VideoFacts, container: Container): AsyncGenerator<VideoStep, FramesEnd> {
    if (!this.#medium.complete) {
      const end = yield* this.#whole(facts, container, 'pipe');
      await this.#medium.whole(this.#signal);
      // Not what it said.
      if (end.otherSize) return end;
      // Some files say at their end what is needed at their beginning.
      if (!end.damaged && end.frames > 0 && facts.seconds - this.#lastSeconds < SHORT_BY_SECONDS) return end;
      return yield* this.#whole(facts, container, 'file');
    }
    if (facts.seconds >= KEYS_FROM_SECONDS || facts.seconds === 0) yield* this.#keys(facts, container);
    return yield* this.#whole(facts, container, 'file');
  }

  async *#keys(facts: VideoFacts, container: Container): AsyncGenerator<VideoStep> {
    if (this.#keysTried || INTRA_ONLY.includes(facts.codec)) return;
    this.#keysTried = true;
    const sampling = { kind: 'keys', everySeconds: 1 } as const;
    const thinning = new Thinning(1, this.#order.maxFrames);
    yield* this.#run(facts, container, 'file', { ...quick(facts), sampling }, this.#sampler(facts, 'keys', thinning));
  }

  /** Every frame of the stretches that somebody wants to know more about, which sampling may have stepped over. */
  async *#closely({ shown, others }: VideoStreams, container: Container): AsyncGenerator<VideoStep> {
    const sparse = ({ fps }: VideoFacts) => fps <= 0 || fps > this.#order.perSecond;
    const streams = [shown, ...others].filter(sparse);
    if (this.#order.mode !== 'fast' || streams.length === 0) return;
    yield { looked: true };
    for (const [from, to] of await this.#closer()) {
      const sampling = { kind: 'stretch', from, seconds: to - from } as const;
      for (const facts of streams) {
        const take = this.#sampler(facts, 'whole', new Thinning(0, this.#order.maxFrames), { from });
        yield* this.#run(facts, container, 'file', { ...quick(facts), sampling }, take);
      }
    }
  }

  async *#whole(
    facts: VideoFacts,
    container: Container,
    from: 'file' | 'pipe',
    firstFrame = 0,
  ): AsyncGenerator<VideoStep, FramesEnd> {
    const { perSecond, maxFrames } = this.#order;
    const apart = Math.max(1 / perSecond, facts.seconds / maxFrames);
    const sampling = { kind: 'times', everySeconds: apart } as const;
    const thinning = new Thinning(apart, maxFrames);
    const steps = this.#run(
      facts,
      container,
      from,
      { ...quick(facts), sampling },
      this.#sampler(facts, 'whole', thinning, { firstFrame }),
    );
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
      yield step.value;
      // All of it arrived while its beginning was decoded: its key frames are had sooner than its end.
      const ahead = facts.seconds - this.#lastSeconds >= KEYS_FROM_SECONDS;
      if (from === 'pipe' && ahead && this.#medium.complete) yield* this.#keys(facts, container);
    }
  }

  /** @param where second at which the run begins, and number of its first frame */
  #sampler(
    facts: VideoFacts,
    pass: VideoFrameSignals['pass'],
    thinning: Thinning,
    { from = 0, firstFrame = 0 }: { readonly from?: number; readonly firstFrame?: number } = {},
  ) {
    const nearEqual = new NearEqual();
    const orientation = { 0: 1, 90: 6, 180: 3, 270: 8 }[facts.rotation] ?? 1;
    return ({ index, seconds, picture }: RawFrame): VideoStep | undefined => {
      const time = from + Math.max(0, seconds ?? thinning.guess(index));
      if (pass === 'whole') this.#lastSeconds = Math.max(this.#lastSeconds, time);
      if (!thinning.takes(time, () => nearEqual.differs(picture))) return undefined;
      const frame = firstFrame + Math.round(time * (facts.fps || 25));
      this.#lastFrame = Math.max(this.#lastFrame, frame);
      return {
        pass,
        frame,
        seconds: time,
        hashes: [...hashFrame({ ...picture, frame }, orientation, 'fast', this.#hasher)],
      };
    };
  }

  async *#run(
    facts: VideoFacts,
    container: Container,
    from: 'file' | 'pipe',
    options: FrameOptions,
    take: (raw: RawFrame) => VideoStep | undefined,
  ): AsyncGenerator<VideoStep, FramesEnd> {
    const end = yield* this.#decode(facts, container, from, options, take);
    if (!end.otherSize || end.frames === 0) return end;
    // The size changed half way. The facts hold for its beginning, so that all is scaled to that.
    const rest = (raw: RawFrame) => (raw.index < end.frames ? undefined : take(raw));
    return yield* this.#decode({ ...facts, confirmed: true }, container, from, options, rest);
  }

  async *#decode(
    facts: VideoFacts,
    container: Container,
    from: 'file' | 'pipe',
    options: FrameOptions,
    take: (raw: RawFrame) => VideoStep | undefined,
  ): AsyncGenerator<VideoStep, FramesEnd> {
    this.#signal.throwIfAborted();
    const source = this.#open(facts, container, from);
    let end: FramesEnd = { damaged: true, refusal: undefined, otherSize: false, frames: 0 };
    let turn = performance.now();
    for await (const raw of source.frames({ ...options, onEnd: (how) => (end = how) })) {
      this.#signal.throwIfAborted();
      const decoded = performance.now();
      this.#ms.decode += decoded - turn;
      this.#framesSeen++;
      const step = take(raw);
      this.#ms.hash += performance.now() - decoded;
      if (step !== undefined) {
        this.#framesHashed++;
        yield step;
      }
      turn = performance.now();
    }
    this.#ms.decode += performance.now() - turn;
    this.#signal.throwIfAborted();
    return end;
  }

  #open(facts: VideoFacts, container: Container, from: 'file' | 'pipe'): FfmpegFrameSource {
    const { maxPixels, maxAllocation, programs } = this.#order;
    const medium = this.#medium.descriptor;
    const feed = (input: import('node:stream').Writable) => this.#medium.feed(input, this.#signal);
    const input = { medium, container, ...(from === 'pipe' ? { feed } : {}) };
    const source = new FfmpegFrameSource(facts, input, programs, { maxPixels, maxAllocation });
    this.#sources.push(source);
    return source;
  }
}

/** Luma, reduced to what a hash needs. */
function quick({ width, height }: VideoFacts): Pick<FrameOptions, 'pixels' | 'quick' | 'size'> {
  const factor = Math.floor(Math.min(width, height) / SHORTER_SIDE);
  if (factor < 2) return { pixels: 'grey', quick: true };
  return {
    pixels: 'grey',
    quick: true,
    size: { width: Math.round(width / factor), height: Math.round(height / factor) },
  };
}

function startOf({ format }: Sniffed, facts: VideoFacts): VideoStart {
  const { codec, rotation, seconds, fps } = facts;
  const turned = rotation % 180 !== 0;
  const [width, height] = turned ? [facts.height, facts.width] : [facts.width, facts.height];
  return { format, codec, width, height, rotation, seconds, frames: facts.frames || Math.round(seconds * fps) };
}
