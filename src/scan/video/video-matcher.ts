import { VigieError } from '../../errors.js';
import { Pacer } from '../../index/pause.js';
import type { MemoryPool } from '../../index/pdq/memory-pool.js';
import { spread } from '../../media/spread.js';
import type { EntryName, Found } from '../find-matches.js';
import type { Hit, KnownLists, LookupAnswer } from '../known-lists.js';
import { radiusOf, type Standing, standingOf } from '../rules/standing.js';
import type { Match } from '../verdict.js';
import { type Candidate, Candidates } from './candidates.js';
import { closerLook, type QueryRange } from './closer-look.js';
import { COMMON_FROM, CommonFrames } from './common-frames.js';
import { type KnownFrames, knownFrames } from './known-frames.js';
import { discountGood, type Good, noteGood } from './known-good.js';
import { Overlap, type Radius } from './overlap.js';
import { type Hold, QueryFrames } from './query-frames.js';
import type { VideoFrame } from './video-frame.js';
import { type VideoMatch, weigh } from './video-match.js';
import { ORIENTATIONS, VIEWS, viewCode } from './view-codes.js';

export interface VideoMatcherOptions {
  /** Where the memory comes from in which one known video at a time is searched. */
  readonly pool: MemoryPool;
  /** PDQ threshold, 31 unless the operator wants another. */
  readonly threshold?: number;
  /** How many matches are told at the most. */
  readonly limit: number;
  readonly showFingerprints: boolean;
  readonly signal?: AbortSignal;
  /** Apply every list, also those that are applied to a share of all media only. */
  readonly unsampled?: boolean;
}

const THRESHOLD = 31;
/** Hits of one look-up that are followed; what is beyond is found by comparing with all candidates. */
const MOST_HITS = 200;
/** The same where rules keep some of them out. */
const MOST_RULED_HITS = 3_200;
/** Entries that are asked whether the rules of their list let them match, at the end. */
const MOST_RULED = 4_096;
/** Entries that are read to be measured at the end, those with most support. */
const MOST_MEASURED = 50;
/** Entries that are read to tell common frames, on top of it. */
const MOST_READ = 200;
/** Bytes of entries that are kept in memory. */
const MOST_KNOWN_BYTES = 64 * 2 ** 20;
/** Candidates that are measured after one frame. */
const MEASURED_AT_ONCE = 4;
/** How often lists may be replaced under one look-up before it is given up. */
const REPLACED_LIMIT = 5;
/** Candidates for which a closer look is worth while. */
const CLOSER_CANDIDATES = 10;
/** Look-ups that are spent at the end on orientations of samples in which they were not tried before. */
const MOST_TURNED_LOOKUPS = 1_024;
const AS_IS = 1;
const ALL_WAYS = 2 ** ORIENTATIONS - 1;

/**
 * Matches one video, frame by frame as it is decoded. The event loop is held for some milliseconds at a time. Not to be
 * used from several places at once.
 */
export class VideoMatcher {
  readonly #lists: KnownLists;
  readonly #options: VideoMatcherOptions;
  readonly #pacer: Pacer;
  readonly #query = new QueryFrames();
  readonly #candidates = new Candidates();
  readonly #common: CommonFrames;
  /** Candidates that the hold hits which the last samples went into. */
  #seen: { readonly hold: number; readonly candidates: Set<Candidate> } = { hold: -1, candidates: new Set() };
  readonly #due = new Set<Candidate>();
  /** Those whose entries are in memory, the one that was used longest ago first. */
  readonly #read = new Set<Candidate>();
  /** Bits of the orientations that hit something: they are looked up for all frames. */
  #ways = AS_IS;
  /** SHA-256 of the medium, as soon as it is known: by it a list is applied to a share of all media. */
  medium: Uint8Array | undefined;
  #seq: number;
  #decided = false;
  #lookups = 0;
  /** Holds up to this one were tried in all orientations at the end, as many as could be. */
  #triedTo = 0;

  constructor(lists: KnownLists, options: VideoMatcherOptions) {
    this.#lists = lists;
    this.#options = options;
    this.#pacer = new Pacer(options.signal);
    this.#common = new CommonFrames(this.#threshold);
    this.#seq = lists.appliedSeq;
  }

  /** True as soon as the rule of a full match is met, whatever may follow. */
  get decided(): boolean {
    return this.#decided;
  }

  /** How many look-ups were made. */
  get lookups(): number {
    return this.#lookups;
  }

