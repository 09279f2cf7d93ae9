import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecords, signalText } from '../testing/read-records.js';
import { CsvParser } from './csv.js';
import { LINE_LIMIT } from './list-parser.js';

const md5 = (seed: number) => signalText('md5', seed);
const pdq = (seed: number) => signalText('pdq', seed);
const read = (text: string | Uint8Array, pieces?: readonly number[]) => readRecords(new CsvParser(), text, pieces);

describe('CSV', () => {
  it('reads every column, in any order and case', () => {
    const header = 'Comment;PDQ;ID;quality;GRADE;Kind;added;md5;something else';
    const row = `"said ""so""; twice";${pdq(1).toUpperCase()};a-1;80;A;image;2024-02-29;${md5(1)};x`;
    const parser = new CsvParser();
    expect(readRecords(parser, `\uFEFF${header}\r\n${row}\r\n`)).toEqual([
      {
        line: 2,
        id: 'a-1',
        grade: 'A',
        kind: 'image',
        added: Date.UTC(2024, 1, 29),
        comment: 'said "so"; twice',
        quality: 80,
        signals: [`pdq:${pdq(1)}`, `md5:${md5(1)}`],
      },
    ]);
    expect(parser.ignoredColumns).toEqual(['something else']);
  });

  it('needs one signal column only, and takes one without a delimiter', () => {
    expect(read(`md5\n${md5(1)}\n\n${md5(2)}`)).toEqual([
      { line: 2, signals: [`md5:${md5(1)}`] },
      { line: 4, signals: [`md5:${md5(2)}`] },
    ]);
  });

  it('renames columns', () => {
    const parser = new CsvParser({ map: { Fingerprint: 'md5', MD5: 'nothing' } });
    expect(readRecords(parser, `fingerprint\tmd5\n${md5(1)}\t${md5(2)}\n`)).toEqual([
      { line: 2, signals: [`md5:${md5(1)}`] },
    ]);
    expect(parser.ignoredColumns).toEqual(['md5']);
  });

  it('refuses a header without a signal, and keeps values out of the error', () => {
    expect(() => read('id,grade\n1,A\n')).toThrow(expect.objectContaining({ code: 'list-header-invalid' }));
    expect(() => read('')).toThrow(expect.objectContaining({ code: 'list-header-invalid' }));
    expect(() => read(`${md5(1)},A\n`)).toThrow(expect.not.stringContaining(md5(1)));
  });

  it('keeps what looks like a hash out of the names of ignored columns', () => {
    const parser = new CsvParser();
    readRecords(parser, `md5,${md5(7)},colour\n`);
    expect(parser.ignoredColumns).toEqual(['colour']);
  });

  it('counts lines inside quoted fields', () => {
    const rows = read(`id,comment,md5\n1,"two\nlines",${md5(1)}\n2,,${md5(2)}\n`);
    expect(rows.map(({ line, comment }) => [line, comment])).toEqual([
      [2, 'two\nlines'],
      [4, undefined],
    ]);
  });

  it.each([
    ['a quote that is never closed', `1,"abc,${md5(1)}`],
    ['text after a closing quote', `1,"abc"d,${md5(1)}`],
    ['a value beyond the header', `1,a,${md5(1)},x`],
  ])('loses one line to %s', (_, bad) => {
    const rows = read(`id,comment,md5\n0,,${md5(0)}\n${bad}\n2,,${md5(2)}\n3,"x",${md5(3)}\n`);
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([
      [2, undefined],
      [3, 'malformed'],
      [4, undefined],
      [5, undefined],
    ]);
  });

  it('loses one record to invalid UTF-8', () => {
    const text = Buffer.concat([
      Buffer.from(`id,md5,comment\n1,${md5(1)},`),
      Buffer.of(0xc3, 0x28),
      Buffer.from(`\n2,${md5(2)},é\n`),
    ]);
    expect(read(text)).toEqual([
      { line: 2, problem: 'invalid-utf8', signals: [] },
      { line: 3, id: '2', comment: 'é', signals: [`md5:${md5(2)}`] },
    ]);
  });

  it.each([
    ['quoted', '"'],
    ['plain', ''],
  ])('skips a line that is too long: %s', (_, quote) => {
    const long = `1,${quote}${'x'.repeat(LINE_LIMIT + 10)}${quote},${md5(1)}`;
    const text = `id,comment,md5\n${long}\n2,,${md5(2)}\n`;
    for (const pieces of [[1 << 25], [65536], [100_000, 7]]) {
      expect(read(text, pieces).map(({ line, problem, id }) => [line, problem, id])).toEqual([
        [2, 'too-long', undefined],
        [3, undefined, '2'],
      ]);
    }
  });

  it('says which value is no signal, and takes several values in one field', () => {
    expect(read(`md5,pdq\n${md5(1)} ${md5(2)},nonsense\n,\n`)).toEqual([
      { line: 2, signals: [`md5:${md5(1)}`, `md5:${md5(2)}`], malformed: ['pdq'] },
      { line: 3, signals: [] },
    ]);
  });

  const text = fc.string({
    unit: fc.constantFrom('a', 'é', '"', ',', ';', '\t', '\r', '\n', ' ', '😀'),
    maxLength: 12,
  });
  const row = fc.record({ id: text, comment: text, seed: fc.nat(1000), quoted: fc.boolean() });

  it('gives back what was written, however it is quoted and cut', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 12 }),
        fc.constantFrom(',', ';', '\t'),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        (rows, delimiter, newline, pieces) => {
          const quote = (value: string, always: boolean) =>
            always || /[",;\t\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
          const lines = rows.map(({ id, comment, seed, quoted }) =>
            [quote(id, quoted), quote(comment, quoted), md5(seed)].join(delimiter),
          );
          const csv = [['id', 'comment', 'md5'].join(delimiter), ...lines].join(newline);
          const read = readRecords(new CsvParser(), csv, pieces);
          expect(read.map(({ id, comment, signals }) => [id ?? '', comment ?? '', signals])).toEqual(
            rows.map(({ id, comment, seed }) => [id.trim(), comment.trim(), [`md5:${md5(seed)}`]]),
          );
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('reads any bytes in the same way, however they are cut', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.constantFrom(...[...'",;\n\r aé'].map((c) => Buffer.from(c)), Buffer.of(0xff), Buffer.from(md5(1))),
        fc.constant(Buffer.from(`\n1,,${md5(2)}\n`)),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), (parts, pieces) => {
        const input = Buffer.concat([Buffer.from('id,comment,md5\n'), ...parts]);
        expect(readRecords(new CsvParser(), input, pieces)).toEqual(readRecords(new CsvParser(), input));
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});
