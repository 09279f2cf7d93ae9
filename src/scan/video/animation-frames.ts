import type { FrameSignals, MediaSignals } from '../../media/media-signals.js';
import { RULE } from './rule.js';
import type { VideoFrame } from './video-frame.js';

/** A frame that stays is taken once a second, as of a video. */
const APART_SECONDS = 1;
/** About how many times frames that stay are taken in all; beyond it they come further apart. */
const MOST_REPEATED = 3_600;

/**
 * The frames of an animated picture as a video gives them: in order of time, and again while they stay.
 * @returns none of a picture that does not move, and of too few frames to be one of a known video
 */
export function animationFrames({ hashes, seconds = 0 }: Pick<MediaSignals, 'hashes' | 'seconds'>): VideoFrame[] {
  const frames: FrameSignals[][] = [];
  for (const each of hashes) {
    if (each.shown === undefined) continue;
    // Areas of one frame come one behind the other.
    if (frames.at(-1)?.[0]?.frame === each.frame) frames.at(-1)!.push(each);
    else frames.push([each]);
  }
  if (frames.length < RULE.differentFrames) return [];
  const apart = Math.max(APART_SECONDS, seconds / MOST_REPEATED);
  return frames.flatMap((areas) => [...whileShown(areas, apart)]);
}

function* whileShown(areas: readonly FrameSignals[], apart: number): Generator<VideoFrame> {
  const [from, to] = areas[0]!.shown!;
  for (let i = 0; i === 0 || from + i * apart < to; i++) {
    for (const area of areas) yield { ...area, pass: 'whole', seconds: from + i * apart };
  }
}
