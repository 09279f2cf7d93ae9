import type { Entry, EntrySignal } from '../index/entry.js';
import { tableOf } from '../index/signal-widths.js';
import { hammingDistance } from '../signals/pdq/hamming-distance.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { signalType } from '../signals/signal-types.js';
import { vpdqHash, vpdqSeconds } from '../signals/vpdq/vpdq-frame.js';
import type { MatchAcross, VideoOverlap } from './verdict.js';

/** The fingerprint by which pictures and frames of videos are told alike, and that people may be shown. */
export function pictureHash(type: SignalTypeName, value: Uint8Array): Uint8Array {
  return type === 'vpdq' ? vpdqHash(value) : value;
}

/**
 * The signal of an entry that a look-up has found: of those that match, the one nearest to the query. Pictures and frames
 * are found by each other; of two that are equally near the first is taken, and a picture before a frame.
 * @param counts whether a signal of a type counts at a distance; all do when left out
 */
export function nearestSignal(
  entry: Entry,
  name: SignalTypeName,
  query: Uint8Array,
  counts: (type: SignalTypeName, distance: number) => boolean = () => true,
): EntrySignal | undefined {
  let best: EntrySignal | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const signal of entry.signals) {
    if (!signal.active || tableOf(signal.type) !== tableOf(name)) continue;
    const apart = distanceTo(signal, name, query);
    if (!counts(signal.type, apart)) continue;
    if (apart > least || (apart === least && (signal.type === best?.type || signal.type === 'vpdq'))) continue;
    best = signal;
    least = apart;
  }
  return best;
}

/** How far a signal of an entry is from what was looked up, in the terms of the table that both lie in. */
export function distanceTo({ type, value }: EntrySignal, name: SignalTypeName, query: Uint8Array): number {
  const distance = tableOf(name) === 'pdq' ? hammingDistance : signalType(name).distance;
  return distance(pictureHash(type, value), pictureHash(name, query));
}

/** What was found of what, told from the types of both signals. */
export function acrossOf(query: SignalTypeName, found: SignalTypeName): MatchAcross {
  if (query !== 'vpdq' && found === 'vpdq') return 'frame-of-video';
  return query === 'vpdq' && found === 'pdq' ? 'picture-in-video' : 'same-kind';
}

/**
 * Where a single frame was found in a known video.
 * @param within how many bits may differ
 */
export function overlapOfFrame(entry: Entry, query: Uint8Array, found: EntrySignal, within: number): VideoOverlap {
  const frames = entry.signals.filter(({ type, active }) => type === 'vpdq' && active);
  const near = frames.filter(({ value }) => hammingDistance(vpdqHash(value), query) <= within).length;
  const at = vpdqSeconds(found.value);
  return {
    queryPercent: 100,
    knownPercent: (100 * near) / frames.length,
    knownSeconds: frames.reduce((last, { value }) => Math.max(last, vpdqSeconds(value)), 0),
    framesMatched: 1,
    longestRunSeconds: 0,
    commonFrames: 0,
    ranges: [{ query: [0, 0], known: [at, at] }],
  };
}
