import type { VideoOverlap } from '../../api/types.js';
import { clock } from '../../lib/in-words.js';
import { lengths, type Part, partOf } from './stretches.js';

interface TimelineProps {
  readonly overlap: VideoOverlap;
  /** Length of the video that was looked at; null when nobody knows. */
  readonly seconds: number | null;
}

/** Both videos as lines, one above the other, what agrees marked and joined. The same in words stands beside it. */
export function Timeline({ overlap, seconds }: TimelineProps) {
  const { query, known } = lengths(overlap, seconds);
  const pairs = overlap.ranges.map((range) => ({
    query: partOf(range.query, query),
    known: partOf(range.known, known),
  }));
  return (
    <div aria-hidden="true" className="text-2xs text-ink-3">
      <Ends name="This video" length={query} />
      <Line parts={pairs.map((pair) => pair.query)} />
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" className="block h-6 w-full">
        {pairs.map((pair) => (
          <path key={pair.query.start} d={joining(pair.query, pair.known)} className="fill-match-ink/15" />
        ))}
      </svg>
      <Line parts={pairs.map((pair) => pair.known)} />
      <div className="mt-1">
        <Ends name="Known video" length={known} />
      </div>
    </div>
  );
}

const Ends = ({ name, length }: { readonly name: string; readonly length: number }) => (
  <div className="mb-1 flex justify-between gap-3">
    <span className="font-medium text-ink-2">{name}</span>
    <span>{clock(Math.round(length))}</span>
  </div>
);

const Line = ({ parts }: { readonly parts: readonly Part[] }) => (
  <div className="relative h-2.5 overflow-hidden rounded-sm bg-ink/10">
    {parts.map(({ start, width }) => (
      <span
        key={start}
        className="absolute inset-y-0 rounded-sm bg-match-ink"
        style={{ left: `${start * 100}%`, width: `${width * 100}%` }}
      />
    ))}
  </div>
);

const joining = (above: Part, below: Part): string =>
  `M${above.start * 100} 0H${(above.start + above.width) * 100}L${(below.start + below.width) * 100} 10H${below.start * 100}Z`;
