import type { FrameSignals } from '../media/media-signals.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { signalType } from '../signals/signal-types.js';
import type { Hit, KnownLists } from './known-lists.js';
import { acrossOf, nearestSignal, overlapOfFrame, pictureHash } from './nearest-signal.js';
import type { DigestValues } from './signal-cache.js';
import type { Match } from './verdict.js';
import { type View, viewsOf } from './views.js';

/** Everything of a medium that can be looked up. */
export interface QuerySignals {
  readonly digests: DigestValues | undefined;
  readonly frames: readonly FrameSignals[];
  readonly photodna: Uint8Array | undefined;
}

export interface FindOptions {
  /** PDQ threshold, 0 to 31 unless the operator wants more. */
  readonly threshold?: number;
  /** How many matches are told at the most. */
  readonly limit: number;
  /** Whether fingerprints may be shown to whom asks, for lists that are not samples. */
  readonly showFingerprints: boolean;
}

export interface Found {
  readonly matches: readonly Match[];
  readonly total: number;
  readonly truncated: boolean;
}

/** A hit together with what was looked up. */
export interface Candidate {
  readonly hit: Hit;
  readonly signal: SignalTypeName;
  readonly query: Uint8Array;
  readonly view: View | undefined;
}

const EXACT = ['sha256', 'sha1', 'md5'] as const;
const PDQ_THRESHOLD = signalType('pdq').defaultThreshold;

/**
 * Looks everything up and keeps, for each entry, the signal and view that came nearest. The negatives are looked at
 * only when no positive view matched, since they then explain nothing better.
 */
export async function findMatches(lists: KnownLists, query: QuerySignals, options: FindOptions): Promise<Found> {
  const { threshold, limit } = options;
  const nearest = new Map<string, Candidate>();
  let total = 0;
  let truncated = false;
  const look = (signal: SignalTypeName, value: Uint8Array, view?: View): void => {
    const pdqThreshold = signal === 'pdq' && threshold !== undefined ? { threshold } : {};
    const answer = lists.lookup(signal, value, { limit, ...pdqThreshold });
    total = Math.max(total, answer.total);
    truncated ||= answer.truncated;
    for (const hit of answer.hits) {
      const key = `${hit.segment.id}/${hit.row}`;
      const before = nearest.get(key);
      if (before === undefined || ranks(signal, hit.distance, before)) {
        nearest.set(key, { hit, signal, query: value, view });
      }
    }
  };
  if (query.digests !== undefined) for (const type of EXACT) look(type, query.digests[type]);
  if (query.photodna !== undefined) look('photodna', query.photodna);
  for (const view of viewsOf(query.frames)) {
    if (nearest.size > 0 && view.negative) break;
    look('pdq', view.pdq, view);
  }
  const kept = [...nearest.values()].sort(order).slice(0, limit);
  const matches: Match[] = [];
  for (const candidate of kept) matches.push(await toMatch(lists, candidate, options.showFingerprints));
  const count = Math.max(total, nearest.size);
  return { matches, total: count, truncated: truncated || count > matches.length };
}

// An exact hash proves more than a perceptual one at distance 0; PhotoDNA distances are on a scale of their own.
const RANK: Readonly<Record<SignalTypeName, number>> = { sha256: 0, sha1: 1, md5: 2, pdq: 3, vpdq: 4, photodna: 5 };

function ranks(signal: SignalTypeName, distance: number, than: Candidate): boolean {
  const difference = RANK[signal] - RANK[than.signal];
  return difference < 0 || (difference === 0 && distance < than.hit.distance);
}

function order(a: Candidate, b: Candidate): number {
  return RANK[a.signal] - RANK[b.signal] || a.hit.distance - b.hit.distance;
}

/** Reads the entry of a hit and puts both into words. */
export async function toMatch(lists: KnownLists, candidate: Candidate, showFingerprints: boolean): Promise<Match> {
  const { hit, signal, query, view } = candidate;
  const entry = await hit.segment.entry(hit.row);
  const list = lists.describe(hit.segment);
  const found = nearestSignal(entry, signal, query);
  const across = found === undefined ? 'same-kind' : acrossOf(signal, found.type);
  const shown = (showFingerprints || list.sample) && found !== undefined;
  return {
    list: list.name,
    version: list.version,
    entry: entry.id,
    grade: entry.grade ?? null,
    signal: found?.type ?? signal,
    distance: hit.distance,
    view: view?.name ?? 'as-is',
    frame: view?.frame ?? null,
    quality: view?.quality ?? null,
    // A single frame never acts alone.
    extent: signal === 'vpdq' || found?.type === 'vpdq' ? 'partial' : 'full',
    across,
    ...(found?.type === 'vpdq' && {
      video: overlapOfFrame(entry, pictureHash(signal, query), found, Math.max(hit.distance, PDQ_THRESHOLD)),
    }),
    ...(shown && { fingerprint: { query: textOf(signal, query), entry: textOf(found.type, found.value) } }),
  };
}

/** A fingerprint for people: of a frame its hash alone. */
function textOf(type: SignalTypeName, value: Uint8Array): string {
  return signalType(type === 'vpdq' ? 'pdq' : type).format(pictureHash(type, value));
}
