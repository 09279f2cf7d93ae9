import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalUrl, urlKey } from '../../signals/url/normal-url.js';
import { parseUrlEntry, type UrlEntry } from '../../signals/url/url-entry.js';
import { UrlTable } from './url-table.js';

const host = fc
  .array(fc.constantFrom('a', 'b', 'www', 'xn--bcher-kva'), { minLength: 1, maxLength: 4 })
  .map((all) => `${all.join('.')}.example`);
const path = fc
  .array(fc.constantFrom('a', 'b', 'ab', '%2F'), { maxLength: 4 })
  .map((all) => all.map((each) => `/${each}`).join(''));
const address = fc
  .tuple(
    fc.oneof(host, fc.constantFrom('127.0.0.1', '[::1]')),
    fc.constantFrom('', ':81'),
    path,
    fc.constantFrom('', '?a', '?a=1&b'),
  )
  .map((parts) => parts.join(''));
const entry = fc
  .tuple(address, fc.constantFrom('exact' as const, 'prefix' as const, 'host' as const))
  .map(([text, kind]) =>
    parseUrlEntry(kind === 'exact' ? text : text.replace(kind === 'host' ? /[/?].*$/ : /\?.*$/, ''), kind),
  );

/** As the documentation says it, without tables. */
function falls(text: string, { kind, key }: UrlEntry): boolean {
  const url = normalUrl(text);
  if (url === undefined) return false;
  if (kind === 'exact') return urlKey(url) === key;
  const place = `${url.host}${url.port}${url.path}`;
  if (kind === 'prefix') return place === key || place.startsWith(`${key}/`);
  return [url.host, `${url.host}${url.port}`].some(
    (whole) => whole === key || (!url.address && whole.endsWith(`.${key}`)),
  );
}

describe('UrlTable', () => {
  it('finds what a walk through all entries finds', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), fc.array(address, { maxLength: 10 }), (read, asked) => {
        const entries = read.filter((each) => typeof each === 'object');
        const table = new UrlTable(UrlTable.build(entries));
        for (const text of asked) {
          const url = normalUrl(text);
          const rows = url === undefined ? [] : table.find(url);
          const wanted = entries.flatMap((each, row) => (falls(text, each) ? [row] : []));
          expect(rows.sort((a, b) => a - b)).toEqual(wanted);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is searched for long addresses too', () => {
    const entries = [parseUrlEntry('example.org/*'), parseUrlEntry('example.org')].filter(
      (each) => typeof each === 'object',
    );
    const table = new UrlTable(UrlTable.build(entries));
    const url = normalUrl(`${'a.'.repeat(30_000)}example.org/${'a/'.repeat(30_000)}`);
    expect(url && table.find(url)).toEqual([1]);
    const below = normalUrl(`example.org/${'a/'.repeat(30_000)}`);
    expect(below && table.find(below)).toEqual([0, 1]);
  });
});

describe('parseUrlEntry', () => {
  it.each([
    ['example.org', 'host', 'example.org'],
    ['*.example.org', 'host', 'example.org'],
    ['https://www.example.org:8080', 'host', 'example.org:8080'],
    ['example.org/', 'exact', 'example.org'],
    ['http://example.org/a?b=1', 'exact', 'example.org/a?b=1'],
    ['example.org/a/*', 'prefix', 'example.org/a'],
    ['https://example.org/*', 'prefix', 'example.org'],
  ])('reads %s as %s', (text, kind, key) => {
    expect(parseUrlEntry(text)).toEqual({ kind, key });
  });

  it.each([
    ['org', 'too-broad'],
    ['*.org', 'too-broad'],
    ['example.org/a*', 'malformed'],
    ['example.org/a?b=*', 'malformed'],
    ['ftp://example.org/', 'malformed'],
    ['*', 'malformed'],
    ['', 'malformed'],
  ])('refuses %s', (text, why) => {
    expect(parseUrlEntry(text)).toBe(why);
  });
});
