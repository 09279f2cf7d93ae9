import type { FrameSignals } from '../../media/media-signals.js';

/** One area of one sampled frame of the video that is looked at. Areas of one frame come one behind the other. */
export interface VideoFrame extends FrameSignals {
  /** `keys`: the quick first look at key frames; `whole`: all of it, in order of time. */
  readonly pass: 'keys' | 'whole';
  /** When the frame is shown, in seconds from the start of the video. */
  readonly seconds: number;
}
