import { MINIMUM_QUALITY } from '../../media/media-signals.js';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import { Timeline } from './timeline.js';
import type { VideoFrame } from './video-frame.js';
import { type Area, areaOf, orientationOf } from './view-codes.js';

const PDQ_BYTES = 32;
/** Frames that follow each other and differ in no more bits than this are one picture that is held, and looked up once. */
export const HOLD_BITS = 6;
/** A frame that differs so much from the one before begins another scene. */
const SCENE_BITS = 60;
/** How often all orientations are tried, in seconds, and at new scenes no more often than this. */
const TURNED_EVERY = 8;
const TURNED_AT_LEAST = 2;
/** Bytes of hashes in all orientations that are kept for trying another orientation afterwards. */
const MOST_TURNED_BYTES = 32 * 2 ** 20;

/** Successive frames that show nearly the same picture. */
export interface Hold {
  readonly number: number;
  /** Samples in order of arrival, from `first` to `last`. */
  readonly first: number;
  last: number;
  readonly areas: readonly HoldArea[];
  /** Whether all eight orientations are to be looked up, and not the original alone. */
  readonly turned: boolean;
  /** Bits of the orientations that were looked up. */
  looked: number;
}

export interface HoldArea {
  readonly area: Area;
  readonly quality: number;
  /** One hash an orientation; the first only, where the others are not kept any more. */
  readonly hashes: Uint8Array;
}

/** The frames of the query as they were sampled. */
export class QueryFrames {
  readonly holds: Hold[] = [];
  readonly #frames: number[] = [];
  readonly #timeline = new Timeline();
  #pending: VideoFrame[] = [];
  #turnedBytes = 0;
  #lastTurned = Number.NEGATIVE_INFINITY;
  /** Until the next sample of good quality stands beside it. */
  #open: Hold | undefined;

  /** Samples that were taken in, those of low quality too. */
  get samples(): number {
    return this.#frames.length;
  }

  /** The samples in order of time; what it holds changes with the next one. */
  get timeline(): Timeline {
    return this.#timeline;
  }

  /** Number of the frame of a sample. */
  frame(sample: number): number {
    return this.#frames[sample]!;
  }

  /**
   * Takes an area of a frame.
   * @returns the hold that the frame before went into, once it is known to be complete
   */
  push(frame: VideoFrame): Hold | undefined {
    const [first] = this.#pending;
    const same =
      first === undefined ||
      (first.pass === frame.pass && first.frame === frame.frame && first.seconds === frame.seconds);
    const done = same ? undefined : this.flush();
    this.#pending.push(frame);
    return done;
  }

  /** Completes the last frame. */
  flush(): Hold | undefined {
    const [first] = this.#pending;
    if (first === undefined) return undefined;
    const good = this.#pending.filter(({ quality }) => quality >= MINIMUM_QUALITY);
    this.#pending = [];
    const sample = this.#frames.push(first.frame) - 1;
    const hold = good.length === 0 ? undefined : this.#held(sample, good, first.seconds);
    this.#timeline.add(first.pass, first.seconds, sample, hold?.number ?? -1);
    this.#open = hold;
    return hold;
  }

  /** The hash of a hold in a view; nothing when the hold has no such view, or does not keep it. */
  hash({ areas }: Hold, view: number): Uint8Array | undefined {
    const area = areaOf(view);
    const at = orientationOf(view) * PDQ_BYTES;
    const found = areas.find((each) => each.area === area);
    return found === undefined || at >= found.hashes.length ? undefined : found.hashes.subarray(at, at + PDQ_BYTES);
  }

  #held(sample: number, good: readonly VideoFrame[], seconds: number): Hold {
    const open = this.#open;
    const nearness = open === undefined ? 256 : farthest(open, good);
    if (open !== undefined && nearness <= HOLD_BITS) {
      open.last = sample;
      return open;
    }
    const since = Math.abs(seconds - this.#lastTurned);
    const turned = since >= TURNED_EVERY || (nearness >= SCENE_BITS && since >= TURNED_AT_LEAST);
    if (turned) this.#lastTurned = seconds;
    const keepAll = turned || this.#turnedBytes < MOST_TURNED_BYTES;
    const areas = good.map(({ area, quality, pdq }) => {
      const hashes = keepAll ? pdq.slice() : pdq.slice(0, PDQ_BYTES);
      this.#turnedBytes += hashes.length;
      return { area, quality, hashes };
    });
    const hold: Hold = { number: this.holds.length, first: sample, last: sample, areas, turned, looked: 0 };
    this.holds.push(hold);
    return hold;
  }
}

/** How far the areas of a frame are from those of a hold, at the most; 256 when they are not the same areas. */
function farthest({ areas }: Hold, frames: readonly VideoFrame[]): number {
  if (areas.length !== frames.length) return 256;
  let most = 0;
  for (const [i, { area, pdq }] of frames.entries()) {
    const own = areas[i]!;
    if (own.area !== area) return 256;
    most = Math.max(most, hammingDistance(own.hashes.subarray(0, PDQ_BYTES), pdq.subarray(0, PDQ_BYTES)));
  }
  return most;
}
