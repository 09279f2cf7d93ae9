import { expect, test } from 'vitest';
import type { Match, Verdict } from '../../api/types.js';
import { verdictInWords } from './verdict-words.js';
import { viewInWords } from './view-words.js';

const match: Match = {
  list: 'known',
  version: 2,
  entry: 'e-1',
  grade: 'A',
  signal: 'pdq',
  distance: 6,
  view: 'trimmed+negative+flipX',
  frame: 0,
  quality: 90,
  extent: 'full',
  across: 'same-kind',
};
const verdict: Verdict = {
  verdict: 'match',
  reason: null,
  kind: 'image',
  format: 'jpeg',
  width: 10,
  height: 10,
  bytes: 100,
  frames: 1,
  framesHashed: 1,
  quality: 90,
  damaged: false,
  matches: [match],
  total: 1,
  truncated: false,
  ms: {},
  engine: 'test',
};

test('a view in words', () => {
  expect(viewInWords('as-is')).toBe('as it is');
  expect(viewInWords('trimmed+negative+flipX')).toBe('without its border, as a negative, mirrored');
  expect(viewInWords('folded')).toBe('folded');
});

test('a verdict in words', () => {
  expect(verdictInWords(verdict)).toBe(
    'Without its border, as a negative, mirrored, it looks like an entry of “known”: 6 of 256 bits differ.',
  );
  const { distance: _distance, view: _view, ...bare } = match;
  expect(verdictInWords({ ...verdict, matches: [{ ...bare, frame: 4 }] })).toBe(
    'It looks like an entry of “known” in frame 5.',
  );
  expect(verdictInWords({ ...verdict, matches: [{ ...match, signal: 'sha256', distance: 0 }] })).toBe(
    'It is the very file that an entry of “known” names: its SHA-256 is the same.',
  );
});

test('what could not be looked at is never told as no match', () => {
  const words = verdictInWords({ ...verdict, verdict: 'could-not-tell', reason: 'media-damaged', matches: [] });
  expect(words).toContain('nothing can be ruled out');
});
