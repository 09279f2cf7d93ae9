import type { Picture } from '../picture.js';

/** What is known of a video before it is decoded. Everything is as the file says, and may be wrong. */
export interface VideoFacts {
  /** Number of the stream that is looked at. */
  readonly stream: number;
  readonly codec: string;
  /** Size as stored, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise by which a viewer turns it: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Frames a second on average; 0 when not told. */
  readonly fps: number;
  /** 0 when not told. */
  readonly seconds: number;
  readonly frames: number;
  /** False when the decoder was not asked: it then gives no frame of another size than this one. */
  readonly confirmed: boolean;
}

/** The streams of a video that show something, the one that a player shows first. */
export interface VideoStreams {
  readonly shown: VideoFacts;
  /** What else can be seen: other moving pictures, a cover. Bounded. */
  readonly others: readonly VideoFacts[];
  /** Whether there is more than that. */
  readonly more: boolean;
}

/** Which frames are wanted. */
export type Sampling =
  /** Key frames only, at least so many seconds apart. */
  | { readonly kind: 'keys'; readonly everySeconds: number }
  /** Frames at least so many seconds apart, by the times of the container. */
  | { readonly kind: 'times'; readonly everySeconds: number }
  /** All frames of a stretch; their times count from its beginning. */
  | { readonly kind: 'stretch'; readonly from: number; readonly seconds: number }
  /** Every so many frames of those that are decoded, which are all. */
  | { readonly kind: 'step'; readonly frames: number }
  /** As many frames a second, repeated or left out to hold the rate. */
  | { readonly kind: 'rate'; readonly perSecond: number };

export interface FrameOptions {
  readonly sampling: Sampling;
  /** The whole size when left out. */
  readonly size?: { readonly width: number; readonly height: number };
  /** How it is scaled: means of areas, or as the TMK reference does. */
  readonly scaler?: 'area' | 'bicubic';
  /** `grey` is luma with the full range of values, `rgb` BT.601 whatever the stream says, as the reference reads it. */
  readonly pixels: 'grey' | 'rgb';
  /** Leaves out what costs time and changes nothing else: frames that no other needs, the smoothing of their blocks. */
  readonly quick?: boolean;
  /** Turned as a viewer does. */
  readonly turned?: boolean;
  /** Told how it went when the frames have come to their end by themselves. */
  readonly onEnd?: (end: FramesEnd) => void;
}

export interface FramesEnd {
  /** The decoder complained, or left before its time. */
  readonly damaged: boolean;
  /** The decoder said that it does not know this, or that it is too large. */
  readonly refusal: 'media-format-unsupported' | 'media-too-many-pixels' | 'decoder-memory' | undefined;
  /** It stopped at a frame of another size than the facts say, which nobody had confirmed. */
  readonly otherSize: boolean;
  readonly frames: number;
}

/** One decoded frame. Its pixels are overwritten by the next one. */
export interface RawFrame {
  /** In the order in which they come, from 0. */
  readonly index: number;
  /** By the container, from its beginning; undefined when it does not say. */
  readonly seconds: number | undefined;
  readonly picture: Picture;
}

/** A decoder of video: the one place that knows how frames are had. */
export interface FrameSource {
  readonly facts: VideoFacts;
  /** Decodes; ends when the consumer leaves. A slow consumer slows the decoder. */
  frames(options: FrameOptions): AsyncIterable<RawFrame>;
  /** Stops whatever still runs and waits until it has. */
  close(): Promise<void>;
}
