import type { Entry } from '../../index/entry.js';
import { vpdqSeconds } from '../../signals/vpdq/vpdq-frame.js';
import type { Match } from '../verdict.js';

/** What is said of a picture that is a frame of a known video: where in it, and that one frame never acts alone. */
export function frameOfVideo(
  { signals }: Entry,
  frame: Uint8Array | undefined,
): Required<Pick<Match, 'extent' | 'across' | 'video'>> {
  const frames = signals.filter(({ type, active }) => type === 'vpdq' && active).length;
  const seconds = frame === undefined ? 0 : vpdqSeconds(frame);
  return {
    extent: 'partial',
    across: 'frame-of-video',
    video: {
      queryPercent: 100,
      knownPercent: Math.round(1000 / Math.max(1, frames)) / 10,
      framesMatched: 1,
      longestRunSeconds: 0,
      commonFrames: 0,
      ranges: [{ query: [0, 0], known: [seconds, seconds] }],
    },
  };
}
