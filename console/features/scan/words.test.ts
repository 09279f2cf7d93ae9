import { expect, test } from 'vitest';
import type { Match, Verdict, VideoOverlap } from '../../api/types.js';
import { overlapFacts, rangeInWords } from './overlap-words.js';
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
  scan: 'scan-1',
  verdict: 'match',
  reason: null,
  kind: 'image',
  format: 'jpeg',
  width: 10,
  height: 10,
  seconds: null,
  bytes: 100,
  frames: 1,
  framesHashed: 1,
  quality: 90,
  damaged: false,
  matches: [match],
  withoutEffect: [],
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
  expect(verdictInWords({ ...verdict, matches: [{ ...bare, distance: null, frame: 0 }] })).toBe(
    'It looks like an entry of “known”.',
  );
  expect(verdictInWords({ ...verdict, matches: [{ ...match, signal: 'sha256', distance: 0 }] })).toBe(
    'It is the very file that an entry of “known” names: its SHA-256 is the same.',
  );
});

const overlap: VideoOverlap = {
  queryPercent: 100,
  knownPercent: 77.8,
  knownSeconds: 8,
  framesMatched: 22,
  longestRunSeconds: 6.5,
  commonFrames: 0,
  ranges: [{ query: [0, 6.5], known: [2.13, 8] }],
  offsetSeconds: 2.13,
  speed: 0.972,
};

test('a video in words: what of it is known, and whether that is enough', () => {
  const video: Match = { ...match, signal: 'vpdq', view: 'flipY', video: overlap };
  expect(verdictInWords({ ...verdict, matches: [video] })).toBe(
    'It holds 78 % of a video in “known”, 6.5 seconds in a row, mirrored.',
  );
  expect(verdictInWords({ ...verdict, matches: [{ ...video, view: 'as-is', extent: 'partial' }] })).toBe(
    'It holds 78 % of a video in “known”, 6.5 seconds in a row. That is too little to act on: somebody has to look.',
  );
  const { video: _video, view: _view, distance: _distance, ...bare } = video;
  expect(verdictInWords({ ...verdict, matches: [bare] })).toBe('It holds a video in “known”.');
  const still: Match = { ...video, view: 'as-is', across: 'frame-of-video', extent: 'partial' };
  expect(verdictInWords({ ...verdict, matches: [still] })).toBe(
    'It looks like a frame of a video in “known”. That is too little to act on: somebody has to look.',
  );
  const shown: Match = { ...video, signal: 'pdq', view: 'as-is', across: 'picture-in-video' };
  expect(verdictInWords({ ...verdict, matches: [shown] })).toBe('A picture of “known” is seen in it.');
});

test('an overlap in figures and in times', () => {
  expect(overlapFacts(overlap, 'same-kind')).toEqual([
    ['Found', '78 % of the known video, 100 % of what was looked at'],
    ['Longest run', '6.5 seconds'],
    ['Frames', '22 sampled frames found'],
    ['Shifted', '2.1 seconds earlier here than in the known video'],
  ]);
  const other = { ...overlap, offsetSeconds: -70, speed: 1.25, commonFrames: 3, longestRunSeconds: 0 };
  expect(overlapFacts(other, 'same-kind')).toContainEqual(['Speed', '1.25 times that of the known video']);
  expect(overlapFacts(other, 'same-kind')).toContainEqual(['Longest run', 'none']);
  expect(overlapFacts(other, 'same-kind')).toContainEqual(['Shifted', '1 min 10 s later here than in the known video']);
  expect(overlapFacts(other, 'picture-in-video')).toContainEqual([
    'Frames',
    '22 sampled frames found; 3 common ones not counted',
  ]);
  const range = { query: [4, 6.75], known: [3.01, 3.01] } as const;
  expect(rangeInWords(range, 'same-kind')).toBe('0:04 to 0:06.8 here is 0:03 of the known video');
  expect(rangeInWords(range, 'frame-of-video')).toBe('It is the known video at 0:03');
  expect(rangeInWords(range, 'picture-in-video')).toBe('The known picture is seen at 0:04 to 0:06.8');
});

test('what could not be looked at is never told as no match', () => {
  const words = verdictInWords({ ...verdict, verdict: 'could-not-tell', reason: 'media-damaged', matches: [] });
  expect(words).toContain('nothing can be ruled out');
});
