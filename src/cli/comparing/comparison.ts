import type { ErrorCode } from '../../errors.js';
import type { MatchExtent, VideoOverlap } from '../../scan/verdict.js';
import type { SignalTypeName } from '../../signals/signal-type.js';

/** What comparing two things came to. */
export type Comparison = ValueComparison | FrameComparison | VideoComparison | TmkComparison;

interface Told {
  readonly match: boolean;
  /** Why it cannot be told that they do not match. */
  readonly untold?: ErrorCode;
}

/** Two values, or two pictures, or files that are the same byte for byte. */
export interface ValueComparison extends Told {
  readonly signal: SignalTypeName;
  readonly distance: number;
  /** For pictures: which way of looking at the first comes nearest to the second. */
  readonly view?: string;
  readonly quality?: readonly [number, number];
}

/** A picture and the nearest frame of a video. */
export interface FrameComparison extends Told {
  readonly signal: 'pdq';
  readonly distance: number;
  /** Of the picture. */
  readonly view: string;
  /** Of the picture and of the frame. */
  readonly quality: readonly [number, number];
  /** When the frame is shown. */
  readonly seconds: number;
}

/** Percentages of the frames that are found in the other video. */
export interface ReferencePercents {
  /** Of the first video's frames, and of the second's. */
  readonly percents: readonly [number, number];
  /** Frames that counted. */
  readonly frames: readonly [number, number];
}

/** Two videos by their frames. */
export interface VideoComparison extends Told {
  readonly signal: 'vpdq';
  /** By Vigie's rule, by which a scan decides too. */
  readonly rule: 'vigie';
  /** When they match: whether a scan would act on it, or put it before people. */
  readonly extent: MatchExtent | null;
  /** The first video is the query, the second the known one; null when no frame is near to another. */
  readonly video: VideoOverlap | null;
  /** In which the first video was found in the second. */
  readonly view?: string;
  /** Why a part of the first, or of the second, could not be looked at. */
  readonly incomplete: readonly [ErrorCode | null, ErrorCode | null];
  /** As the two reference programs count. */
  readonly reference: {
    readonly cpp: ReferencePercents;
    readonly pytx: ReferencePercents & { readonly match: boolean };
  };
}

/** Two videos by TMK+PDQF. */
export interface TmkComparison extends Told {
  readonly signal: 'tmk';
  readonly level1: number;
  /** Null when level 1 falls short, where it is not computed. */
  readonly level2: number | null;
  /** Scores from which on they match. */
  readonly thresholds: readonly [number, number];
}
