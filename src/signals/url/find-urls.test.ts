import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findUrls } from './find-urls.js';
import { normalUrl, urlKey } from './normal-url.js';

const urls = (text: string) => [...findUrls(text)].map(({ url }) => url);

describe('findUrls', () => {
  it.each([
    ['see https://example.org/a, then', ['https://example.org/a']],
    ['see example.org/path?x=1#y.', ['example.org/path?x=1#y']],
    ['(example.org/a_(b))', ['example.org/a_(b)']],
    ['<a href="http://example.org/x">', ['http://example.org/x']],
    ['„example.org“', ['example.org']],
    ['mail a@example.org!', ['example.org']],
    ['EXAMPLE.ORG:8080/a', ['EXAMPLE.ORG:8080/a']],
    ['no address here: 3 apples', []],
    ['HTTPS://[2001:db8::1]/a', ['HTTPS://[2001:db8::1]/a']],
  ])('finds in %j', (text, wanted) => {
    expect(urls(text)).toEqual(expect.arrayContaining(wanted));
    if (wanted.length === 0) expect(urls(text)).toEqual([]);
  });

  it('finds each reading in scripts without spaces', () => {
    expect(urls('请看example.org/a。谢谢')).toEqual(expect.arrayContaining(['example.org/a']));
    expect(urls('请看https://example.org/路径，谢谢')).toEqual(expect.arrayContaining(['https://example.org/路径']));
    expect(urls('смотриexample.org!')).toEqual(expect.arrayContaining(['example.org']));
    expect(urls('bücher.example')).toEqual(expect.arrayContaining(['bücher.example']));
  });

  it('finds addresses within addresses, and beside each other', () => {
    const found = urls('https://archive.example/web/https://example.org/a');
    expect(found).toEqual(
      expect.arrayContaining(['https://archive.example/web/https://example.org/a', 'https://example.org/a']),
    );
    expect(urls('http://a.example/xhttp://b.example/y')).toEqual(
      expect.arrayContaining(['http://a.example/x', 'http://b.example/y']),
    );
  });

  it('finds a listed address whatever stands around it, and says where', () => {
    const around = fc.constantFrom(' ', '\n', '(', ') ', '"', '「', '」', '。', ', ', '…', '\u00a0', '!');
    const address = fc.constantFrom('https://example.org/a/b?c=d', 'example.org/a', 'www.example.org', '127.0.0.1/x');
    fc.assert(
      fc.property(
        fc.array(around, { maxLength: 4 }),
        address,
        fc.array(around, { maxLength: 4 }),
        (left, url, right) => {
          const text = `${left.join('')}${url}${right.join('')}`;
          const keys = [...findUrls(text)].map((found) => {
            expect(text.slice(found.from, found.to)).toBe(found.url);
            const normal = normalUrl(found.url);
            return normal && urlKey(normal);
          });
          const wanted = normalUrl(url);
          expect(keys).toContain(wanted && urlKey(wanted));
        },
      ),
    );
  });

  it.each([
    'a'.repeat(65_536),
    'a.'.repeat(32_768),
    'http:'.repeat(13_000),
    '.'.repeat(65_536),
    'a.b '.repeat(16_384),
    '\ud800'.repeat(65_536),
    `x.y/${'('.repeat(65_000)}`,
    `x.y/${')'.repeat(65_000)}`,
    '例。'.repeat(32_768),
    `${'例'.repeat(32_768)}.a`,
    '[::'.repeat(20_000),
  ])('reads %j in one pass', { timeout: 30_000 }, (text) => {
    let size = 0;
    for (const { url } of findUrls(text)) size += url.length;
    // Each place is read in a few ways at the most.
    expect(size).toBeLessThanOrEqual(text.length * 40);
  });
});
