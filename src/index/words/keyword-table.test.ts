import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold, KEYWORD_FOLDS } from '../../signals/keyword/fold.js';
import { type KeywordEntry, parseKeyword } from '../../signals/keyword/keyword-entry.js';
import { isWordBreak } from '../../signals/keyword/word-breaks.js';
import { KeywordTable } from './keyword-table.js';

const letters = fc.constantFrom(
  'a',
  'b',
  'A',
  'ä',
  'a\u0308',
  'ß',
  ' ',
  '-',
  '例',
  'カ',
  '1',
  '4',
  '\u200b',
  '.',
  '🍕',
  '\ud800',
);
const text = fc.array(letters, { maxLength: 60 }).map((all) => all.join(''));
const keyword = fc
  .tuple(
    fc.constantFrom('', '*'),
    fc.array(letters, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '*'),
    fc.constantFrom(...KEYWORD_FOLDS),
  )
  .map(([before, all, after, how]) => parseKeyword(`${before}${all.join('')}${after}`, how));

/** Every place tried for every keyword. */
function bruteForce(entries: readonly KeywordEntry[], text: string): { row: number; count: number }[] {
  return entries.flatMap((entry, row) => {
    const folded = fold(text, entry.fold);
    let count = 0;
    for (let at = 0; at + entry.text.length <= folded.length; at++) {
      if (!folded.startsWith(entry.text, at)) continue;
      if (entry.atStart && !isWordBreak(folded, at)) continue;
      if (entry.atEnd && !isWordBreak(folded, at + entry.text.length)) continue;
      count++;
    }
    return count === 0 ? [] : [{ row, count }];
  });
}

const tableOf = (...keywords: readonly (string | readonly [string, (typeof KEYWORD_FOLDS)[number]])[]) => {
  const entries = keywords.map((each) => (typeof each === 'string' ? parseKeyword(each) : parseKeyword(...each)));
  return new KeywordTable(KeywordTable.build(entries.filter((each) => typeof each === 'object')));
};

describe('KeywordTable', () => {
  it('finds what trying every place finds', () => {
    fc.assert(
      fc.property(fc.array(keyword, { maxLength: 25 }), text, (read, asked) => {
        const entries = read.filter((each) => typeof each === 'object');
        const found = new KeywordTable(KeywordTable.build(entries))
          .find(asked)
          .map(({ row, count }) => ({ row, count }));
        expect(found.sort((a, b) => a.row - b.row)).toEqual(bruteForce(entries, asked));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['lighthouse', 'The LIGHT\u00ADHOUSE.', 1],
    ['lighthouse', 'lighthouses', 0],
    ['lighthouse*', 'lighthouses and a lighthouse', 2],
    ['*house', 'lighthouse', 1],
    ['*thou*', 'lighthouse', 1],
    ['north sea', 'the north\n  sea, north-sea and north_sea', 3],
    ['straße', 'STRASSE', 1],
    ['σοφος', 'ΣΟΦΟΣ', 1],
    ['灯台', 'あの灯台です', 1],
    ['ไฟ', 'ประภาคารไฟส่อง', 1],
    ['カニ', 'カニタマ', 0],
    ['ｆｕｌｌ', 'full', 1],
    ['🍕', 'so🍕good', 1],
    ['cafe', 'café', 0],
    ['can', "can't", 1],
  ])('looks for %j in %j', (wanted, inText, count) => {
    expect(
      tableOf(wanted)
        .find(inText)
        .reduce((sum, hit) => sum + hit.count, 0),
    ).toBe(count);
  });

  it('overlooks marks and digits for letters only where an entry says so', () => {
    const table = tableOf(['café', 'marks'], ['boat', 'digits'], ['boat', 'plain']);
    expect(table.find('cafe CAFÉ cafe\u0301')).toMatchObject([{ row: 0, count: 3 }]);
    expect(table.find('b04t b0át')).toMatchObject([{ row: 1, count: 2 }]);
    expect(table.find('boat')).toHaveLength(2);
  });

  it('says where in the text as it came the first one stands', () => {
    const asked = 'ﬁne\u200b  ﬃ  —  Light\u00ADhouse';
    const [hit] = tableOf('lighthouse').find(asked);
    expect(asked.slice(hit?.at)).toBe('Light\u00ADhouse');
  });

  it('refuses what says nothing', () => {
    for (const each of ['a', '', '*', '**', '  ', '-', '例', '. .']) expect(parseKeyword(each), each).toBe('too-broad');
    expect(parseKeyword('\ud800ab')).toBe('malformed');
    expect(parseKeyword('a'.repeat(300))).toBe('malformed');
  });

  it.each([
    'a'.repeat(65_536),
    'ab'.repeat(32_768),
    '\ud800'.repeat(65_536),
    '\u0301'.repeat(65_536),
    ' '.repeat(65_536),
    'ﷺ'.repeat(20_000),
  ])('reads %j to its end', { timeout: 30_000 }, (asked) => {
    const table = tableOf('aa', '*aaaa*', 'abab*', ['ab ab', 'digits']);
    expect(() => table.find(asked)).not.toThrow();
  });
});
