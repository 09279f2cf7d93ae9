import type { ErrorCode, VigieErrorOptions } from '../../errors.js';
import type { HashMode } from '../media-signals.js';
import type { VideoPrograms } from './programs.js';
import type { VideoFrameSignals, VideoSummary } from './video-signals.js';

/** From one second of a video to another. */
export type SecondsRange = readonly [number, number];

/** How a video is to be hashed. */
export interface VideoOrder {
  /** Of the orders to one process, from 1. It is with everything that is said of the video. */
  readonly number: number;
  readonly mode: HashMode;
  /** Faithful: seconds between hashes, as the reference counts them; 0 is every frame. */
  readonly secondsPerHash: number;
  /** Faithful: TMK+PDQF too, for which the video is decoded once more. */
  readonly tmk: boolean;
  /** Fast: most samples a second. */
  readonly perSecond: number;
  /** Fast: about how many frames come out of the longest video; beyond it they come further apart. */
  readonly maxFrames: number;
  /** Fast: whether it asks, at the end, where to look more closely. */
  readonly asks: boolean;
  readonly maxPixels: number;
  readonly maxAllocation: number;
  readonly programs: VideoPrograms;
}

/** What the service says to a video decoder process, whose descriptor 4 holds the medium. */
export type VideoRequest =
  | { readonly begin: VideoOrder }
  | { readonly grown: number; readonly complete: boolean }
  /** The answer to `looked`. */
  | { readonly closer: readonly SecondsRange[] }
  | { readonly stop: true };

/** What it says before it decodes. */
export type VideoStart = Pick<
  VideoSummary,
  'format' | 'codec' | 'width' | 'height' | 'rotation' | 'seconds' | 'frames'
>;

/** One frame in all its areas; their hashes, 256 bytes each, follow as the payload. */
export interface VideoSample extends Pick<VideoFrameSignals, 'pass' | 'frame' | 'seconds'> {
  readonly areas: readonly Pick<VideoFrameSignals, 'area' | 'quality'>[];
}

/** How it ended; what is not told is as it was at the start. */
export type VideoEnd = Pick<VideoSummary, 'seconds' | 'framesHashed' | 'damaged' | 'incomplete' | 'ms'>;

/** What a video decoder process says, and of which order; 0 is of none. */
export interface NumberedAnswer {
  readonly order: number;
  readonly answer: VideoAnswer;
}

export type VideoAnswer =
  | { readonly ready: true }
  /** It was left as it was asked; with the milliseconds by stage so far. */
  | { readonly stopped: VideoSummary['ms'] }
  /** All was sampled: where is a closer look worth while? */
  | { readonly looked: true }
  | { readonly start: VideoStart }
  | { readonly sample: VideoSample }
  /** How far a pass is that gives no samples, in seconds of the video. */
  | { readonly progress: number }
  /** What was made of the whole video; a `.tmk` file follows as the payload. */
  | { readonly tmk: true }
  | { readonly end: VideoEnd }
  | {
      readonly failure: {
        readonly code: ErrorCode;
        readonly detail?: string;
        readonly medium?: NonNullable<VigieErrorOptions['medium']>;
      };
    };
