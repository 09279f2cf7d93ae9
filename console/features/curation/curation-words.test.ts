import { expect, test } from 'vitest';
import { judgementInWords, knownInWords, signalsInWords } from './curation-words.js';

test('says how many signals of which type', () => {
  expect(signalsInWords({ md5: 2, pdq: 1 })).toBe('2 MD5, 1 PDQ');
  expect(signalsInWords({})).toBe('none');
});

test('tells whether something is known already', () => {
  expect(knownInWords(0)).toMatch(/^Nothing/);
  expect(knownInWords(1)).toContain('1 entry that is');
  expect(knownInWords(1_200)).toContain('1,200 entries that are');
});

test('says all that follows from a judgement, and nothing else', () => {
  const plain = { disputed: false, feedback: 'no-source', derived: { state: 'not-needed', reason: null } } as const;
  expect(judgementInWords({ ...plain, opinion: 'confirmed' })).toBe('Confirmed. The list has no source to tell.');
  const refuted = judgementInWords({ ...plain, opinion: 'refuted', disputed: true });
  expect(refuted).toContain('goes on matching');
  const lacking = { state: 'not-had', reason: 'medium-gone' } as const;
  expect(judgementInWords({ ...plain, opinion: 'confirmed', derived: lacking })).toContain('could not be made');
});
