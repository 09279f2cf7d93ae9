import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manhattan, squaredEuclidean } from './photodna/photodna.js';
import { SIGNAL_TYPE_NAMES } from './signal-type.js';
import { SIGNAL_TYPES, signalType } from './signal-types.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.each(SIGNAL_TYPE_NAMES)('%s', (name) => {
  const type = SIGNAL_TYPES[name];
  const value = fc.uint8Array({ minLength: type.bytes, maxLength: type.bytes });

  it('reads what it writes, in hexadecimal of either case, in base64, with or without padding, with space around', () => {
    fc.assert(
      fc.property(value, (bytes) => {
        const hex = Buffer.from(bytes).toString('hex');
        const base64 = Buffer.from(bytes).toString('base64');
        const texts = [type.format(bytes), hex, hex.toUpperCase(), base64, base64.replaceAll('=', ''), ` \t${hex}\r\n`];
        for (const text of [...texts, Buffer.from(bytes).toString('base64url')]) {
          expect(type.parse(text)).toEqual(bytes);
        }
      }),
    );
  });

  it('reads inside a larger buffer and touches nothing else of the target', () => {
    fc.assert(
      fc.property(value, fc.nat(40), (bytes, offset) => {
        const text = type.format(bytes);
        const source = bytesOf(`xx${text}yy`);
        const target = new Uint8Array(type.bytes + 80).fill(7);
        expect(type.parseInto(source, 2, 2 + text.length, target, offset)).toBe(true);
        expect(target.slice(offset, offset + type.bytes)).toEqual(bytes);
        expect(target.slice(0, offset).every((byte) => byte === 7)).toBe(true);
        expect(target.slice(offset + type.bytes).every((byte) => byte === 7)).toBe(true);
      }),
    );
  });

  it('refuses other lengths and foreign digits without repeating them', () => {
    fc.assert(
      fc.property(value, fc.nat(), (bytes, where) => {
        const hex = Buffer.from(bytes).toString('hex');
        const spoilt = `${hex.slice(0, where % hex.length)}g${hex.slice((where % hex.length) + 1)}`;
        for (const text of [hex.slice(1), `${hex}0`, spoilt, '', 'é'.repeat(hex.length)]) {
          const error = expect.objectContaining({ code: 'signal-invalid', message: expect.not.stringContaining(hex) });
          expect(() => type.parse(text)).toThrow(error);
        }
      }),
    );
  });

  it('has distance 0 to itself, the same in both directions', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(type.distance(a, a)).toBe(0);
        expect(type.distance(a, b)).toBe(type.distance(b, a));
      }),
    );
  });

  it('tells the all-zero value', () => {
    expect(type.unusable(new Uint8Array(type.bytes))).toBe('all-zero');
    expect(type.unusable(new Uint8Array(type.bytes).fill(1))).toBeUndefined();
  });
});

describe('signal types', () => {
  it('tells the hashes of an empty file', () => {
    const { md5, sha1, sha256 } = SIGNAL_TYPES;
    expect(md5.unusable(md5.parse('D41D8CD98F00B204E9800998ECF8427E'))).toBe('empty-file');
    expect(sha1.unusable(sha1.parse('2jmj7l5rSw0yVb/vlWAYkK/YBwk='))).toBe('empty-file');
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(sha256.unusable(sha256.parse(empty))).toBe('empty-file');
  });

  it('counts the differing bits of two PDQ hashes', () => {
    const a = SIGNAL_TYPES.pdq.parse('f'.repeat(64));
    expect(SIGNAL_TYPES.pdq.distance(a, SIGNAL_TYPES.pdq.parse('0'.repeat(64)))).toBe(256);
    expect(SIGNAL_TYPES.pdq.distance(a, SIGNAL_TYPES.pdq.parse(`7${'f'.repeat(63)}`))).toBe(1);
    expect(SIGNAL_TYPES.pdq.distance(a, SIGNAL_TYPES.pdq.parse(`${'f'.repeat(62)}a5`))).toBe(4);
  });

  it('compares PhotoDNA by either metric', () => {
    const a = new Uint8Array(144).fill(10);
    const b = new Uint8Array(144).fill(13);
    expect(squaredEuclidean(a, b)).toBe(144 * 9);
    expect(manhattan(a, b)).toBe(144 * 3);
  });

  it('reads PhotoDNA written as numbers', () => {
    const values = Array.from({ length: 144 }, (_, i) => (i * 7) % 256);
    expect([...SIGNAL_TYPES.photodna.parse(values.join(','))]).toEqual(values);
    expect(() => SIGNAL_TYPES.photodna.parse(values.slice(1).join(','))).toThrow();
    expect(() => SIGNAL_TYPES.photodna.parse([...values.slice(1), 256].join(','))).toThrow();
    expect(() => SIGNAL_TYPES.photodna.parse([...values.slice(1), ''].join(','))).toThrow();
  });

  it('knows no other type', () => {
    expect(() => signalType('crc32')).toThrow(expect.objectContaining({ code: 'signal-type-unknown' }));
    expect(() => signalType('toString')).toThrow(expect.objectContaining({ code: 'signal-type-unknown' }));
  });
});
