import type { ErrorCode } from '../errors.js';
import type { MediaKind } from '../media/media-signals.js';
import type { SignalTypeName } from '../signals/signal-type.js';

/** Milliseconds by stage as they are told and kept: to a tenth; what is finer is noise. */
export function roundedMs(ms: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(ms).map(([stage, each]) => [stage, Math.round(each * 10) / 10]));
}

/** There are three verdicts, exactly. */
export type VerdictWord = 'match' | 'no-match' | 'could-not-tell';

/** Why nothing matched. The last two say that only the exact hashes could be tried. */
export type NoMatchReason = 'nothing-known' | 'kind-not-covered' | 'low-quality';

/**
 * How much was found. `full` acts; `partial` is for people: a smaller overlap of videos, fewer than three different frames,
 * a picture that is seen for a moment. Exact hashes, and pictures against pictures, are always `full`.
 */
export type MatchExtent = 'full' | 'partial';

/** What of which was found; `frame-of-video`: a picture in a known video; `picture-in-video`: a known picture in a video. */
export type MatchAcross = 'same-kind' | 'frame-of-video' | 'picture-in-video';

/** Where and how far a video and a known one, or a known picture, agree. Frames that are common to many videos count nowhere. */
export interface VideoOverlap {
  /** Of the video that was looked at and of the known one, in percent of time. */
  readonly queryPercent: number;
  readonly knownPercent: number;
  /** Time of the last listed frame of the known video, in seconds: about its length. Nothing for a known picture. */
  readonly knownSeconds?: number;
  /** Sampled frames of the video that was looked at which were found. */
  readonly framesMatched: number;
  /** The longest stretch in order, in seconds. */
  readonly longestRunSeconds: number;
  /** Sampled frames that were found and do not count, as they are common to many videos. */
  readonly commonFrames: number;
  /** Where they run side by side, in seconds: the longest stretches, in order of time. */
  readonly ranges: readonly {
    readonly query: readonly [number, number];
    readonly known: readonly [number, number];
  }[];
  /** Time of the known video less time of the other, where the longest stretch begins. */
  readonly offsetSeconds?: number;
  /** Seconds of the known video in a second of the other. */
  readonly speed?: number;
}

/** One entry that the medium matches, by its nearest signal. */
export interface Match {
  readonly list: string;
  readonly version: number;
  readonly entry: string;
  readonly grade: string | null;
  readonly signal: SignalTypeName;
  /** Differing bits for PDQ, 0 for exact types, the metric's value for PhotoDNA; null where others found it and did not tell. */
  readonly distance: number | null;
  /** Which way of looking at the medium found it: `as-is`, a dihedral name, `negative`, `trimmed`, `trimmed+flipY` … */
  readonly view: string;
  readonly frame: number | null;
  /** PDQ quality of the view. */
  readonly quality: number | null;
  readonly extent: MatchExtent;
  readonly across: MatchAcross;
  /** For what was found in a video. */
  readonly video?: VideoOverlap;
  /** The list is tried out: nothing follows from the match. */
  readonly shadow?: true;
  /** What is known to be good and no farther from the medium, so that nothing follows from the match. */
  readonly overruledBy?: { readonly list: string; readonly entry: string };
  /** Both fingerprints in hexadecimal; only for a principal who may see entries, and for sample lists. */
  readonly fingerprint?: { readonly query: string; readonly entry: string };
}

/** What Vigie says of one medium, with everything that led to it. */
export interface Verdict {
  readonly verdict: VerdictWord;
  /** `null` for a match; a `NoMatchReason`; or the code of the error for which it could not be told. */
  readonly reason: NoMatchReason | ErrorCode | null;
  readonly kind: MediaKind | null;
  readonly format: string | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Length of a video or an animation. */
  readonly seconds: number | null;
  readonly bytes: number;
  readonly frames: number | null;
  readonly framesHashed: number | null;
  /** The best quality of all hashed frames. */
  readonly quality: number | null;
  /** True when a part of a damaged file was all that could be decoded. */
  readonly damaged: boolean;
  /** Nearest first, bounded; `total` is the true count. */
  readonly matches: readonly Match[];
  /** What was found and has no effect, bounded: each says `shadow` or `overruledBy`. It never makes a verdict `match`. */
  readonly withoutEffect: readonly Match[];
  readonly total: number;
  readonly truncated: boolean;
  /** Milliseconds by stage: read, wait, decode, hash, lookup, record, total. */
  readonly ms: Readonly<Record<string, number>>;
  readonly engine: string;
  /** The sequence of list changes that the index had applied when the look-up ran. */
  readonly appliedSeq: number;
}
