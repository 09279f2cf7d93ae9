import { SIGNAL_TYPE_NAMES, type SignalTypeName } from '../../signals/signal-type.js';
import { type Entry, type EntrySignal, OPINION_LIMIT } from '../entry.js';
import { SIGNAL_WIDTHS } from '../signal-widths.js';
import { randomBytes, seeded } from './random.js';

/** How the values of made-up entries relate: independent, near a few centres, or drawn from a few. */
export type EntryShape = 'random' | 'clustered' | 'repeating';

/** What an entry maker is asked for beyond what every list has. */
export interface EntryMakerOptions {
  /** Also members, opinions and derived signals. */
  readonly opinions?: boolean;
}

export interface EntryMaker {
  /** An entry whose id is among `ids` many, so that ids come back. */
  entry(ids: number): Entry;
  /** A value to look up: one that exists, one near it, or one of no relation. */
  query(type: SignalTypeName): Uint8Array;
}

/** Entries as lists have them: mostly one signal of a type, sometimes several, sometimes inactive ones, sometimes none. */
export function entryMaker(seed: number, shape: EntryShape, { opinions = false }: EntryMakerOptions = {}): EntryMaker {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const centres = Object.fromEntries(
    SIGNAL_TYPE_NAMES.map((type) => [type, Array.from({ length: 6 }, () => randomBytes(random, SIGNAL_WIDTHS[type]))]),
  ) as Record<SignalTypeName, Uint8Array[]>;

  // Frames show what pictures show.
  for (const [i, picture] of centres.pdq.entries()) centres.vpdq[i]!.set(picture);

  const alter = (type: SignalTypeName, value: Uint8Array): Uint8Array => {
    const near = value.slice();
    if (type === 'pdq' || type === 'vpdq') for (let i = below(40); i > 0; i--) near[below(32)]! ^= 1 << below(8);
    if (type === 'photodna') {
      for (let i = below(60); i > 0; i--) near[below(144)] = Math.min(255, near[below(144)]! + 5);
    }
    return near;
  };
  const value = (type: SignalTypeName): Uint8Array => {
    if (shape === 'random') return randomBytes(random, SIGNAL_WIDTHS[type]);
    const centre = centres[type][below(6)]!;
    return shape === 'repeating' ? centre : alter(type, centre);
  };
  const signal = (type: SignalTypeName): EntrySignal => ({
    type,
    value: value(type),
    ...((type === 'pdq' || type === 'vpdq') && random() < 0.5 && { quality: below(101) }),
    active: random() < 0.9,
    ...(opinions && random() < 0.2 && { derived: true }),
  });
  const member = (): string => `${random() < 0.1 ? 'été-🖼-'.repeat(9) : 'esp-'}${below(1_000)}`;
  const opinionated = (): Pick<Entry, 'member' | 'opinions'> => {
    const members = [...new Set(Array.from({ length: below(random() < 0.05 ? OPINION_LIMIT : 4) }, member))];
    return {
      ...(random() < 0.5 && { member: member() }),
      ...(members.length > 0 && {
        opinions: members.map((each) => ({ member: each, affirmative: random() < 0.5 })),
      }),
    };
  };
  return {
    entry(ids) {
      const signals: EntrySignal[] = [];
      for (const type of SIGNAL_TYPE_NAMES) {
        if (random() < 0.5) continue;
        const frames = type === 'vpdq' && random() < 0.1 ? 300 : 4;
        for (let i = random() < 0.2 ? below(frames) : 1; i > 0; i--) signals.push(signal(type));
      }
      return {
        id: `${random() < 0.05 ? 'été-🖼-' : 'entry-'}${below(ids)}`,
        ...(random() < 0.7 && {
          grade: ['A', 'B', 'C', 'a grade that is much too long for any dictionary of words to hold'][below(4)]!,
        }),
        ...(random() < 0.3 && { kind: 'image' }),
        ...(random() < 0.5 && { added: 1_700_000_000_000 + below(1e9) }),
        ...(random() < 0.1 && { comment: 'é'.repeat(below(400)) }),
        ...(opinions && random() < 0.5 && opinionated()),
        signals,
      };
    },
    query(type) {
      const kind = random();
      if (kind < 0.3) return randomBytes(random, SIGNAL_WIDTHS[type]);
      return kind < 0.6 ? value(type) : alter(type, value(type));
    },
  };
}
