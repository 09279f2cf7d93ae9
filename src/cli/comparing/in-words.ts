import { clock } from '../output.js';
import type { Comparison, FrameComparison, ReferencePercents, TmkComparison, VideoComparison } from './comparison.js';

/** A comparison for people; of videos in several lines. */
export function comparisonInWords(comparison: Comparison): string {
  if ('level1' in comparison) return tmk(comparison);
  if ('reference' in comparison) return videos(comparison);
  if ('seconds' in comparison) return frame(comparison);
  const { signal, distance, view, quality } = comparison;
  const qualities = quality === undefined ? '' : `, qualities ${quality.join(' and ')}`;
  return `${outcome(comparison)}: ${signal} distance ${distance}${looked(view, 'first one')}${qualities}`;
}

function outcome({ match, untold }: Pick<Comparison, 'match' | 'untold'>): string {
  if (match) return 'match';
  return untold === undefined ? 'no match' : `could not tell (${untold})`;
}

function looked(view: string | undefined, which: string): string {
  return view === undefined || view === 'as-is' ? '' : `, ${which} ${view}`;
}

function frame(comparison: FrameComparison): string {
  const { distance, view, quality, seconds } = comparison;
  const at = `${clock(seconds)} (${seconds.toFixed(3)} s)`;
  return `${outcome(comparison)}: pdq distance ${distance} to the frame at ${at}${looked(view, 'picture')}, qualities ${quality.join(' and ')}`;
}

function tmk(comparison: TmkComparison): string {
  const { level1, level2, thresholds } = comparison;
  const [least1, least2] = thresholds;
  const second = level2 === null ? 'level 2 not computed' : `level 2 ${level2.toFixed(3)} (from ${least2})`;
  return `${outcome(comparison)}: tmk level 1 ${level1.toFixed(3)} (from ${least1}), ${second}`;
}

const EXTENTS = { full: 'match', partial: 'partial match, for people to look at' } as const;

function videos(comparison: VideoComparison): string {
  const { extent, video, view, reference, incomplete } = comparison;
  const found = extent === null ? outcome(comparison) : EXTENTS[extent];
  const lines = [`${found} by Vigie's rule${looked(view, 'first one')}`];
  if (video !== null) {
    const { queryPercent, knownPercent, longestRunSeconds, ranges } = video;
    lines.push(
      `  ${queryPercent} % of the first and ${knownPercent} % of the second, longest run ${longestRunSeconds} s`,
    );
    for (const { query, known } of ranges)
      lines.push(`  ${range(query)} of the first is ${range(known)} of the second`);
  }
  for (const [i, why] of incomplete.entries()) {
    if (why !== null) lines.push(`  only a part of the ${i === 0 ? 'first' : 'second'} could be looked at (${why})`);
  }
  const decision = reference.pytx.match ? 'match' : 'no match';
  return [
    ...lines,
    `vPDQ as in C++:    ${percents(reference.cpp)}`,
    `vPDQ as in Python: ${percents(reference.pytx)}: ${decision} by its rule (80 % of the first)`,
  ].join('\n');
}

function range([from, to]: readonly [number, number]): string {
  return from === to ? clock(from) : `${clock(from)}–${clock(to)}`;
}

function percents({ percents: [first, second], frames: [a, b] }: ReferencePercents): string {
  return `${first} % of ${frames(a)} of the first, ${second} % of ${frames(b)} of the second`;
}

const frames = (count: number): string => (count === 1 ? '1 frame' : `${count} frames`);
