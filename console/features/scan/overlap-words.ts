import type { Match, VideoOverlap } from '../../api/types.js';
import { clock, counted, duration, percent } from '../../lib/in-words.js';
import type { Span } from './stretches.js';

type Range = VideoOverlap['ranges'][number];

/** `0:04 to 0:06`, or one time. */
export function spanInWords([from, to]: Span): string {
  const [first, last] = [clock(from), clock(to)];
  return first === last ? first : `${first} to ${last}`;
}

/** Which stretch of a video is which of the known one. */
export function rangeInWords({ query, known }: Range, across: Match['across']): string {
  if (across === 'frame-of-video') return `It is the known video at ${spanInWords(known)}`;
  if (across === 'picture-in-video') return `The known picture is seen at ${spanInWords(query)}`;
  return `${spanInWords(query)} here is ${spanInWords(known)} of the known video`;
}

/** What the extent of a match means for those who act on it. */
export const EXTENT_WORDS: Readonly<Record<Match['extent'], string>> = {
  full: 'Full: enough to act on',
  partial: 'Partial: for people to judge; nothing acts on it',
};

/** Whatever is nearer to the same speed is how coarsely it was sampled. */
const SAME_SPEED = 0.07;

/** Names and figures of an overlap, those that say something. */
export function overlapFacts(
  { queryPercent, knownPercent, longestRunSeconds, framesMatched, commonFrames, speed, offsetSeconds }: VideoOverlap,
  across: Match['across'],
): readonly (readonly [string, string])[] {
  const frames = `${counted(framesMatched, 'sampled frame')} found`;
  const left = commonFrames === 0 ? '' : `; ${counted(commonFrames, 'common one')} not counted`;
  const found = `${percent(queryPercent)} of what was looked at`;
  if (across === 'frame-of-video') return [['Found', `${percent(knownPercent)} of the known video`]];
  if (across === 'picture-in-video') {
    return [
      ['Found', found],
      ['Seen for', duration(longestRunSeconds)],
      ['Frames', frames + left],
    ];
  }
  return [
    ['Found', `${percent(knownPercent)} of the known video, ${found}`],
    ['Longest run', longestRunSeconds === 0 ? 'none' : duration(longestRunSeconds)],
    ['Frames', frames + left],
    ...(speed === undefined || Math.abs(speed - 1) < SAME_SPEED
      ? []
      : [['Speed', `${speed.toFixed(2)} times that of the known video`] as const]),
    ...(offsetSeconds === undefined || Math.abs(offsetSeconds) < 0.5
      ? []
      : [['Shifted', shiftInWords(offsetSeconds)] as const]),
  ];
}

/** @param offset time of the known video less time of the other */
function shiftInWords(offset: number): string {
  return `${duration(Math.abs(offset))} ${offset > 0 ? 'earlier' : 'later'} here than in the known video`;
}
