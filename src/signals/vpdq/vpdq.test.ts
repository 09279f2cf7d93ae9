import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHex } from '../text-decoding.js';
import { vpdq } from './vpdq.js';
import { MAX_VPDQ_FRAMES, type VpdqFrame, vpdqHash, vpdqSeconds, writeVpdqValue } from './vpdq-frame.js';
import { formatVpdqFile, formatVpdqItem, formatVpdqJson, parseVpdq, readVpdq, readVpdqItem } from './vpdq-text.js';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const seconds = fc.nat(36_000_000).map((ms) => ms / 1000);
const frame = fc.record({ frame: fc.nat(1_000_000), seconds, quality: fc.nat(100), pdq: hash });
const frames = fc.array(frame, { minLength: 1, maxLength: 40 });
const numbered = (all: readonly VpdqFrame[]) => all.map((each, i) => ({ ...each, frame: i }));

/** Reads leniently: what could be read, and the numbers of what could not. */
function readAll(text: string) {
  const good: VpdqFrame[] = [];
  const bad: number[] = [];
  const form = readVpdq(text, { frame: (each) => good.push(each), bad: (number) => bad.push(number) });
  return { form, good, bad };
}

describe('a frame as a value', () => {
  it('holds its hash and its time, to the millisecond', () => {
    fc.assert(
      fc.property(hash, fc.nat(0xffffffff), (pdq, ms) => {
        const value = new Uint8Array(vpdq.bytes);
        writeVpdqValue({ pdq, seconds: ms / 1000 }, value);
        expect(vpdqHash(value)).toEqual(pdq);
        expect(vpdqSeconds(value)).toBe(ms / 1000);
        const text = formatVpdqItem({ pdq, quality: 77, seconds: ms / 1000 });
        expect(vpdq.parse(text)).toEqual(value);
      }),
    );
  });

  it('is as far from another as their hashes, whatever their times', () => {
    fc.assert(
      fc.property(hash, fc.nat(255), seconds, seconds, (pdq, bit, one, other) => {
        const a = new Uint8Array(vpdq.bytes);
        const b = new Uint8Array(vpdq.bytes);
        writeVpdqValue({ pdq, seconds: one }, a);
        writeVpdqValue(
          { pdq: pdq.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)), seconds: other },
          b,
        );
        expect(vpdq.distance(a, b)).toBe(1);
      }),
    );
  });

  it('is all zero when its hash is', () => {
    const value = new Uint8Array(vpdq.bytes);
    writeVpdqValue({ pdq: new Uint8Array(32), seconds: 5 }, value);
    expect(vpdq.unusable(value)).toBe('all-zero');
  });
});

describe('the texts of a video', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(frames, (all) => {
        expect(parseVpdq(formatVpdqFile(all))).toEqual(all);
        expect(parseVpdq(formatVpdqJson(all))).toEqual(numbered(all));
        expect(readAll(formatVpdqFile(all)).form).toBe('lines');
        expect(readAll(formatVpdqJson(all)).form).toBe('json');
      }),
    );
  });

  it('are read with other line ends, empty lines, a byte order mark, more fields, capitals and white space', () => {
    fc.assert(
      fc.property(frames, (all) => {
        const lines = formatVpdqFile(all).toUpperCase().trimEnd().split('\n');
        expect(parseVpdq(`\uFEFF\r\n${lines.map((line) => `  ${line},more\t`).join('\r\n\r\n')}`)).toEqual(all);
        const json = all.map((each) => ` ${formatVpdqItem(each).toUpperCase()}\n`);
        expect(parseVpdq(`\uFEFF \n${JSON.stringify(json, null, 2)}\n`)).toEqual(numbered(all));
      }),
    );
  });

  it('are read from objects, and with three significant digits of time as the Python package writes them', () => {
    const pdq = encodeHex(new Uint8Array(32).fill(0xa5));
    expect(parseVpdq(JSON.stringify([{ frame: 30, pdq, quality: 99, seconds: 1.001 }]))[0]).toMatchObject({
      frame: 30,
      quality: 99,
      seconds: 1.001,
    });
    expect(parseVpdq(JSON.stringify([{ hash: pdq, quality: '7', timestamp: '12' }]))[0]).toMatchObject({
      frame: 0,
      quality: 7,
      seconds: 12,
    });
    expect(parseVpdq(`["${pdq},100,1.23e+02"]`)[0]?.seconds).toBe(123);
  });

  it('tell the number of each frame that cannot be read, and read the others', () => {
    const spoil = fc.constantFrom(
      (line: string) => line.replace(/[0-9a-f]{64}/, (hex) => `${hex.slice(1)}g`),
      (line: string) => line.replace(/[0-9a-f]{64}/, (hex) => hex.slice(2)),
      (line: string) => line.replace(/[0-9a-f]{64}/, (hex) => `${hex}00`),
      (line: string) => line.replace(/,[^,]*$/, ',nan'),
      (line: string) => line.replace(/,[^,]*$/, ',-1'),
      (line: string) => line.replace(/,[^,]*$/, ',1e99'),
      (line: string) => line.replace(/,[^,]*$/, ','),
      (line: string) => line.replace(/,[^,]*$/, ''),
      (line: string) => line.replace(/^(\d+),\d+,([0-9a-f]{64})/, '$1,101,$2').replace(/^([0-9a-f]{64}),\d+/, '$1,101'),
      (line: string) => `${line.slice(0, 4)}é${line.slice(4)}`,
      () => 'not a frame',
    );
    fc.assert(
      fc.property(frames, spoil, fc.nat(), (all, change, where) => {
        const at = where % all.length;
        const others = all.filter((_, i) => i !== at);
        const lines = formatVpdqFile(all).trimEnd().split('\n');
        lines[at] = change(lines[at] as string);
        expect(readAll(lines.join('\n'))).toEqual({ form: 'lines', good: others, bad: [at + 1] });
        const items = all.map((each) => formatVpdqItem(each));
        items[at] = change(items[at] as string);
        const read = readAll(JSON.stringify(items));
        expect(read.bad).toEqual([at + 1]);
        expect(read.good).toEqual(numbered(all).filter((_, i) => i !== at));
        const hex = encodeHex((all[at] as VpdqFrame).pdq);
        for (const text of [lines.join('\n'), JSON.stringify(items)]) {
          const error = { code: 'signal-invalid', detail: `vpdq: frame ${at + 1}` };
          expect(() => parseVpdq(text)).toThrow(expect.objectContaining(error));
          expect(() => parseVpdq(text)).toThrow(
            expect.objectContaining({ message: expect.not.stringContaining(hex.slice(2, 60)) }),
          );
        }
      }),
    );
  });

  it('are refused when they are no frames at all', () => {
    for (const text of ['', ' \n\t', '[', '[]', '["a"', '{}', 'null', '[null]', '[[]]', '[1]', ',,,', '\u0000']) {
      expect(() => parseVpdq(text), text).toThrow(expect.objectContaining({ code: 'signal-invalid' }));
    }
    expect(readVpdqItem('x'.repeat(100_000), 0)).toBeUndefined();
  });

  it('are refused beyond the most frames', () => {
    const one = { frame: 0, seconds: 0, quality: 100, pdq: new Uint8Array(32).fill(1) };
    const most = formatVpdqFile(Array.from({ length: MAX_VPDQ_FRAMES }, () => one));
    expect(parseVpdq(most)).toHaveLength(MAX_VPDQ_FRAMES);
    expect(() => parseVpdq(most + formatVpdqFile([one]))).toThrow(expect.objectContaining({ code: 'signal-invalid' }));
  });
});
