import type { Found } from '../find-matches.js';
import type { Looked } from '../looked.js';
import type { Match } from '../verdict.js';
import { animationFrames } from './animation-frames.js';
import type { VideoMatcher } from './video-matcher.js';

/**
 * Looks at an animated picture as at a video, beside its frames as stills: only that tells how much of a known video it shows.
 * @param stills what its frames and exact hashes found
 * @param limit how many matches are told at the most
 * @returns both together; `stills` when it is no animation, or byte for byte known to be good
 */
export async function withAnimation(
  stills: Found,
  { media, digests }: Pick<Looked, 'media' | 'digests'>,
  newMatcher: () => VideoMatcher,
  limit: number,
): Promise<Found> {
  const frames = media?.kind === 'image' && stills.knownGood === undefined ? animationFrames(media) : [];
  if (frames.length === 0) return stills;
  const matcher = newMatcher();
  matcher.medium = digests?.sha256;
  for (const frame of frames) if (await matcher.add(frame)) break;
  return join(stills, await matcher.finish(), limit);
}

const key = ({ list, entry }: Match) => JSON.stringify([list, entry]);
const isOfVideo = ({ across, video }: Match) => across === 'same-kind' && video !== undefined;

/** Each entry once. What stills say in part only, the animation says with its measures; else it is told by stills already. */
function join(stills: Found, animation: Found, limit: number): Found {
  const told = new Map(stills.matches.map((match) => [key(match), match]));
  const moving = animation.matches.filter((match) => {
    const still = told.get(key(match));
    return isOfVideo(match) && (still === undefined ? match.extent === 'full' : still.extent === 'partial');
  });
  const better = new Set(moving.map(key));
  const others = stills.matches.filter((match) => !better.has(key(match)));
  const matches = [...moving, ...others].sort((a, b) => Number(b.extent === 'full') - Number(a.extent === 'full'));
  const counted = new Set(matches.map(key));
  const tried = animation.withoutEffect.filter((match) => isOfVideo(match) && !counted.has(key(match)));
  const aside = new Set([...tried.map(key), ...counted]);
  const withoutEffect = [...tried, ...stills.withoutEffect.filter((match) => !aside.has(key(match)))];
  const total = Math.max(stills.total, matches.length);
  return {
    matches: matches.slice(0, limit),
    withoutEffect: withoutEffect.slice(0, limit),
    total,
    truncated: stills.truncated || total > limit,
    undecided: matches.length === 0 && (stills.undecided || animation.undecided),
  };
}
