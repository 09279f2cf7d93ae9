import { expect, it } from 'vitest';
import { matchInShort } from './match-in-short.js';

const match = { list: 'clips', entry: 'a', grade: null, signal: 'vpdq', distance: 6, view: 'as-is' } as const;
const counts = { framesMatched: 9, longestRunSeconds: 15, commonFrames: 0, queryPercent: 40 };

it('tells of a video how much of it was found, and the longest stretch', () => {
  const ranges = [
    { query: [2, 3], known: [70, 71] },
    { query: [10, 25], known: [3_600, 3_615] },
  ] as const;
  const video = { ...counts, knownPercent: 34.9, ranges };
  const told = { ...match, extent: 'partial', across: 'same-kind', video } as const;
  expect(matchInShort(told)).toBe('partly clips/a 35 % of it, 0:10–0:25');
  const little = {
    ...told,
    extent: 'full',
    grade: 'B',
    view: 'flipY',
    video: { ...video, knownPercent: 0.2 },
  } as const;
  expect(matchInShort(little)).toBe('clips/a (B) <1 % of it, 0:10–0:25, flipY');
});

it('tells when a still is in a video, and when a picture is seen', () => {
  const still = { ...counts, knownPercent: 1, ranges: [{ query: [0, 0], known: [61.5, 61.5] }] } as const;
  expect(matchInShort({ ...match, extent: 'partial', across: 'frame-of-video', video: still })).toBe(
    'partly clips/a by a frame of it, 1:01 at 6',
  );
  const seen = { ...counts, knownPercent: 100, ranges: [{ query: [4, 8], known: [0, 0] }] } as const;
  expect(matchInShort({ ...match, signal: 'pdq', extent: 'full', across: 'picture-in-video', video: seen })).toBe(
    'clips/a seen in it, 0:04–0:08',
  );
  expect(matchInShort({ ...match, signal: 'md5', distance: 0, extent: 'full', across: 'same-kind' })).toBe(
    'clips/a by md5 at 0, as-is',
  );
});

it('leaves out a distance that whoever was asked from outside does not tell', () => {
  const told = { ...match, list: 'arachnid', signal: 'pdq', extent: 'partial', across: 'same-kind' } as const;
  expect(matchInShort({ ...told, distance: null })).toBe('partly arachnid/a by pdq, as-is');
  expect(matchInShort({ ...told, distance: 0 })).toBe('partly arachnid/a by pdq at 0, as-is');
});
