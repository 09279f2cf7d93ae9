import type { Match, VideoOverlap } from '../scan/verdict.js';
import { clock } from './output.js';

type Shown = Pick<Match, 'list' | 'entry' | 'grade' | 'signal' | 'distance' | 'view' | 'extent' | 'across' | 'video'>;

/** A match in a cell of a table. */
export function matchInShort(match: Shown): string {
  const { list, entry, grade, extent } = match;
  const partly = extent === 'partial' ? 'partly ' : '';
  return `${partly}${list}/${entry}${grade === null ? '' : ` (${grade})`} ${howInShort(match)}`;
}

function howInShort({ signal, distance, view, across, video }: Shown): string {
  const way = view === 'as-is' ? '' : `, ${view}`;
  // Whoever was asked from outside may tell no distance.
  if (video === undefined) return `by ${signal}${distance === null ? '' : ` at ${distance}`}, ${view}`;
  if (across === 'frame-of-video') return `by a frame of it${longest(video, 'known')} at ${distance}${way}`;
  if (across === 'picture-in-video') return `seen in it${longest(video, 'query')}${way}`;
  return `${percent(video.knownPercent)} of it${longest(video, 'query')}${way}`;
}

/** The longest range: that is what somebody looks at first. */
function longest({ ranges }: VideoOverlap, of: 'query' | 'known'): string {
  const [first, ...others] = ranges;
  if (first === undefined) return '';
  const { [of]: range } = others.reduce((a, b) => (length(b[of]) > length(a[of]) ? b : a), first);
  const [from, to] = range.map(clock) as [string, string];
  return `, ${from === to ? from : `${from}–${to}`}`;
}

const length = ([from, to]: readonly [number, number]): number => to - from;

/** Whole percents; what is there and less than one is not none. */
function percent(value: number): string {
  return value > 0 && value < 1 ? '<1 %' : `${Math.round(value)} %`;
}