  /**
   * Takes the next area of a frame.
   * @returns whether the rule is met, so that no more is needed
   * @throws VigieError what a look-up throws; the reason of the signal
   */
  async add(frame: VideoFrame): Promise<boolean> {
    if (this.#decided) return true;
    const samples = this.#query.samples;
    const hold = this.#query.push(frame);
    if (this.#query.samples > samples) await this.#take(hold);
    return this.#decided;
  }

  /**
   * Concludes. What was looked up before a change of the lists is looked up again, so that the answer is of the lists as they are.
   * @param whole whether the video was looked at to its end; only then its own share says something
   */
  async finish({ whole = !this.#decided }: { readonly whole?: boolean } = {}): Promise<Found> {
    const samples = this.#query.samples;
    const hold = this.#query.flush();
    if (hold !== undefined && this.#query.samples > samples) await this.#lookUpHold(hold);
    if (whole && !this.#decided) await this.#tryAllWays();
    for (let attempt = 1; ; attempt++) {
      try {
        if (this.#seq !== this.#lists.appliedSeq) await this.#again();
        return await this.#conclude(whole);
      } catch (error) {
        const replaced = error instanceof VigieError && error.code === 'segment-closed';
        if (!replaced || attempt === REPLACED_LIMIT) throw error;
        await this.#again();
      }
    }
  }

  /**
   * After all frames were taken: stretches of the query in which a known video was found in part, and of which more frames
   * may tell more. Those are taken by `add` as well, in any order.
   */
  async closerLook(): Promise<readonly QueryRange[]> {
    if (this.#decided) return [];
    await this.#tryAllWays();
    const common = await this.#commonHolds();
    const matches: VideoMatch[] = [];
    const acting = this.#candidates.ranked().filter((candidate) => this.#standing(candidate) === 'acts');
    for (const candidate of acting.slice(0, CLOSER_CANDIDATES)) {
      const { match, overruledBy } = await this.#weigh(candidate, common, true);
      if (overruledBy !== undefined) continue;
      if (match?.extent === 'full') return [];
      if (match !== undefined) matches.push(match);
    }
    return closerLook(matches);
  }

  async #take(hold: Hold | undefined): Promise<void> {
    if (hold === undefined) return;
    await this.#lookUpHold(hold);
    if (this.#due.size === 0) return;
    try {
      await this.#measureDue();
    } catch (error) {
      if (!(error instanceof VigieError) || error.code !== 'segment-closed') throw error;
      await this.#again();
    }
  }

  async #lookUpHold(hold: Hold): Promise<void> {
    await this.#lookUp(hold, this.#ways | (hold.turned ? ALL_WAYS : AS_IS));
    if (this.#seen.hold !== hold.number) return;
    for (const candidate of this.#seen.candidates) {
      candidate.samples++;
      // For a picture that stays: a video that stays is one frame.
      if (candidate.samples === 4 || candidate.samples === 16) this.#due.add(candidate);
      if (candidate.support >= candidate.measureAt) this.#due.add(candidate);
    }
  }

  /**
   * A scene may be too short, or move too fast, for those of its samples that were tried in all orientations to be near to what is
   * listed. Before that counts as nothing, the others are tried: all of a short video, an even spread of a long one.
   */
  async #tryAllWays(): Promise<void> {
    const untried = this.#query.holds.slice(this.#triedTo).filter(({ looked }) => looked !== ALL_WAYS);
    this.#triedTo = this.#query.holds.length;
    const views = untried.reduce((sum, { areas }) => sum + areas.length, 0) * (ORIENTATIONS - 1);
    const share = Math.min(1, MOST_TURNED_LOOKUPS / Math.max(1, views));
    for (const i of spread(untried.length, Math.floor(untried.length * share))) {
      await this.#lookUp(untried[i]!, ALL_WAYS);
    }
  }

  /** @param ways bits of the orientations that are wanted; those that were looked up before are left out */
  async #lookUp(hold: Hold, ways: number): Promise<void> {
    const before = this.#ways;
    for (let orientation = 0; orientation < ORIENTATIONS; orientation++) {
      const bit = 1 << orientation;
      if ((ways & bit) === 0 || (hold.looked & bit) !== 0) continue;
      hold.looked |= bit;
      for (const { area } of hold.areas) {
        if (this.#hits(hold, viewCode(area, orientation))) this.#ways |= bit;
        if (this.#pacer.due) await this.#pacer.pause();
      }
    }
    if (this.#ways === before) return;
    // The frames before this one were not tried that way.
    for (const earlier of this.#query.holds) {
      if ((this.#ways & ~earlier.looked) !== 0) await this.#lookUp(earlier, this.#ways);
    }
  }

  /** Looks one view of a hold up. @returns whether something is near */
  #hits(hold: Hold, view: number): boolean {
    const hash = this.#query.hash(hold, view);
    if (hash === undefined) return false;
    this.#lookups++;
    const { hits, total, truncated } = this.#near(hash);
    if (hits.length === 0) return false;
    const look = hold.number * VIEWS + view;
    if (this.#seen.hold !== hold.number) this.#seen = { hold: hold.number, candidates: new Set() };
    if (truncated || this.#candidates.full) this.#candidates.unrecorded.push(look);
    const candidates = hits.map((hit) => this.#candidates.note(hit, hold.number, look));
    for (const candidate of candidates) this.#seen.candidates.add(candidate);
    if (total > COMMON_FROM) this.#common.suspect(hold.number, candidates);
    return true;
  }

  /** How far look-ups go: as far as any list wants. */
  get #threshold(): number {
    const { widest = { pdq: THRESHOLD, vpdq: THRESHOLD } } = this.#lists.rules ?? {};
    return this.#options.threshold ?? Math.max(widest.pdq, widest.vpdq);
  }

  /** Hits that are within the radius of their list. Where many others stand before those that act, farther ones too. */
  #near(hash: Uint8Array): LookupAnswer {
    const threshold = this.#threshold;
    for (let limit = MOST_HITS; ; limit *= 4) {
      const answer = this.#lists.lookup('pdq', hash, { threshold, limit });
      if (this.#lists.rules === undefined) return answer;
      const hits = answer.hits.filter((hit) => {
        const { frames, pictures } = this.#radius(hit);
        return hit.distance <= Math.max(frames, pictures);
      });
      const acting = hits.filter((hit) => standingOf(this.#lists, hit, this.#circumstances) === 'acts').length;
      if (!answer.truncated || acting >= MOST_HITS || limit >= MOST_RULED_HITS) return { ...answer, hits };
    }
  }

  #standing(candidate: Pick<Hit, 'segment'>): Standing | undefined {
    return this.#lists.rules === undefined ? 'acts' : standingOf(this.#lists, candidate, this.#circumstances);
  }

  get #circumstances() {
    return { medium: this.medium, unsampled: this.#options.unsampled };
  }

  #radius(hit: Pick<Hit, 'segment'>): Radius {
    if (this.#lists.rules === undefined) return { frames: this.#threshold, pictures: this.#threshold };
    const { threshold } = this.#options;
    return {
      frames: radiusOf(this.#lists, hit, 'vpdq', threshold),
      pictures: radiusOf(this.#lists, hit, 'pdq', threshold),
    };
  }

  async #measureDue(): Promise<void> {
    const due = [...this.#due].sort((a, b) => b.support - a.support || b.samples - a.samples);
    for (const candidate of due.slice(0, MEASURED_AT_ONCE)) {
      this.#due.delete(candidate);
      candidate.measureAt = Math.max(candidate.support + 1, Math.ceil(candidate.support * 1.5));
      // What is only tried out ends nothing, nor does what known good overrules.
      if (this.#standing(candidate) !== 'acts') continue;
      const { match, overruledBy } = await this.#weigh(candidate, await this.#commonHolds(), false);
      if (match?.extent !== 'full' || overruledBy !== undefined) continue;
      this.#decided = true;
      return;
    }
  }

  async #commonHolds(): Promise<Uint8Array> {
    const meet = async (candidate: Candidate) =>
      this.#read.size < MOST_READ ? await this.#meet(candidate) : undefined;
    return await this.#common.holds(this.#query, meet, this.#pacer);
  }

  /** Reads the entry of a candidate, unless it is in memory, and compares what came since the last time. */
  async #meet(candidate: Candidate) {
    const known = candidate.known ?? (await this.#readKnown(candidate));
    candidate.known = known;
    this.#read.delete(candidate);
    this.#read.add(candidate);
    const overlap = candidate.overlap ?? new Overlap();
    candidate.overlap = overlap;
    const { pool } = this.#options;
    const tools = { pool, pacer: this.#pacer, radius: this.#radius(candidate) };
    await overlap.extend(candidate.looks, this.#candidates.unrecorded, this.#query, known, tools);
    this.#forgetRead(candidate);
    return { known, overlap };
  }

  async #readKnown(candidate: Candidate): Promise<KnownFrames> {
    const entry = await candidate.segment.entry(candidate.row);
    const admits = this.#lists.describe(candidate.segment).rules?.admits;
    candidate.admitted = admits === undefined || admits(entry);
    return knownFrames(entry);
  }

  #forgetRead(except: Candidate): void {
    let bytes = 0;
    for (const { known } of this.#read) bytes += known?.bytes ?? 0;
    for (const candidate of this.#read) {
      if (bytes <= MOST_KNOWN_BYTES) return;
      if (candidate === except) continue;
      bytes -= candidate.known?.bytes ?? 0;
      delete candidate.known;
      this.#read.delete(candidate);
    }
  }

  async #weigh(candidate: Candidate, common: Uint8Array, whole: boolean): Promise<Weighed> {
    const { known, overlap } = await this.#meet(candidate);
    if (candidate.admitted === false) return {};
    const what = { query: this.#query, known, overlap, common, whole };
    const match = await weigh(what, this.#pacer);
    if (match === undefined || this.#lists.rules === undefined) return { match };
    const good = await this.#knownGood();
    const discounted = discountGood(good, overlap, common);
    if (discounted === undefined) return { match };
    const { marks, by, all } = discounted;
    return all ? { match, overruledBy: by } : { match: await weigh({ ...what, common: marks }, this.#pacer) };
  }

  /** For each hold the nearest of what is known to be good. */
  async #knownGood(): Promise<ReadonlyMap<number, Good>> {
    const good = new Map<number, Good>();
    const allowing = this.#candidates.ranked().filter((candidate) => this.#standing(candidate) === 'allows');
    for (const candidate of allowing.slice(0, MOST_MEASURED)) {
      const { overlap } = await this.#meet(candidate);
      if (candidate.admitted !== false) noteGood(good, candidate, overlap);
    }
    return good;
  }

  async #conclude(whole: boolean): Promise<Found> {
    const { limit } = this.#options;
    const common = await this.#commonHolds();
    const told: Record<'acts' | 'shadow', Told[]> = { acts: [], shadow: [] };
    const overruled: Told[] = [];
    let unmeasured = 0;
    let asked = 0;
    for (const candidate of this.#candidates.ranked()) {
      const standing = this.#standing(candidate);
      if (standing !== 'acts' && standing !== 'shadow') continue;
      if (told[standing].length >= MOST_MEASURED || asked >= MOST_RULED) {
        if (standing === 'acts' && !onlyCommon(candidate, common)) unmeasured++;
        continue;
      }
      asked++;
      const { match, overruledBy } = await this.#weigh(candidate, common, whole);
      if (match === undefined) continue;
      if (overruledBy === undefined || standing === 'shadow') told[standing].push({ match, candidate });
      else overruled.push({ match, candidate, overruledBy });
    }
    const forgotten = this.#lists.rules === undefined ? this.#candidates.forgotten : 0;
    const matches = told.acts.sort(byExtent).slice(0, limit);
    const others = [...overruled.sort(byExtent), ...told.shadow.sort(byExtent)].slice(0, limit);
    const withoutEffect: Match[] = [];
    for (const each of others) {
      const { overruledBy: by } = each;
      const why = by === undefined ? ({ shadow: true } as const) : { overruledBy: await this.#nameOf(by) };
      withoutEffect.push({ ...this.#inWords(each), ...why });
    }
    const total = told.acts.length + unmeasured + forgotten;
    return {
      matches: matches.map((each) => this.#inWords(each)),
      withoutEffect,
      total,
      truncated: total > matches.length,
      // What was not asked may be kept out by a rule, or be the one that is not.
      undecided: this.#lists.rules !== undefined && told.acts.length === 0 && unmeasured > 0,
    };
  }

  #inWords({ match, candidate }: Told): Match {
    const list = this.#lists.describe(candidate.segment);
    const { fingerprint, ...rest } = match;
    const shown = this.#options.showFingerprints || list.sample ? { fingerprint } : {};
    return { list: list.name, version: list.version, ...rest, ...shown };
  }

  async #nameOf({ segment, row, known }: Candidate): Promise<EntryName> {
    return { list: this.#lists.describe(segment).name, entry: known?.id ?? (await segment.entry(row)).id };
  }

  /** Looks all up once more: the lists changed. */
  async #again(): Promise<void> {
    this.#seq = this.#lists.appliedSeq;
    this.#candidates.clear();
    this.#common.clear();
    this.#due.clear();
    this.#read.clear();
    this.#seen = { hold: -1, candidates: new Set() };
    for (const hold of this.#query.holds) {
      const { looked } = hold;
      hold.looked = 0;
      await this.#lookUp(hold, looked | this.#ways);
    }
  }
}

interface Weighed {
  readonly match?: VideoMatch | undefined;
  /** Set when all that speaks for the match is as near, or nearer, to something that is known to be good. */
  readonly overruledBy?: Candidate;
}

interface Told {
  readonly match: VideoMatch;
  readonly candidate: Candidate;
  readonly overruledBy?: Candidate;
}

function onlyCommon({ looks }: Candidate, common: Uint8Array): boolean {
  return looks.length > 0 && looks.every((look) => common[Math.floor(look / VIEWS)] === 1);
}

const EXTENT = { full: 0, partial: 1 } as const;

/** What acts first, then what covers more. */
function byExtent({ match: a }: Told, { match: b }: Told): number {
  return (
    EXTENT[a.extent] - EXTENT[b.extent] ||
    Math.max(b.video.knownPercent, b.video.queryPercent) - Math.max(a.video.knownPercent, a.video.queryPercent) ||
    b.video.longestRunSeconds - a.video.longestRunSeconds ||
    (a.distance ?? 0) - (b.distance ?? 0)
  );
}
