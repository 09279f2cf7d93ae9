import type { Match, VideoOverlap } from '../../api/types.js';
import { Disclosure } from '../../ui/disclosure.js';
import { MatchingFrames } from './matching-frames.js';
import { rangeInWords } from './overlap-words.js';
import { Timeline } from './timeline.js';

/** What was looked at, as it was given to the page. */
export interface OverlapMedium {
  readonly id: number;
  readonly bytes: Blob;
}

interface OverlapProps {
  readonly overlap: VideoOverlap;
  readonly across: Match['across'];
  readonly medium: OverlapMedium;
  readonly seconds: number | null;
}

/** Told at once; further stretches are a press away. */
const FEW = 3;

/** Where a video and a known one agree: drawn, in words, and in frames of the video at hand. */
export function Overlap({ overlap, across, medium, seconds }: OverlapProps) {
  const { ranges } = overlap;
  if (ranges.length === 0) return null;
  const [some, more] = [ranges.slice(0, FEW), ranges.slice(FEW)];
  const line = (range: (typeof ranges)[number]) => <li key={range.query[0]}>{rangeInWords(range, across)}.</li>;
  return (
    <div className="mt-3 border-line border-t pt-3">
      {across === 'same-kind' && <Timeline overlap={overlap} seconds={seconds} />}
      <ul className="mt-2 space-y-0.5 text-ink-2 text-xs" aria-label="Matching stretches">
        {some.map(line)}
      </ul>
      {more.length > 0 && (
        <div className="mt-1">
          <Disclosure summary={`${more.length} more`}>
            <ul className="space-y-0.5 text-ink-2 text-xs">{more.map(line)}</ul>
          </Disclosure>
        </div>
      )}
      {across !== 'frame-of-video' && (
        <div className="mt-2">
          <MatchingFrames medium={medium} ranges={ranges.map(({ query }) => query)} />
        </div>
      )}
    </div>
  );
}
