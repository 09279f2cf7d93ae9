import type { VigieError } from '../../errors.js';
import { abortable } from '../../runtime/abortable.js';
import type { TmkVideo } from '../../signals/tmk/tmk-video.js';
import type { VideoListener } from './video-process.js';
import type { VideoEnd, VideoStart } from './video-protocol.js';
import type { VideoFrameSignals, VideoSummary } from './video-signals.js';

/** Frames that lie here before the decoder is held back, and those down to which it is let go on. */
const HIGH = 256;
const LOW = 64;

/** Keeps what a video decoder process says until somebody takes it. */
export class VideoInbox implements VideoListener {
  start: VideoStart | undefined;
  end: VideoEnd | undefined;
  error: unknown;
  /** Milliseconds by stage of a video that was left. */
  ms: VideoSummary['ms'] = {};
  whole: TmkVideo | undefined;
  /** Frames that were taken out. */
  taken = 0;
  /** Resolves when the decoder is done with the video, in whatever way. */
  readonly over: Promise<void>;
  #over = false;
  #looked = false;
  #done = () => {};
  readonly #frames: VideoFrameSignals[] = [];
  readonly #hold: (held: boolean) => void;
  readonly #onProgress: ((seconds: number) => void) | undefined;
  #held = false;
  #wake: (() => void) | undefined;

  /**
   * @param hold called with true when too much lies here, with false when it was taken
   * @param onProgress told how far a pass is that gives no frames, in seconds of the video
   */
  constructor(hold: (held: boolean) => void, onProgress?: (seconds: number) => void) {
    this.#hold = hold;
    this.#onProgress = onProgress;
    this.over = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  begun(start: VideoStart): void {
    this.start = start;
  }

  frames(frames: readonly VideoFrameSignals[]): void {
    this.#frames.push(...frames);
    if (!this.#held && this.#frames.length > HIGH) {
      this.#held = true;
      this.#hold(true);
    }
    this.#wake?.();
  }

  progress(seconds: number): void {
    this.#onProgress?.(seconds);
  }

  tmk(video: TmkVideo): void {
    this.whole = video;
  }

  looked(): void {
    this.#looked = true;
    this.#wake?.();
  }

  ended(end: VideoEnd): void {
    this.end = end;
    this.#finish();
  }

  stopped(ms: VideoSummary['ms']): void {
    this.ms = ms;
    this.#finish();
  }

  /** Also for what fails on this side: the source, the spool. */
  failed(error: VigieError): void {
    this.fail(error);
    this.#finish();
  }

  fail(error: unknown): void {
    this.error ??= error;
    this.#wake?.();
  }

  /**
   * @returns `looked` when the decoder waits to be told where to look more closely; undefined when there are no more, and
   * `end` or `error` says why
   * @throws the signal's reason
   */
  async next(signal: AbortSignal | undefined): Promise<VideoFrameSignals | 'looked' | undefined> {
    for (;;) {
      signal?.throwIfAborted();
      const frame = this.#frames.shift();
      if (this.#held && this.#frames.length < LOW) {
        this.#held = false;
        this.#hold(false);
      }
      if (frame !== undefined) {
        this.taken++;
        return frame;
      }
      if (this.#over || this.error !== undefined) return undefined;
      if (this.#looked) {
        this.#looked = false;
        return 'looked';
      }
      const something = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await abortable(something, signal);
    }
  }

  #finish(): void {
    this.#over = true;
    this.#done();
    this.#wake?.();
  }
}
