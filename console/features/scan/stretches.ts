import type { VideoOverlap } from '../../api/types.js';

export type Span = readonly [from: number, to: number];

/** A part of a line that is as long as a video: where it begins and how wide it is, from 0 to 1. */
export interface Part {
  readonly start: number;
  readonly width: number;
}

/** What is narrower would not be seen. */
const NARROWEST = 0.008;

/** @param length of the video, in seconds; above 0 */
export function partOf([from, to]: Span, length: number): Part {
  const inside = (seconds: number): number => Math.min(1, Math.max(0, seconds / length));
  const width = Math.max(NARROWEST, inside(to) - inside(from));
  return { start: Math.min(inside(from), 1 - width), width };
}

/** How long both videos are for drawing them: never shorter than what was found in them. */
export function lengths(
  { ranges, knownSeconds = 0 }: VideoOverlap,
  seconds: number | null,
): { readonly query: number; readonly known: number } {
  const last = (side: 'query' | 'known'): number => Math.max(...ranges.map((range) => range[side][1]));
  const least = 0.1;
  return { query: Math.max(least, seconds ?? 0, last('query')), known: Math.max(least, knownSeconds, last('known')) };
}

/** Times at which frames of a stretch are looked at: evenly spread, its ends left alone. */
export function timesIn([from, to]: Span, count: number): number[] {
  const many = to - from < 0.2 ? 1 : count;
  return Array.from({ length: many }, (_, i) => from + ((to - from) * (i + 0.5)) / many);
}
