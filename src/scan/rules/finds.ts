import { isExact, tableOf } from '../../index/signal-widths.js';
import type { SignalTypeName } from '../../signals/signal-type.js';
import type { View } from '../views.js';
import type { RuledAnswer, RuledHit } from './ruled-lookup.js';
import type { Standing } from './standing.js';

/** A hit together with what was looked up. */
export interface Candidate extends Omit<RuledHit, 'standing'> {
  readonly signal: SignalTypeName;
  readonly query: Uint8Array;
  readonly view: View | undefined;
}

export interface Overruled {
  readonly candidate: Candidate;
  /** The known good that speaks against it. */
  readonly by: Candidate;
}

/** What of all hits counts, best first. */
export interface Sorted {
  readonly acting: readonly Candidate[];
  readonly shadow: readonly Candidate[];
  readonly overruled: readonly Overruled[];
}

/** Everything that was found of one medium: for each entry, way of looking and frame the nearest. */
export class Finds {
  readonly #all: Readonly<Record<Standing, Map<string, Candidate>>> = {
    acts: new Map(),
    shadow: new Map(),
    allows: new Map(),
  };

  /** The greatest number of entries that act for one look-up. */
  most = 0;
  /** Whether a look-up could not tell all that is near. */
  truncated = false;
  /** Whether a look-up could not tell for certain whether something acts. */
  undecided = false;

  /** Takes in the answer to one look-up. @param asked what was looked up */
  add(answer: RuledAnswer, asked: Pick<Candidate, 'signal' | 'query' | 'view'>): void {
    this.most = Math.max(this.most, answer.total);
    this.truncated ||= answer.truncated;
    this.undecided ||= answer.undecided;
    for (const { standing, ...rest } of answer.hits) this.#note(standing, { ...rest, ...asked });
  }

  #note(standing: Standing, candidate: Candidate): void {
    const { hit, signal, view } = candidate;
    // What is known to be good speaks for the frame that shows it, and for no other frame of the medium.
    const key = `${keyOf(candidate)}/${isExact(signal) ? signal : tableOf(signal)}/${view?.frame ?? ''}`;
    const before = this.#all[standing].get(key);
    if (before === undefined || hit.distance < before.hit.distance) this.#all[standing].set(key, candidate);
  }

  /** Whether something was found that acts. */
  get acts(): boolean {
    for (const candidate of this.#all.acts.values()) if (this.#against(candidate) === undefined) return true;
    return false;
  }

  /** The known good that the medium is byte for byte: it speaks against everything that is only near. */
  get knownGood(): Candidate | undefined {
    for (const candidate of this.#all.allows.values()) if (isExact(candidate.signal)) return candidate;
    return undefined;
  }

  /** Each entry once, by what says most. */
  sorted(): Sorted {
    const acting = new Map<string, Candidate>();
    const overruled = new Map<string, Overruled>();
    for (const candidate of this.#all.acts.values()) {
      const by = this.#against(candidate);
      if (by === undefined) keepBest(acting, candidate);
      else {
        const before = overruled.get(keyOf(candidate));
        if (before === undefined || order(candidate, before.candidate) < 0) {
          overruled.set(keyOf(candidate), { candidate, by });
        }
      }
    }
    for (const key of acting.keys()) overruled.delete(key);
    const shadow = new Map<string, Candidate>();
    for (const candidate of this.#all.shadow.values()) keepBest(shadow, candidate);
    return {
      acting: [...acting.values()].sort(order),
      shadow: [...shadow.values()].sort(order),
      overruled: [...overruled.values()].sort((a, b) => order(a.candidate, b.candidate)),
    };
  }

  /** What is known to be good and no farther than a match: never against an exact one. */
  #against(candidate: Candidate): Candidate | undefined {
    if (this.#all.allows.size === 0 || isExact(candidate.signal)) return undefined;
    const { knownGood } = this;
    if (knownGood !== undefined) return knownGood;
    for (const good of this.#all.allows.values()) {
      if (tableOf(good.signal) !== tableOf(candidate.signal)) continue;
      if (good.view?.frame === candidate.view?.frame && good.hit.distance <= candidate.hit.distance) return good;
    }
    return undefined;
  }
}

function keepBest(best: Map<string, Candidate>, candidate: Candidate): void {
  const key = keyOf(candidate);
  const before = best.get(key);
  if (before === undefined || order(candidate, before) < 0) best.set(key, candidate);
}

function keyOf({ hit }: Candidate): string {
  return `${hit.segment.id}/${hit.row}`;
}

// An exact hash proves more than a perceptual one at distance 0; PhotoDNA distances are on a scale of their own.
const RANK: Readonly<Record<SignalTypeName, number>> = { sha256: 0, sha1: 1, md5: 2, pdq: 3, vpdq: 4, photodna: 5 };

function order(a: Candidate, b: Candidate): number {
  return RANK[a.signal] - RANK[b.signal] || a.hit.distance - b.hit.distance;
}
