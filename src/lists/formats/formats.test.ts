import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRecords, signalText } from '../testing/read-records.js';
import { detectFormat, parserFor } from './detect.js';
import { JsonSplitter } from './json-splitter.js';
import { JsonlParser } from './jsonl.js';
import { LinesParser } from './lines.js';
import { LINE_LIMIT, type ListFormat } from './list-parser.js';
import { openInput } from './open-input.js';
import { TypedParser } from './typed.js';
import { VicsParser } from './vics.js';

const md5 = (seed: number) => signalText('md5', seed);
const sha1 = (seed: number) => signalText('sha1', seed);
const pdq = (seed: number) => signalText('pdq', seed);
const photodna = (seed: number) => Buffer.from(signalText('photodna', seed), 'hex');

describe('JSONL', () => {
  it('reads the fields of the CSV header, arrays of values and typed signals', () => {
    const lines = [
      { id: 7, MD5: md5(1).toUpperCase(), quality: '30', pdq: pdq(1), grade: 'B', note: 'x' },
      { md5: [md5(2), md5(3)], signals: [{ type: 'pdq', value: pdq(2), quality: 70 }], added: 1_700_000_000 },
      { md5: 5, kind: {}, added: 'some day' },
    ];
    const parser = new JsonlParser();
    expect(readRecords(parser, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n\n{"md5":`)).toEqual([
      { line: 1, id: '7', quality: 30, grade: 'B', signals: [`md5:${md5(1)}`, `pdq:${pdq(1)}`] },
      { line: 2, added: 1_700_000_000_000, signals: [`md5:${md5(2)}`, `md5:${md5(3)}`, `pdq:${pdq(2)}@70`] },
      { line: 3, signals: [], malformed: ['md5'], unreadable: ['kind', 'added'] },
      { line: 5, problem: 'malformed', signals: [] },
    ]);
    expect(parser.ignoredColumns).toEqual(['note']);
  });

  it('does not take a character whose low byte is a digit for that digit', () => {
    const [record] = readRecords(new JsonlParser(), JSON.stringify({ md5: md5(1).replace(/.$/, '\u0130') }));
    expect(record).toEqual({ line: 1, signals: [], malformed: ['md5'] });
  });
});

describe('plain and typed lines', () => {
  it('tells the type by the length', () => {
    const text = `# a comment\n${md5(1)}\n ${sha1(2)} \r\n${photodna(3).toString('base64')}\nnonsense\n`;
    expect(readRecords(new LinesParser(), text)).toEqual([
      { line: 2, signals: [`md5:${md5(1)}`] },
      { line: 3, signals: [`sha1:${sha1(2)}`] },
      { line: 4, signals: [`photodna:${photodna(3).toString('hex')}`] },
      { line: 5, problem: 'malformed', signals: [] },
    ]);
  });

  it('asks for the type where the length leaves it open', () => {
    expect(() => readRecords(new LinesParser(), pdq(1))).toThrow(
      expect.objectContaining({ code: 'list-format-unknown', detail: expect.stringContaining('line 1') }),
    );
    expect(readRecords(new LinesParser({ type: 'pdq' }), `${pdq(1)}\n${md5(1)}`)).toEqual([
      { line: 1, signals: [`pdq:${pdq(1)}`] },
      { line: 2, signals: [], malformed: ['pdq'] },
    ]);
  });

  it('reads a type and a value', () => {
    const text = `PDQ ${pdq(1)}\nmd5:${md5(1)}\nsha1 : ${sha1(1)}\nmd5\ncrc32 00\n`;
    expect(readRecords(new TypedParser(), text)).toEqual([
      { line: 1, signals: [`pdq:${pdq(1)}`] },
      { line: 2, signals: [`md5:${md5(1)}`] },
      { line: 3, signals: [`sha1:${sha1(1)}`] },
      { line: 4, problem: 'malformed', signals: [] },
      { line: 5, problem: 'malformed', signals: [] },
    ]);
  });

  it('loses one line to bad UTF-8 or too great a length, however the input is cut', () => {
    const input = Buffer.concat([
      Buffer.from(`\uFEFF${md5(1)}\n`),
      Buffer.of(0xff, 10),
      Buffer.alloc(LINE_LIMIT + 1, 'a'),
      Buffer.from(`\n${md5(2)}`),
    ]);
    for (const pieces of [[1 << 22], [65536], [999_983, 1]]) {
      expect(readRecords(new LinesParser(), input, pieces)).toEqual([
        { line: 1, signals: [`md5:${md5(1)}`] },
        { line: 2, problem: 'invalid-utf8', signals: [] },
        { line: 3, problem: 'too-long', signals: [] },
        { line: 4, signals: [`md5:${md5(2)}`] },
      ]);
    }
  });
});

const medium = (id: number) => ({
  MediaID: id,
  Category: (id % 4) + 1,
  MD5: md5(id).toUpperCase(),
  SHA1: sha1(id),
  MediaSize: '1234',
  VictimIdentified: 'false',
  Comments: `he said: "[{" \\ ${id}`,
  AlternativeHashes: [{ HashName: 'PhotoDNA', HashValue: photodna(id).toString('base64') }],
  Exifs: [{ PropertyName: 'Media', PropertyValue: '[value]' }],
  MediaFiles: [{ MD5: md5(id + 1000), FileName: 'a}.jpg', Unallocated: 'true' }],
});
const signalsOf = (id: number) => [`md5:${md5(id)}`, `sha1:${sha1(id)}`, `photodna:${photodna(id).toString('hex')}`];
const CONTEXT_1 = { 'odata.metadata': 'http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media' };
const CONTEXT_2 = {
  '@odata.context': 'http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases',
};

describe('VICS', () => {
  const flat = `\uFEFF${JSON.stringify({ ...CONTEXT_1, value: [medium(1), medium(2), medium(3)] }, null, 2)}`;
  const cases = JSON.stringify({
    ...CONTEXT_2,
    value: [
      { CaseID: 'x', Notes: { Media: 'no', value: [{ MD5: md5(9) }] }, Media: [medium(1)], After: [{ a: [1] }] },
      { CaseID: 'y', Media: [] },
      { CaseID: 'z', Media: [medium(2), medium(3)] },
    ],
    other: [{ MD5: md5(8) }],
  });

  it.each([
    ['1.3', flat],
    ['2.0 with cases', cases],
  ])('reads media: %s', (_, text) => {
    for (const pieces of [[1 << 20], [1], [2, 3, 5, 7], [64]]) {
      const records = readRecords(new VicsParser(), text, pieces);
      expect(records.map(({ id, grade, comment, signals }) => ({ id, grade, comment, signals }))).toEqual(
        [1, 2, 3].map((id) => ({
          id: String(id),
          grade: String((id % 4) + 1),
          comment: medium(id).Comments,
          signals: signalsOf(id),
        })),
      );
    }
  });

  it('passes over hashes of kinds that it does not know, whatever they are called', () => {
    const names = ['constructor', '__proto__', 'toString', 'SSDEEP', '', null, 'SHA-256'];
    const AlternativeHashes = names.map((HashName) => ({ HashName, HashValue: pdq(1) }));
    const text = JSON.stringify({ ...CONTEXT_1, value: [{ MediaID: 1, MD5: md5(1), AlternativeHashes }] });
    expect(readRecords(new VicsParser(), text)).toEqual([
      { line: 1, id: '1', signals: [`md5:${md5(1)}`, `sha256:${pdq(1)}`] },
    ]);
  });

  it('names the line on which a record begins', () => {
    const lines = flat.split('\n');
    for (const { line } of readRecords(new VicsParser(), flat)) expect(lines[line - 1]?.trim()).toBe('{');
  });

  it('loses one record to what is wrong inside its brackets', () => {
    const text = JSON.stringify({ ...CONTEXT_1, value: [medium(1), medium(2), medium(3)] }).replace(
      '"MediaID":2',
      '"MediaID":two',
    );
    expect(readRecords(new VicsParser(), text).map(({ problem, id }) => problem ?? id)).toEqual([
      '1',
      'malformed',
      '3',
    ]);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, -1)],
    ['cut in a record', (text: string) => text.slice(0, -40)],
    ['with a stray quote', () => '{"value":\n[{"MD5":"a"},\n{"MD5:"b"},{"MD5":"c"}]}'],
    ['with a bracket too many', (text: string) => text.replace('"MediaID"', '}"MediaID"')],
    ['with text after it', (text: string) => `${text} more`],
    ['without media', () => '{"odata.metadata": "x"}'],
    ['an array', () => '[]'],
  ])('cannot read a file %s, and names the line', (_, damage) => {
    for (const pieces of [[1 << 20], [3]]) {
      expect(() => readRecords(new VicsParser(), damage(flat), pieces)).toThrow(
        expect.objectContaining({ code: 'list-malformed', detail: expect.stringMatching(/^line \d+: /) }),
      );
    }
  });

  it('skips an object that is too large in bounded memory', () => {
    const splitter = new JsonSplitter(1000);
    const parts = [
      '{"value":[{"a":1},{"b":"',
      'x'.repeat(5000),
      '"},{"c":2},{"Big":"',
      'y'.repeat(3000),
      '","Media":[{"d":3}]}]}',
    ];
    const found: string[] = [];
    const drain = () => {
      for (let step = splitter.next(); step === 'object' || step === 'bad'; step = splitter.next()) {
        found.push(step === 'bad' ? 'bad' : splitter.bytes.toString('utf8', splitter.from, splitter.to));
      }
    };
    for (const part of parts) {
      for (let at = 0; at < part.length; at += 100) {
        splitter.feed(Buffer.from(part.slice(at, at + 100)));
        drain();
      }
    }
    splitter.end();
    drain();
    expect(found).toEqual(['{"a":1}', 'bad', '{"c":2}', '{"d":3}']);
  });

  it('finds the same objects as JSON.parse, however the input is cut', () => {
    const element = fc.dictionary(
      fc.string({ maxLength: 6 }).filter((key) => key !== 'Media' && key !== '__proto__'),
      fc.jsonValue({ maxDepth: 3 }),
      {
        maxKeys: 4,
      },
    );
    const pieces = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(element, { maxLength: 6 }), pieces, fc.boolean(), (elements, cuts, pretty) => {
        const bytes = Buffer.from(JSON.stringify({ before: elements, value: elements }, null, pretty ? 1 : 0));
        const splitter = new JsonSplitter();
        const found: unknown[] = [];
        const drain = () => {
          while (splitter.next() === 'object') {
            found.push(JSON.parse(splitter.bytes.toString('utf8', splitter.from, splitter.to)));
          }
        };
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = cuts[i % cuts.length] ?? 1;
          splitter.feed(bytes.subarray(at, at + length));
          drain();
          at += length;
        }
        splitter.end();
        drain();
        expect(found).toEqual(JSON.parse(JSON.stringify(elements)));
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

describe('any bytes', () => {
  const PARTS: Readonly<Record<Exclude<ListFormat, 'csv'>, readonly string[]>> = {
    jsonl: ['{', '}', '"md5":', '"', ',', `"${md5(1)}"`, '\\', `{"md5":"${md5(2)}","comment":"é"}\n`],
    lines: ['#', md5(1), `${md5(2)}\n`, sha1(1), ' ', photodna(1).toString('base64')],
    typed: ['#', 'md5', 'MD5 ', 'pdq:', md5(1), `md5 ${md5(2)}\n`, ':', ' '],
    vpdq: ['0,', '87,', `${pdq(1)}`, `1,60,${pdq(2)},1.500\n`, `["${pdq(3)},60,2"]`, '"', ',', '[', ']', '\n'],
    vics: ['{"value":[', '{', '}', '[', ']', '"', ':', ',', '\\', '"Media":[', `{"MediaID":1,"MD5":"${md5(1)}"}`, '7'],
  };
  const RUNS = { numRuns: 400, seed: 4 };

  /** What is read before the end or the error, and the error. */
  const outcome = (format: ListFormat, input: Uint8Array, pieces?: readonly number[]) => {
    try {
      return { records: readRecords(parserFor(format), input, pieces), error: undefined };
    } catch (thrown) {
      const { code, detail } = thrown as { code: string; detail: string };
      return { records: undefined, error: { code, detail } };
    }
  };

  it.each(Object.entries(PARTS))('are read in the same way, however they are cut: %s', (format, texts) => {
    const common = ['\n', '\r\n', '\uFEFF', '😀'].map((text) => Buffer.from(text));
    const part = fc.constantFrom(...texts.map((text) => Buffer.from(text)), ...common, Buffer.of(0xff));
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), cuts, (parts, pieces) => {
        const input = Buffer.concat(parts);
        const whole = outcome(format as ListFormat, input);
        expect(outcome(format as ListFormat, input, pieces)).toEqual(whole);
        if (whole.error !== undefined) expect(whole.error.code).toMatch(/^list-/);
      }),
      RUNS,
    );
  });
});

describe('telling the format', () => {
  it.each<[ListFormat, string]>([
    ['csv', 'id,md5\n'],
    ['csv', '\uFEFF"ID";"SHA1"\r\n'],
    ['csv', 'pdq\n'],
    ['jsonl', '{"md5":"x"}\n{"md5":"y"}'],
    ['vics', '\uFEFF{\r\n  "odata.metadata": "x"'],
    ['vics', '{"@odata.context":"x","value":['],
    ['vics', '{"value":['],
    ['typed', '# list\npdq 0011'],
    ['typed', 'MD5:0011'],
    ['lines', `\n${md5(1)}\n`],
    ['lines', `${photodna(1).toString('base64')}\n`],
  ])('%s', (format, text) => {
    expect(detectFormat(Buffer.from(text))).toBe(format);
  });

  it.each(['', 'id,grade\n', 'PK\u0003\u0004', '<html>'])('says when it cannot tell: %j', (text) => {
    expect(() => detectFormat(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'list-format-unknown' }));
  });

  it('takes a type or a map into account', () => {
    expect(detectFormat(Buffer.from('anything'), { type: 'pdq' })).toBe('lines');
    expect(detectFormat(Buffer.from('nr,hash\n'), { map: { hash: 'md5' } })).toBe('csv');
  });
});

describe('opening an input', () => {
  async function* cut(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  }
  const readAll = async (input: AsyncIterable<Uint8Array>) => {
    const { head, all: chunks } = await openInput(input);
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const all = Buffer.concat(parts);
    expect(all.subarray(0, head.length).equals(head)).toBe(true);
    return all.toString();
  };
  const text = Array.from({ length: 5000 }, (_, i) => `${md5(i)}\n`).join('');

  it('passes plain bytes through', async () => {
    expect(await readAll(cut(Buffer.from(text), 1000))).toBe(text);
    expect(await readAll(cut(Buffer.from('a'), 1))).toBe('a');
    expect(await readAll(cut(Buffer.alloc(0), 1))).toBe('');
  });

  it('unpacks gzip, of several members too', async () => {
    const zipped = Buffer.concat([gzipSync(text.slice(0, 70_000)), gzipSync(text.slice(70_000))]);
    for (const length of [13, 777, 1 << 20]) expect(await readAll(cut(zipped, length))).toBe(text);
  });

  it.each([
    ['cut short', (zipped: Buffer) => zipped.subarray(0, -20)],
    ['damaged', (zipped: Buffer) => Buffer.concat([zipped.subarray(0, 500), Buffer.alloc(50), zipped.subarray(550)])],
  ])('says when gzip data are %s', async (_, damage) => {
    await expect(readAll(cut(damage(gzipSync(text)), 100))).rejects.toMatchObject({ code: 'list-malformed' });
  });

  it('passes on what the source throws', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield gzipSync(text).subarray(0, 100);
      throw new Error('the line broke');
    }
    await expect(readAll(failing())).rejects.toThrow('the line broke');
  });

  it('makes every parser', () => {
    for (const format of ['csv', 'jsonl', 'lines', 'typed', 'vics'] as const) expect(parserFor(format)).toBeDefined();
  });
});
