import { expect, test } from 'vitest';
import { noAnswer } from '../../api/problem.js';
import type { Verdict } from '../../api/types.js';
import { expectedInWords } from './expected.js';

const medium = { name: 'a.mp4', bytes: new Blob(), expect: 'match' } as const;
const told = (verdict: Partial<Verdict>) => ({ phase: 'told', verdict: verdict as Verdict }) as const;

test('says whether a sample got its verdict, and why it could not', () => {
  expect(expectedInWords(medium, told({ verdict: 'match' }))).toBe('as expected');
  expect(expectedInWords(medium, told({ verdict: 'no-match' }))).toBe('expected match');
  const error = { title: '', status: 422, code: 'video-decoder-missing', remedy: '' };
  expect(expectedInWords(medium, told({ verdict: 'could-not-tell', error }))).toBe(
    'expected match once ffmpeg is installed',
  );
  expect(expectedInWords(medium, { phase: 'failed', problem: noAnswer() })).toBe('expected match');
});

test('says nothing of other media, and nothing before there is a verdict', () => {
  expect(expectedInWords({ name: 'b', bytes: new Blob() }, told({ verdict: 'match' }))).toBeUndefined();
  expect(expectedInWords(medium, { phase: 'waiting' })).toBeUndefined();
});
