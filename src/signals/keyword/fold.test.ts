import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, KEYWORD_FOLDS, placesBefore } from './fold.js';
import { isWordBreak } from './word-breaks.js';

const how = fc.constantFrom(...KEYWORD_FOLDS);
const anything = fc.string({ unit: 'binary', maxLength: 30 });

describe('fold', () => {
  it('leaves folded text as it is', () => {
    fc.assert(
      fc.property(fc.oneof(anything, fc.string({ unit: 'grapheme', maxLength: 30 })), how, (text, way) => {
        expect(fold(fold(text, way), way)).toBe(fold(text, way));
      }),
      { numRuns: 3_000 },
    );
  });

  it('makes one of upper and lower case, of composed and decomposed, of full and half width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), how, (text, way) => {
        const folded = fold(text, way);
        expect(fold(text.normalize('NFD'), way)).toBe(folded);
        expect(fold(text.normalize('NFKC'), way)).toBe(folded);
        expect(fold(`\u200b\u00ad${text}\u2060`, way)).toBe(folded);
      }),
    );
    for (let code = 0x41; code < 0x250; code++) {
      const letter = String.fromCharCode(code);
      expect(fold(letter.toUpperCase())).toBe(fold(letter));
    }
  });

  it('finds the way back to where something stood', () => {
    const words = fc.array(fc.constantFrom('ab', 'ﬁ', 'é', 'e\u0301', 'x\u00ady', '例', 'ß'), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(words, fc.constantFrom(' ', '\n\n', ' - ', '_'), how, fc.nat(), (all, between, way, turn) => {
        const starts = all.map((_, i) =>
          all
            .slice(0, i)
            .map((word) => `${word}${between}`)
            .join(''),
        );
        // In any order.
        const asked = [...starts.slice(turn % all.length), ...starts.slice(0, turn % all.length)];
        const places = asked.map((before) => fold(before, way).length);
        expect(placesBefore(all.join(between), way, places)).toEqual(asked.map(({ length }) => length));
      }),
    );
  });
});

describe('isWordBreak', () => {
  it('agrees with the word boundaries of Unicode where these need no dictionary', () => {
    // Without what this divides and Unicode does not: signs within words.
    const unit = fc.constantFrom(
      'a',
      'Z',
      'é',
      'e\u0301',
      'д',
      'ω',
      'א',
      '가',
      '7',
      ' ',
      '!',
      '🍕',
      '例',
      'カ',
      'ー',
      ',',
    );
    const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
        const text = units.join('').replace(/(?<=\d),(?=\d)/g, ' ');
        const wanted = new Set([...segmenter.segment(text)].map(({ index }) => index));
        for (let place = 1; place < text.length; place++) {
          const low = text.charCodeAt(place);
          if (low >= 0xdc00 && low <= 0xdfff) continue;
          // Segmenters find words of Chinese, Japanese and Korean by a dictionary.
          if (/[例カー가]/u.test(text.slice(place - 1, place + 1))) continue;
          if (isWordBreak(text, place) !== wanted.has(place)) {
            // Two spaces are one segment; a break between them is never asked for.
            expect(text.slice(place - 1, place + 1)).toMatch(/^[^\p{L}\p{N}\p{M}]+$/u);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
