import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalUrl, urlKey } from './normal-url.js';
import { unescapeBytes } from './percent.js';
import { TRACKING_PARAMETERS } from './tracking-parameters.js';

const key = (text: string) => {
  const url = normalUrl(text);
  return url && urlKey(url);
};

/** Spellings that are one, as docs/url-and-keyword-lists.md lists them. */
const SAME: readonly (readonly [string, ...string[]])[] = [
  ['example.org/a', 'http://example.org/a', 'https://example.org/a', '//example.org/a', 'hxxps://example[.]org/a'],
  ['example.org/a', 'HTTP://EXAMPLE.Org/a', ' https://Example.ORG/a '],
  ['example.org', 'http://example.org/', 'example.org:80', 'https://example.org:443/', 'http://example.org:443'],
  ['example.org:8080/a', 'http://example.org:8080/a'],
  ['example.org/a', 'www.example.org/a', 'http://www.www.example.org/a', 'example.org./a', 'http://example.org./a/'],
  ['example.org/a', 'http://user:secret@example.org/a', 'example.org/a#top', 'example.org/a?#', 'example.org/a?&&'],
  ['example.org/a', 'example.org/%61', 'example.org/%2561', 'example.org/%252561', 'example.org/%%36%31'],
  ['example.org/%C3%A9', 'example.org/é', 'example.org/%c3%a9', 'example.org/%25C3%A9'],
  ['example.org/(a)', 'example.org/%28a%29'],
  ['example.org/a%2Fb', 'example.org/a%2fb', 'example.org/a%252Fb'],
  ['example.org/a/b', 'example.org//a///b//', 'example.org/a/./b', 'example.org/a/x/../b', 'example.org\\a\\b'],
  ['example.org/a', 'example.org/x/%2e%2e/a', 'example.org/x/%252e%252e/a', 'example.org/./a'],
  ['example.org/?a=1&b=2', 'example.org?b=2&a=1', 'example.org/?b=2&&a=1', 'example.org/?a=%31&b=2'],
  ['example.org/?q=a%20b', 'example.org/?q=a+b', 'example.org/?q=a%2520b'],
  ['example.org/?a', 'example.org/?a='],
  ['xn--bcher-kva.example/', 'bücher.example', 'BÜCHER.example', 'http://b%C3%BCcher.example', 'XN--BCHER-KVA.example'],
  ['example.org', 'example。org', 'ｅｘａｍｐｌｅ．org', 'exam\u00ADple.org'],
  ['127.0.0.1/a', '0x7f.1/a', '2130706433/a', '0177.0.0.1/a', '127.1./a', '[::ffff:127.0.0.1]/a', '[::ffff:7f00:1]/a'],
  ['[2001:db8::1]/a', 'http://[2001:0DB8:0:0:0:0:0:1]/a'],
];

const DIFFERENT: readonly (readonly [string, string])[] = [
  ['example.org/a', 'example.org/A'],
  ['example.org/a', 'example.org/a?b'],
  ['example.org/a%2Fb', 'example.org/a/b'],
  ['example.org/?a=1', 'example.org/?a=2'],
  ['example.org/?q=a%2Bb', 'example.org/?q=a+b'],
  ['example.org:8080', 'example.org'],
  ['www.com', 'com'],
  ['аpple.example', 'apple.example'],
  ['example.org/%25', 'example.org/'],
];

describe('normalUrl', () => {
  it.each(SAME)('makes one of the spellings of %s', (first, ...others) => {
    expect(key(first)).toBeDefined();
    for (const other of others) expect(key(other), other).toBe(key(first));
  });

  it.each(DIFFERENT)('tells %s from %s', (one, other) => {
    expect(key(one)).toBeDefined();
    expect(key(other)).not.toBe(key(one));
  });

  it('takes away what only tracks, in upper case and escaped too', () => {
    for (const name of [...TRACKING_PARAMETERS, 'utm_source', 'UTM_CAMPAIGN', '%75tm_x']) {
      expect(key(`example.org/a?b=1&${name}=x`), name).toBe('example.org/a?b=1');
    }
  });

  it('says whether www. was there, so that nothing is lost', () => {
    expect(normalUrl('www.example.org')).toMatchObject({ host: 'example.org', www: true });
    expect(normalUrl('example.org')).toMatchObject({ host: 'example.org', www: false });
  });

  it.each([
    '',
    ' ',
    'ftp://example.org/a',
    'mailto:a@example.org',
    'tg://x',
    'http://',
    'http://a b/',
    'http://[::1',
    'example.org:99999',
    'http://.',
    '\ud800',
    'http://xn--a/',
  ])('gives nothing for %j', (text) => {
    expect(normalUrl(text)).toBeUndefined();
  });

  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.stringMatching(/^[%0-9a-fA-F25./\\?&=+#]{0,16}$/),
    fc.constantFrom('%2e', '%25', '%', '..', '/', '%C3', '%2500', '\ud800', 'é', '+', '%2B', '&', '='),
  );
  const address = fc
    .tuple(
      fc.constantFrom('', 'http://', 'https://', '//', 'u:p@'),
      fc.constantFrom('example.org', 'www.www.bücher.example.', '0x7f.1', '[::ffff:1.2.3.4]', 'a..b'),
      fc.constantFrom('', ':80', ':8080', '.'),
      fc.array(part, { maxLength: 12 }),
    )
    .map(([scheme, host, port, rest]) => `${scheme}${host}${port}/${rest.join('')}`);

  it('leaves normal forms as they are', () => {
    fc.assert(
      fc.property(address, (text) => {
        const once = key(text);
        if (once === undefined) return;
        expect(once).toMatch(/^[\x21-\x7e]+$/);
        expect(key(once)).toBe(once);
        expect(key(`https://www.${once}`)).toBe(/^[\d[]/.test(once) ? key(`https://www.${once}`) : once);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not held up by hostile escapes', () => {
    const nested = `example.org/%${'25'.repeat(50_000)}41`;
    expect(key(nested)).toBe('example.org/A');
    expect(key(`example.org/${'%'.repeat(50_000)}`)).toBe(`example.org/${'%25'.repeat(50_000)}`);
    expect(key(`example.org/${'../'.repeat(50_000)}a`)).toBe('example.org/a');
  });
});

describe('unescapeBytes', () => {
  it('opens what was escaped any number of times', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.integer({ min: 1, max: 4 }), (text, times) => {
        // A sign of percent of its own would be opened too.
        const plain = text.replaceAll('%', '');
        let escaped = plain;
        for (let i = 0; i < times; i++) escaped = encodeURIComponent(escaped);
        expect(new TextDecoder().decode(unescapeBytes(escaped))).toBe(plain);
      }),
    );
  });
});
