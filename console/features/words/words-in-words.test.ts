import { expect, test } from 'vitest';
import type { TextVerdict } from '../../api/scan-text.js';
import { foundInWords, textVerdictInWords } from './words-in-words.js';

const verdict: TextVerdict = {
  ...{ verdict: 'no-match', reason: 'nothing-known', links: [], linksTotal: 0, review: [], reviewTotal: 0 },
};

test('tells an address, a keyword and nothing apart', () => {
  expect(textVerdictInWords(verdict)).toMatch(/^No list/);
  expect(textVerdictInWords({ ...verdict, reviewTotal: 2 })).toContain('2 keywords for a person');
  expect(textVerdictInWords({ ...verdict, verdict: 'match', linksTotal: 1 })).toBe('1 address of a list.');
  expect(textVerdictInWords({ ...verdict, reason: 'kind-not-covered' })).toContain('nothing was looked at');
  expect(textVerdictInWords({ ...verdict, verdict: 'could-not-tell' })).toContain('ruled out');
});

test('names the entry that was found', () => {
  const found = { list: 'words', entry: 'w-1', grade: 'B', count: 1, where: 'text' };
  expect(foundInWords(found)).toBe('Keyword w-1 of words, grade B, 1 time');
  expect(foundInWords({ ...found, grade: null, kind: 'host' })).toBe('Address w-1 of words, 1 time');
});
