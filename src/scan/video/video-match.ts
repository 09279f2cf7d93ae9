import type { Pacer } from '../../index/pause.js';
import type { Match, VideoOverlap } from '../verdict.js';
import type { KnownFrames } from './known-frames.js';
import { type Measured, measure } from './measure.js';
import type { Meeting, Overlap, Sighting } from './overlap.js';
import type { QueryFrames } from './query-frames.js';
import { extentOfPicture, extentOfVideo, RULE } from './rule.js';
import { measureSightings } from './sighting.js';
import { areaOf, mostUsedView, nameOfView } from './view-codes.js';

/** A match of a video, without the list that it is of. */
export type VideoMatch = Omit<Match, 'list' | 'version' | 'video' | 'fingerprint'> & {
  readonly video: VideoOverlap;
  readonly fingerprint: { readonly query: string; readonly entry: string };
};

export interface ToWeigh {
  readonly query: QueryFrames;
  readonly known: KnownFrames;
  readonly overlap: Overlap;
  /** For each hold 1 when it is common. */
  readonly common: Uint8Array;
  /** Whether all of the query was looked at. */
  readonly whole: boolean;
}

/**
 * Weighs what the query and an entry share.
 * @returns nothing when all that they share is common to many videos, and the entry is more than that
 */
export async function weigh(what: ToWeigh, pacer: Pacer): Promise<VideoMatch | undefined> {
  const { overlap, common } = what;
  const counts = ({ hold }: { readonly hold: number }): boolean => common[hold] !== 1;
  const meetings = overlap.meetings.filter(counts);
  const sightings = overlap.sightings.filter(counts);
  if (meetings.length === 0 && sightings.length === 0) return await weighCommon(what, pacer);
  const asVideo = meetings.length === 0 ? undefined : await video(what, meetings, pacer);
  if (sightings.length === 0 || asVideo?.extent === 'full') return asVideo;
  const asPicture = picture(what, sightings);
  return asVideo === undefined || asPicture.extent === 'full' ? asPicture : asVideo;
}

/** An entry that holds nothing but what is common is found, and put before people; nothing acts on it. */
async function weighCommon(what: ToWeigh, pacer: Pacer): Promise<VideoMatch | undefined> {
  const all = { ...what, common: new Uint8Array(what.common.length) };
  const { meetings, sightings } = what.overlap;
  if (sightings.length > 0) return { ...picture(all, sightings), extent: 'partial' };
  if (meetings.length === 0) return undefined;
  const match = await video(all, meetings, pacer);
  return match.video.knownPercent >= RULE.percent ? { ...match, extent: 'partial' } : undefined;
}

async function video(what: ToWeigh, meetings: readonly Meeting[], pacer: Pacer): Promise<VideoMatch> {
  const { query, known, overlap, common, whole } = what;
  const discounted = new Uint8Array(known.count);
  let commonFrames = 0;
  const counted = new Set<number>();
  for (const { hold, from, to } of overlap.meetings) {
    if (common[hold] !== 1) continue;
    discounted.fill(1, from, to + 1);
    const { first, last } = query.holds[hold]!;
    if (!counted.has(hold)) commonFrames += last - first + 1;
    counted.add(hold);
  }
  const measured: Measured = await measure(
    { query, known, meetings, unplaced: overlap.unplaced, knownFound: overlap.known, common, discounted, commonFrames },
    pacer,
  );
  const best = meetings.reduce((a, b) => (b.distance < a.distance ? b : a));
  return {
    ...told(what, best, meetings),
    signal: 'vpdq',
    extent: extentOfVideo(measured, whole),
    across: 'same-kind',
    video: measured.video,
    fingerprint: {
      query: hex(query.hash(query.holds[best.hold]!, best.view)!),
      entry: hex(known.hashes.subarray(best.best * 32, best.best * 32 + 32)),
    },
  };
}

function picture(what: ToWeigh, sightings: readonly Sighting[]): VideoMatch {
  const { query, known, common } = what;
  const best = sightings.reduce((a, b) => (b.distance < a.distance ? b : a));
  const seen = measureSightings(query, sightings, common);
  return {
    ...told(what, best, sightings),
    signal: 'pdq',
    extent: extentOfPicture(seen.seconds),
    across: 'picture-in-video',
    video: seen.video,
    fingerprint: {
      query: hex(query.hash(query.holds[best.hold]!, best.view)!),
      entry: hex(known.pictures[best.picture]!),
    },
  };
}

interface Found {
  readonly hold: number;
  readonly view: number;
  readonly distance: number;
}

function told({ query, known }: ToWeigh, best: Found, all: readonly Found[]) {
  const hold = query.holds[best.hold]!;
  const area = areaOf(best.view);
  return {
    entry: known.id,
    grade: known.grade,
    distance: best.distance,
    view: nameOfView(mostUsedView(all)),
    frame: query.frame(hold.first),
    quality: hold.areas.find((each) => each.area === area)?.quality ?? null,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
