import type { FrameSignals, MediaSignals } from '../../media/media-signals.js';
import type { VideoFrame } from './video-frame.js';

const APART_SECONDS = 1;
/** Two hours at one a second. */
const MOST = 7_200;

/** The frames of a video that the seen record keeps: one a second, as lists have them. */
export function seenFrames(media: MediaSignals | undefined): readonly FrameSignals[] {
  const frames = (media?.hashes ?? []) as readonly VideoFrame[];
  const pass = frames.some((frame) => frame.pass === 'whole') ? 'whole' : 'keys';
  const kept: VideoFrame[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const frame of frames) {
    if (frame.pass !== pass || kept.length >= MOST) continue;
    // Areas of one frame have one time.
    if (frame.seconds !== last && frame.seconds < last + APART_SECONDS) continue;
    last = frame.seconds;
    kept.push(frame);
  }
  return kept;
}
