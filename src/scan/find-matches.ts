import type { FrameSignals } from '../media/media-signals.js';
import type { SignalTypeName } from '../signals/signal-type.js';
import { signalType } from '../signals/signal-types.js';
import type { KnownLists } from './known-lists.js';
import { acrossOf, nearestSignal, overlapOfFrame, pictureHash } from './nearest-signal.js';
import { type Candidate, Finds } from './rules/finds.js';
import { RuledLookup } from './rules/ruled-lookup.js';
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
  /** Apply every list, also those that are applied to a share of all media only. */
  readonly unsampled?: boolean;
}

/** An entry, by its list's name and its own id. */
export interface EntryName {
  readonly list: string;
  readonly entry: string;
}

export interface Found {
  readonly matches: readonly Match[];
  /** What was found and counts for nothing: of lists that are tried out, and what known good overrules. Bounded as well. */
  readonly withoutEffect: readonly Match[];
  /** How many matches there are, of those that count; at most so many when not all that is near could be looked at. */
  readonly total: number;
  readonly truncated: boolean;
  /** True when nothing counts as far as could be looked: something that does may lie behind what rules kept out. */
  readonly undecided: boolean;
  /** The known good that the medium is byte for byte. */
  readonly knownGood?: EntryName;
}

const EXACT = ['sha256', 'sha1', 'md5'] as const;
const PDQ_THRESHOLD = signalType('pdq').defaultThreshold;

/**
 * Looks everything up, applies the rules of the lists, and keeps, for each entry, the signal and view that came nearest.
 * The negatives are looked at only when no positive view matched, since they then explain nothing better.
 */
export async function findMatches(lists: KnownLists, query: QuerySignals, options: FindOptions): Promise<Found> {
  const lookup = new RuledLookup(lists, { ...options, medium: query.digests?.sha256 });
  const finds = new Finds();
  const look = (signal: SignalTypeName, value: Uint8Array, view?: View): undefined | Promise<void> => {
    const asked = { signal, query: value, view };
    const answer = lookup.near(signal, value);
    if (answer instanceof Promise) return answer.then((each) => finds.add(each, asked));
    finds.add(answer, asked);
    return undefined;
  };
  if (query.digests !== undefined) for (const type of EXACT) await look(type, query.digests[type]);
  if (query.photodna !== undefined) await look('photodna', query.photodna);
  for (const view of viewsOf(query.frames)) {
    if (view.negative && finds.acts) break;
    const reading = look('pdq', view.pdq, view);
    if (reading !== undefined) await reading;
  }
  return await tell(lists, finds, options);
}

/** Puts what was found into words, and sorts what counts from what does not. */
export async function tell(
  lists: KnownLists,
  finds: Finds,
  { limit, showFingerprints }: Pick<FindOptions, 'limit' | 'showFingerprints'>,
): Promise<Found> {
  const { acting, shadow, overruled } = finds.sorted();
  const matches: Match[] = [];
  for (const candidate of acting.slice(0, limit)) matches.push(await toMatch(lists, candidate, showFingerprints));
  const withoutEffect: Match[] = [];
  for (const { candidate, by } of overruled.slice(0, limit)) {
    const match = await toMatch(lists, candidate, showFingerprints);
    withoutEffect.push({ ...match, overruledBy: await nameOf(lists, by) });
  }
  for (const candidate of shadow.slice(0, limit - withoutEffect.length)) {
    withoutEffect.push({ ...(await toMatch(lists, candidate, showFingerprints)), shadow: true });
  }
  const { knownGood } = finds;
  const undecided = acting.length === 0 && finds.undecided && knownGood === undefined;
  // What lies behind matches that known good overrules is no nearer than they are, and is overruled as well.
  const uncounted = finds.truncated && (acting.length > 0 || undecided);
  const total = uncounted ? Math.max(finds.most, acting.length) : acting.length;
  return {
    ...{ matches, withoutEffect, total, undecided },
    truncated: uncounted || total > matches.length,
    ...(knownGood && { knownGood: await nameOf(lists, knownGood) }),
  };
}

async function nameOf(lists: KnownLists, { hit, entry }: Candidate): Promise<EntryName> {
  const { id } = entry ?? (await hit.segment.entry(hit.row));
  return { list: lists.describe(hit.segment).name, entry: id };
}

/** Reads the entry of a hit and puts both into words. */
export async function toMatch(lists: KnownLists, candidate: Candidate, showFingerprints: boolean): Promise<Match> {
  const { hit, signal, query, view } = candidate;
  const entry = candidate.entry ?? (await hit.segment.entry(hit.row));
  const list = lists.describe(hit.segment);
  const found = candidate.found ?? nearestSignal(entry, signal, query);
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
