import { type FrameSignals, type MediaSignals, MINIMUM_QUALITY } from '../../media/media-signals.js';
import type { Match, Verdict } from '../verdict.js';
import type { RemoteMatch, RemoteMatcher } from './remote-matcher.js';

const PDQ_BYTES = 32;
/** Of an animation so many frames are asked about at the most, spread evenly. */
const MOST_FRAMES = 8;
/** The one classification that is not for people first, and only where it is not a likeness. */
const ACTS = 'csam';

/**
 * Asks somebody else about a picture that nothing here knows. A failure leaves the verdict as it is.
 * @returns the same verdict, or a match of those who were asked
 * @throws the signal's reason
 */
export async function askOutside(
  remote: RemoteMatcher,
  verdict: Verdict,
  media: MediaSignals | undefined,
  signal?: AbortSignal,
): Promise<Verdict> {
  if (verdict.reason !== 'nothing-known' || media?.kind !== 'image') return verdict;
  const frames = spread(media.hashes.filter(({ area, quality }) => area === 'full' && quality >= MINIMUM_QUALITY));
  if (frames.length === 0) return verdict;
  const start = performance.now();
  const answers = await remote.ask(
    frames.map(({ pdq }) => pdq.subarray(0, PDQ_BYTES)),
    signal,
  );
  const found = answers.flatMap((match, i) => {
    const frame = frames[i];
    return match === undefined || frame === undefined ? [] : [matchOf(remote.name, match, frame)];
  });
  const spent = performance.now() - start;
  const ms = { ...verdict.ms, remote: spent, total: (verdict.ms['total'] ?? 0) + spent };
  if (found.length === 0) return { ...verdict, ms };
  // What they say of one frame and of the next by the same word is one thing; what acts comes first.
  const first = found.toSorted((a, b) => Number(a.extent === 'partial') - Number(b.extent === 'partial'));
  const matches = first.filter(({ entry }, i) => first.findIndex((other) => other.entry === entry) === i);
  return { ...verdict, verdict: 'match', reason: null, matches, total: matches.length, ms };
}

/** They name no entry and tell no distance: their classification stands for the one, and the other stays open. */
function matchOf(list: string, { classification, exact }: RemoteMatch, { frame, quality }: FrameSignals): Match {
  return {
    ...{ list, version: 0, entry: classification, grade: classification, signal: 'pdq', distance: exact ? 0 : null },
    ...{ view: 'as-is', frame, quality, across: 'same-kind' },
    extent: exact && classification === ACTS ? 'full' : 'partial',
  };
}

function spread(frames: readonly FrameSignals[]): readonly FrameSignals[] {
  if (frames.length <= MOST_FRAMES) return frames;
  const step = frames.length / MOST_FRAMES;
  return frames.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}
