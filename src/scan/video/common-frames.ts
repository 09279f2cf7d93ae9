import type { Pacer } from '../../index/pause.js';
import { hammingDistance } from '../../signals/pdq/hamming-distance.js';
import type { Candidate } from './candidates.js';
import { DifferentFrames } from './different.js';
import type { KnownFrames } from './known-frames.js';
import type { Overlap } from './overlap.js';
import type { QueryFrames } from './query-frames.js';

/** A frame that occurs in more than so many unrelated videos is common. */
export const COMMON_FROM = 12;
/** So many of the entries that a frame hits are looked at. */
const MOST_SUSPECTS = 40;
/** So many frames of one video are looked for in another. */
const COMPARED = 8;
/** Beyond so many groups of related videos no further ones are told apart. */
const MOST_GROUPS = 64;
/** What is common is short, or one picture that stays: an opening, a logo, a test card. Longer is a scene of its own. */
const LONGEST_COMMON = 15;
const MANY_DIFFERENT = 8;

/** Reads a candidate and brings what it shares with the query up to date; nothing when too many were read already. */
export type MeetCandidate = (
  candidate: Candidate,
) => Promise<{ readonly known: KnownFrames; readonly overlap: Overlap } | undefined>;

/**
 * Tells frames that occur in many unrelated videos. A frame that hits many entries is not common for that: a video may be
 * listed sixty times. So what counts is how many *groups of related* entries it hits: two are related when what one
 * holds beyond the query is found in the other as well. An entry that the query holds wholly, or nearly so, says nothing
 * here.
 */
export class CommonFrames {
  readonly #suspects = new Map<number, Candidate[]>();
  readonly #told = new Map<number, boolean>();
  readonly #leaders: KnownFrames[] = [];
  readonly #threshold: number;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  clear(): void {
    this.#suspects.clear();
    this.#told.clear();
    this.#leaders.length = 0;
  }

  /** Notes a hold that hit many entries. */
  suspect(hold: number, candidates: readonly Candidate[]): void {
    const step = Math.max(1, candidates.length / MOST_SUSPECTS);
    const some: Candidate[] = [];
    for (let i = 0; i < candidates.length && some.length < MOST_SUSPECTS; i += step) {
      some.push(candidates[Math.floor(i)]!);
    }
    const before = this.#suspects.get(hold);
    if (before === undefined || before.length < some.length) this.#suspects.set(hold, some);
  }

  /** @returns for each hold 1 when it is common */
  async holds(query: QueryFrames, meet: MeetCandidate, pacer: Pacer): Promise<Uint8Array> {
    const common = new Uint8Array(query.holds.length);
    let any = false;
    for (const [hold, suspects] of this.#suspects) {
      let told = this.#told.get(hold);
      if (told === undefined) {
        told = await this.#isCommon(suspects, meet, pacer);
        this.#told.set(hold, told);
      }
      if (!told) continue;
      common[hold] = 1;
      any = true;
    }
    if (any) spareScenes(common, query);
    return common;
  }

  async #isCommon(suspects: readonly Candidate[], meet: MeetCandidate, pacer: Pacer): Promise<boolean> {
    const groups = new Set<number>();
    for (const candidate of suspects) {
      candidate.group ??= await this.#groupOf(candidate, meet, pacer);
      if (typeof candidate.group === 'number') groups.add(candidate.group);
      if (groups.size > COMMON_FROM) return true;
    }
    return false;
  }

  async #groupOf(candidate: Candidate, meet: MeetCandidate, pacer: Pacer): Promise<number | 'whole'> {
    const met = await meet(candidate);
    if (met === undefined) return 'whole';
    const { known, overlap } = met;
    const found = new Uint8Array(known.count);
    for (const { from, to } of overlap.meetings) found.fill(1, from, to + 1);
    const rest = Array.from(found.keys()).filter((i) => found[i] === 0);
    if (rest.length < 2) return 'whole';
    const some = Array.from({ length: Math.min(COMPARED, rest.length) }, (_, i) => {
      const frame = rest[Math.floor(((i + 0.5) * rest.length) / Math.min(COMPARED, rest.length))]!;
      return known.hashes.subarray(frame * 32, frame * 32 + 32);
    });
    for (const [group, leader] of this.#leaders.entries()) {
      const shared = some.filter((hash) => holdsNear(leader.hashes, hash, this.#threshold)).length;
      if (2 * shared >= some.length) return group;
      if (pacer.due) await pacer.pause();
    }
    if (this.#leaders.length >= MOST_GROUPS) return 'whole';
    return this.#leaders.push(known) - 1;
  }
}

function holdsNear(hashes: Uint8Array, hash: Uint8Array, threshold: number): boolean {
  const half = hash.subarray(0, 16);
  for (let at = 0; at < hashes.length; at += 32) {
    // Half of the bits tell nearly all that are not near.
    if (hammingDistance(hashes.subarray(at, at + 16), half) > threshold) continue;
    if (hammingDistance(hashes.subarray(at, at + 32), hash) <= threshold) return true;
  }
  return false;
}

/** Takes the mark from stretches that are too long and too varied to be an opening. */
function spareScenes(common: Uint8Array, query: QueryFrames): void {
  const { seconds, holds } = query.timeline.stretch;
  for (let start = 0; start < holds.length; start++) {
    if (common[holds[start]!] !== 1) continue;
    const different = new DifferentFrames(MANY_DIFFERENT);
    let end = start;
    let last = start;
    for (; end < holds.length && (holds[end] === -1 || common[holds[end]!] === 1); end++) {
      if (holds[end] === -1) continue;
      last = end;
      different.add(query.holds[holds[end]!]!.areas[0]!.hashes.subarray(0, 32));
    }
    if (different.enough && seconds[last]! - seconds[start]! > LONGEST_COMMON) {
      for (let i = start; i < end; i++) if (holds[i]! >= 0) common[holds[i]!] = 2;
    }
    start = end;
  }
  for (const [i, mark] of common.entries()) if (mark === 2) common[i] = 0;
}
