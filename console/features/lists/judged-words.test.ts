import { expect, test } from 'vitest';
import { judgedInWords } from './judged-words.js';

test('says how matches were judged, those of a time in shadow apart', () => {
  const none = { confirmed: 0, refuted: 0, shadowConfirmed: 0, shadowRefuted: 0 };
  expect(judgedInWords(none)).toBe('');
  expect(judgedInWords({ ...none, confirmed: 1_200, refuted: 1 })).toBe('1,200 confirmed, 1 refuted');
  expect(judgedInWords({ ...none, refuted: 2, shadowConfirmed: 3 })).toBe('2 refuted; in shadow 3 confirmed');
});
