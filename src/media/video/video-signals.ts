import type { ErrorCode } from '../../errors.js';
import type { TmkVideo } from '../../signals/tmk/tmk-video.js';
import type { FrameSignals } from '../media-signals.js';

/** One sampled frame in one area, in the order of `pass`, then of time. */
export interface VideoFrameSignals {
  /** `keys` are key frames, tried first because they are quick to have; `whole` goes through all of the video. */
  readonly pass: 'keys' | 'whole';
  /** Its number in the video, from 0: exact in faithful mode, else by its time. */
  readonly frame: number;
  readonly seconds: number;
  readonly area: FrameSignals['area'];
  readonly quality: number;
  /** 8 × 32 bytes in the order of `DIHEDRAL_NAMES`, as in FrameSignals. */
  readonly pdq: Uint8Array;
}

/** What decoding a video came to. */
export interface VideoSummary {
  /** Sniffed: mp4, matroska … */
  readonly format: string;
  readonly codec: string;
  /** As a viewer shows it, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise by which a viewer turns what is stored. */
  readonly rotation: number;
  /** Length: what the file says, or the time of the last frame when that is later or nothing is said. */
  readonly seconds: number;
  /** How many frames the file says that it has; by its length and rate when it does not. */
  readonly frames: number;
  /** How many were hashed, in all passes. */
  readonly framesHashed: number;
  readonly damaged: boolean;
  /** Why a part could not be looked at; null when all of it was, or when nobody wanted it. */
  readonly incomplete: ErrorCode | null;
  /** True when the consumer had enough before the end. */
  readonly stopped: boolean;
  /** Milliseconds by stage: probe, decode (waiting for frames), hash. */
  readonly ms: Readonly<Record<string, number>>;
  /** When it was wanted, and the decoder came to its end. */
  readonly tmk?: TmkVideo;
}
