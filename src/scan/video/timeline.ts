import { cellWidths, medianGap } from './cells.js';

/** Samples in order of time, with the stretch of time that each stands for. */
export interface Stretch {
  readonly seconds: Float64Array;
  /** Half of the way to the neighbours on both sides, in seconds. */
  readonly widths: Float64Array;
  /** Number of the hold; -1 for a sample whose quality says nothing. */
  readonly holds: Int32Array;
  /** Number of the sample in order of arrival. */
  readonly samples: Int32Array;
  /** The usual distance of neighbours, in seconds. */
  readonly spacing: number;
}

interface InOrder {
  readonly seconds: readonly number[];
  readonly samples: readonly number[];
}

/** Puts the samples of all passes into one order of time. */
export class Timeline {
  readonly #passes = { keys: nothing(), whole: nothing() };
  /** What came when later ones of its pass were there: a closer look, or times of a broken file that run backwards. */
  readonly #late = nothing();
  readonly #holds: number[] = [];
  #made: Stretch | undefined;

  add(pass: 'keys' | 'whole', seconds: number, sample: number, hold: number): void {
    const latest = this.#passes[pass].seconds.at(-1);
    const time = Number.isFinite(seconds) ? seconds : (latest ?? 0);
    const into = time < (latest ?? Number.NEGATIVE_INFINITY) ? this.#late : this.#passes[pass];
    into.seconds.push(time);
    into.samples.push(sample);
    this.#holds.push(hold);
    this.#made = undefined;
  }

  /** All that has arrived. Linear in the number of samples, and remembered until the next one arrives. */
  get stretch(): Stretch {
    this.#made ??= this.#merge();
    return this.#made;
  }

  #merge(): Stretch {
    const { keys, whole } = this.#passes;
    const all = merged(merged(keys, whole), sorted(this.#late));
    const seconds = Float64Array.from(all.seconds);
    const samples = Int32Array.from(all.samples);
    const holds = samples.map((sample) => this.#holds[sample]!);
    return { seconds, samples, holds, widths: cellWidths(seconds), spacing: medianGap(seconds) };
  }
}

function nothing(): { readonly seconds: number[]; readonly samples: number[] } {
  return { seconds: [], samples: [] };
}

function merged(a: InOrder, b: InOrder): InOrder {
  if (a.seconds.length === 0) return b;
  if (b.seconds.length === 0) return a;
  const all = nothing();
  for (let i = 0, j = 0; i < a.seconds.length || j < b.seconds.length; ) {
    const first = j >= b.seconds.length || (i < a.seconds.length && a.seconds[i]! <= b.seconds[j]!);
    const from = first ? a : b;
    const at = first ? i++ : j++;
    all.seconds.push(from.seconds[at]!);
    all.samples.push(from.samples[at]!);
  }
  return all;
}

function sorted({ seconds, samples }: InOrder): InOrder {
  const order = seconds.map((_, i) => i).sort((a, b) => seconds[a]! - seconds[b]! || a - b);
  return { seconds: order.map((i) => seconds[i]!), samples: order.map((i) => samples[i]!) };
}
