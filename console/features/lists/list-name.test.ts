import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isListName, listNameFrom } from './list-name.js';

test('makes a list name of a file name', () => {
  expect(listNameFrom('NCMEC export (2026).csv.gz')).toBe('ncmec-export-2026');
  expect(listNameFrom('liste française.jsonl')).toBe('liste-franc-aise');
  expect(listNameFrom('.csv')).toBe('');
});

test('what it makes is empty or a name that the service takes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (fileName) => {
      const name = listNameFrom(fileName);
      expect(name === '' || isListName(name)).toBe(true);
    }),
  );
});
