import { VigieError } from '../../errors.js';
import type { TmkVideo } from '../../signals/tmk/tmk-video.js';
import { writeMessage } from '../frames.js';
import { WorkerProcess } from '../worker-process.js';
import { Spool } from './spool.js';
import { checkVideoAnswer } from './video-answer.js';
import type { SecondsRange, VideoEnd, VideoOrder, VideoRequest, VideoStart } from './video-protocol.js';
import type { VideoFrameSignals, VideoSummary } from './video-signals.js';

export interface VideoProcessOptions {
  readonly entry: string;
  readonly memoryBytes: number;
  /** Longest time without a word from it while it has all that it needs; with its length added, for all of a video. */
  readonly timeoutMs: number;
  /** Longest time for a video, whatever its length. */
  readonly wallMs: number;
}

/** Who is told what comes of a video. After `ended`, `stopped` or `failed` nothing more comes. */
export interface VideoListener {
  begun(start: VideoStart): void;
  frames(frames: readonly VideoFrameSignals[]): void;
  progress(seconds: number): void;
  tmk(video: TmkVideo): void;
  /** All was sampled; `look` is to be called. */
  looked(): void;
  ended(end: VideoEnd): void;
  stopped(ms: VideoSummary['ms']): void;
  failed(error: VigieError): void;
}

const NOTHING = Buffer.alloc(0);
/** How much slower than it plays a video may be decoded. */
const SLOWEST = 1;

/** One video decoder process, its spool, and the one video that it has in hand. */
export class VideoProcess extends WorkerProcess {
  readonly spool: Spool;
  readonly #options: VideoProcessOptions;
  #listener: VideoListener | undefined;
  #served = 0;
  /** Number of the order that it works at; none when it is idle. */
  get #inHand(): number | undefined {
    return this.#listener === undefined ? undefined : this.#served;
  }
  /** It said something of a video that was over. */
  #strayed = false;
  #paused = false;
  #complete = false;
  /** It waits for us. */
  #asked = false;
  #silentMs = 0;
  #workedMs = 0;
  #allowedMs = 0;
  /** How often it is decoded from its beginning to its end. */
  #passes = 1;

  constructor(options: VideoProcessOptions) {
    const spool = new Spool();
    try {
      super({ ...options, descriptors: [spool.descriptor] });
    } catch (error) {
      void spool.close();
      throw error;
    }
    this.spool = spool;
    this.#options = options;
    void this.gone.then(() => spool.close());
  }

  get served(): number {
    return this.#served;
  }

  /** Begins with a video that lies in the spool, or will. Only one at a time. */
  begin(order: Omit<VideoOrder, 'number'>, listener: VideoListener): void {
    if (this.#listener !== undefined) throw new VigieError('internal', { detail: 'the decoder is busy' });
    this.#served++;
    this.#listener = listener;
    this.#complete = false;
    this.#asked = false;
    this.#silentMs = 0;
    this.#workedMs = 0;
    this.#allowedMs = Math.min(this.#options.wallMs, this.#options.timeoutMs);
    this.#passes = order.tmk ? 2 : 1;
    this.resume();
    this.watch((milliseconds) => this.#tick(milliseconds));
    this.#ask({ begin: { ...order, number: this.#served } });
  }

  /** Tells how much of the video is in the spool. */
  grown(bytes: number, complete: boolean): void {
    this.#complete ||= complete;
    this.#ask({ grown: bytes, complete });
  }

  /** Says where it is to look more closely. */
  look(closer: readonly SecondsRange[]): void {
    this.#silentMs = 0;
    this.#asked = false;
    this.#ask({ closer });
  }

  /** Asks it to leave the video; it says so when it has. */
  stop(): void {
    this.resume();
    this.#ask({ stop: true });
  }

  /** Nobody listens for now: the decoder is held back. */
  pause(): void {
    this.#paused = true;
    this.channel.pause();
  }

  resume(): void {
    this.#paused = false;
    this.channel.resume();
  }

  protected override failed(error: VigieError): void {
    this.#settle()?.failed(error);
  }

  protected override heard(head: unknown, payload: Buffer): void {
    const { order, said: answer } = checkVideoAnswer(head, payload);
    if ('ready' in answer) {
      this.started();
      return;
    }
    // It had ended just when it was told to stop, and says both.
    if ('stopped' in answer && order <= this.#served && order !== this.#inHand) return;
    if (this.#isOfBefore(order)) {
      // It says nothing of this video, which is not to suffer for it; another decoder takes the next one.
      this.#strayed = true;
      return;
    }
    if (order !== this.#inHand) throw new RangeError('an answer that nobody asked for');
    this.#silentMs = 0;
    const listener = this.#listener;
    if (listener === undefined) throw new RangeError('an answer that nobody asked for');
    if ('frames' in answer) listener.frames(answer.frames);
    else if ('progress' in answer) listener.progress(answer.progress);
    else if ('tmk' in answer) listener.tmk(answer.tmk);
    else if ('looked' in answer) {
      this.#asked = true;
      listener.looked();
    } else if ('start' in answer) {
      const { timeoutMs, wallMs } = this.#options;
      this.#allowedMs = Math.min(wallMs, timeoutMs + answer.start.seconds * 1_000 * SLOWEST * this.#passes);
      listener.begun(answer.start);
    } else {
      this.#settle();
      if ('end' in answer) listener.ended(answer.end);
      else if ('failure' in answer) listener.failed(answer.failure);
      else listener.stopped(answer.stopped);
      if (this.#strayed) this.kill(new VigieError('decoder-crashed', { detail: 'it answered late' }));
    }
  }

  /** Whether the video that it is of is over, and another one in hand. */
  #isOfBefore(order: number): boolean {
    return this.#inHand !== undefined && order > 0 && order < this.#inHand;
  }

  /** Time counts while the decoder could work: not while the video arrives, nor while nobody
   * listens or it waits for an answer. */
  #tick(milliseconds: number): void {
    if (this.#paused || this.#asked || !this.#complete) return;
    this.#silentMs += milliseconds;
    this.#workedMs += milliseconds;
    const late = this.#silentMs > this.#options.timeoutMs || this.#workedMs > this.#allowedMs;
    if (late) this.kill(new VigieError('decoder-timeout'));
  }

  #ask(request: VideoRequest): void {
    if (!this.ended) writeMessage(this.channel, request, NOTHING);
  }

  #settle(): VideoListener | undefined {
    const listener = this.#listener;
    this.#listener = undefined;
    this.unwatch();
    return listener;
  }
}
