import type { ErrorCode } from '../errors.js';
import type { Shown } from './frame-delays.js';

/** What the content of a medium is, sniffed from its bytes; `other` holds neither picture nor video. */
export type MediaKind = 'image' | 'video' | 'other';

/** The perceptual hashes of one picture, or of one frame of an animation. */
export interface FrameSignals {
  /** Number of the frame, from 0. */
  readonly frame: number;
  /**
   * What the pixels are: `full` as a viewer shows the picture (EXIF orientation applied), `stored` as the file holds
   * them, where that is another orientation, `over-black` composited on black (`full` is then on white; only when the
   * picture has alpha), `opaque` its colours without the transparency (what the PDQ reference sees), `trimmed` without its uniform borders or letterbox, where there are any;
   * where they are in both directions also `trimmed-height` without those above and below alone, `trimmed-width` without those at the sides.
   */
  readonly area: 'full' | 'stored' | 'over-black' | 'opaque' | 'trimmed' | 'trimmed-height' | 'trimmed-width';
  /** PDQ quality, 0 to 100. */
  readonly quality: number;
  /** 8 × 32 bytes: the PDQ hashes in the order of `DIHEDRAL_NAMES`, each as its hexadecimal form reads. */
  readonly pdq: Uint8Array;
  /** Of an animation: when the frame is shown, with those behind it that repeat it. */
  readonly shown?: Shown;
}

/** Everything that decoding and hashing one medium gives. */
export interface MediaSignals {
  readonly kind: MediaKind;
  /** Sniffed format: jpeg, png, gif, webp, avif, heic, tiff, bmp, mp4 …; `unknown` when nothing is recognised. */
  readonly format: string;
  /** Size as a viewer shows it, in pixels; absent when it is not a picture. */
  readonly width?: number;
  readonly height?: number;
  /** Length of a video or an animation. */
  readonly seconds?: number;
  /** How many frames the file declares or holds, and how many of them were hashed. */
  readonly frames: number;
  readonly framesHashed: number;
  /** True when the file is damaged and only a part could be decoded. */
  readonly damaged: boolean;
  /** Why a part of the medium could not be looked at; null when all of it was (long animations: by evenly spread frames). */
  readonly incomplete: ErrorCode | null;
  /** Empty for `other`. */
  readonly hashes: readonly FrameSignals[];
  /** Milliseconds by stage inside the worker: decode, hash, trim. */
  readonly ms: Readonly<Record<string, number>>;
}

/** `fast` decodes at a reduced scale, for matching; `faithful` hashes every pixel, for entries that are published. */
export type HashMode = 'fast' | 'faithful';

/** The quality below which a PDQ hash says nothing (the reference's recommendation: discard 49 and less). */
export const MINIMUM_QUALITY = 50;
