import { expect, test } from 'vitest';
import { namesIn, namesOr, placesFault, placesIn } from './publishing-words.js';

test('reads names between commas, each once', () => {
  expect(namesIn(' A, B,,A ')).toEqual(['A', 'B']);
  expect(namesIn(' , ')).toBeUndefined();
  expect(placesIn('gb, us-ca')).toEqual(['GB', 'US-CA']);
});

test('tells places from what is none', () => {
  expect(placesFault('')).toBeUndefined();
  expect(placesFault('gb, US-CA')).toBeUndefined();
  expect(placesFault('GB Britain')).toBeDefined();
});

test('says that nothing is left out', () => {
  expect(namesOr(null, 'all')).toBe('all');
  expect(namesOr([], 'none said')).toBe('none said');
  expect(namesOr(['A', 'B'], 'all')).toBe('A, B');
});
