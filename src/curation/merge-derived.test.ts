import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, EntrySignal } from '../index/entry.js';
import { mergeDerived } from './merge-derived.js';

const value = (n: number) => new Uint8Array(32).fill(n);
const signal = (n: number, derived?: boolean): EntrySignal => ({
  ...{ type: 'pdq', value: value(n), active: true },
  ...(derived === undefined ? {} : { derived }),
});
const some = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 5 });
const numbers = (entry: Entry, derived: boolean) =>
  entry.signals.filter((each) => (each.derived === true) === derived).map((each) => each.value[0] as number);

describe('mergeDerived', () => {
  it('adds what lacks, takes out what was taken back, leaves what the source gives, and then has nothing to do', () => {
    fc.assert(
      fc.property(some, some, some, some, (own, before, derived, withdrawn) => {
        const there = before.filter((n) => !own.includes(n));
        const entry: Entry = {
          id: 'e',
          grade: 'A',
          signals: [...own.map((n) => signal(n)), ...there.map((n) => signal(n, true))],
        };
        const wanted = derived.map((n) => signal(n, true));
        const gone = withdrawn.map((n) => signal(n, true));
        const merged = mergeDerived(entry, wanted, gone) ?? entry;
        expect(numbers(merged, false)).toEqual(own);
        const expected = new Set([
          ...there.filter((n) => derived.includes(n) || !withdrawn.includes(n)),
          ...derived.filter((n) => !own.includes(n)),
        ]);
        expect(new Set(numbers(merged, true))).toEqual(expected);
        expect(numbers(merged, true)).toHaveLength(expected.size);
        expect(merged.grade).toBe('A');
        expect(mergeDerived(merged, wanted, gone)).toBeUndefined();
      }),
    );
  });
});
