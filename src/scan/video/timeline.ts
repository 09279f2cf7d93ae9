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

interface Arrived {
  readonly seconds: number[];
  readonly samples: number[];
  sorted: boolean;
}

/** Puts the samples of both passes into one order of time. */
export class Timeline {
  readonly #passes = { keys: arrived(), whole: arrived() };
  readonly #holds: number[] = [];
  #made: Stretch | undefined;

  add(pass: 'keys' | 'whole', seconds: number, sample: number, hold: number): void {
    const into = this.#passes[pass];
    const time = Number.isFinite(seconds) ? seconds : (into.seconds.at(-1) ?? 0);
    // Times of a broken file may run backwards.
    if (time < (into.seconds.at(-1) ?? Number.NEGATIVE_INFINITY)) into.sorted = false;
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
    const keys = inOrder(this.#passes.keys);
    const whole = inOrder(this.#passes.whole);
    const count = keys.seconds.length + whole.seconds.length;
    const seconds = new Float64Array(count);
    const samples = new Int32Array(count);
    const holds = new Int32Array(count);
    for (let i = 0, a = 0, b = 0; i < count; i++) {
      const take = b >= whole.seconds.length || keys.seconds[a]! <= whole.seconds[b]! ? keys : whole;
      const at = take === keys ? a++ : b++;
      seconds[i] = take.seconds[at]!;
      samples[i] = take.samples[at]!;
      holds[i] = this.#holds[samples[i]!]!;
    }
    return { seconds, samples, holds, widths: cellWidths(seconds), spacing: medianGap(seconds) };
  }
}

function arrived(): Arrived {
  return { seconds: [], samples: [], sorted: true };
}

function inOrder({ seconds, samples, sorted }: Arrived): Pick<Arrived, 'seconds' | 'samples'> {
  if (sorted) return { seconds, samples };
  const order = seconds.map((_, i) => i).sort((a, b) => seconds[a]! - seconds[b]! || a - b);
  return { seconds: order.map((i) => seconds[i]!), samples: order.map((i) => samples[i]!) };
}
