import { expect, test } from 'vitest';
import type { RetroFind, RetroRun } from '../../api/retro.js';
import { entriesInWords, placeInWords, progressOf } from './retro-words.js';

const run: RetroRun = {
  ...{ id: 'r', node: 'n', list: 'l', from: 3, to: 4, cause: 'published', state: 'running', entries: 1, files: 4 },
  ...{ filesDone: 1, hashes: 10, finds: 0, damaged: 0, lastError: null, created: '2026-01-01', finished: null },
};

test('says which entries are tried', () => {
  expect(entriesInWords(run)).toBe('1 entry: new in version 4, since 3');
  expect(entriesInWords({ ...run, from: null, cause: 'asked', state: 'waiting' })).toBe('entries: all of version 4');
  expect(entriesInWords({ ...run, from: 4, cause: 'restored' })).toBe('1 entry: what matches again');
  expect(entriesInWords({ ...run, cause: 'restored' })).toBe(
    '1 entry: what matches again, or new in version 4, since 3',
  );
  expect(entriesInWords({ ...run, cause: 'baseline' })).toContain('where it begins');
});

test('knows how far a run is, or that nobody does', () => {
  expect(progressOf(run)).toBe(0.25);
  expect(progressOf({ ...run, state: 'waiting' })).toBeNull();
  expect(progressOf({ ...run, files: 0 })).toBeNull();
});

test('says where a medium is to be found again', () => {
  const find = { platform: 'bluesky', platformId: 'p-1', medium: 0, itemRef: null } as RetroFind;
  expect(placeInWords(find)).toBe('bluesky, p-1, medium 1');
  expect(placeInWords({ ...find, platform: null, itemRef: 'photo-9' })).toBe('photo-9');
  expect(placeInWords({ ...find, platform: null })).toContain('by itself');
});
