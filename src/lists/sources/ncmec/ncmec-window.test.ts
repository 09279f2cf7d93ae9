import { describe, expect, it } from 'vitest';
import { checkNext, estimateRecords } from './ncmec-window.js';

const BASE = 'https://example.org/hashsharing';
const ASKED = { from: Date.UTC(2017, 9, 20) / 1_000, to: Date.UTC(2017, 9, 30) / 1_000 };
const RANGE = 'from=2017-10-20T00%3A00%3A00.000Z&to=2017-10-30T00%3A00%3A00Z';

describe('the next page of a window', () => {
  it('is below the environment, however it is written', () => {
    const path = `/v2/entries?${RANGE}&start=2001&size=1000&max=3000`;
    for (const next of [path, `${BASE}${path}`, `/hashsharing${path}`, path.replaceAll('&', '&amp;')]) {
      expect(checkNext(next, BASE, ASKED)).toBe(path);
    }
    expect(checkNext(path, 'http://127.0.0.1:8080', ASKED)).toBe(path);
    expect(checkNext('/v2/entries?cursor=abc', BASE, ASKED)).toBe('/v2/entries?cursor=abc');
  });

  it('is nowhere else, and of no other range', () => {
    for (const next of [
      ...['', '/v2/members?x', '/v2/entries', 'v2/entries?x', `https://example.net/hashsharing/v2/entries?${RANGE}`],
      ...[`//example.net/v2/entries?${RANGE}`, `/v2/../v1/entries?${RANGE}`, `/v2/entries?${'x'.repeat(5_000)}`],
      `/v2/entries?${RANGE.replace('20T', '21T')}`,
      `/v2/entries?${RANGE.replace('30T', '29T')}`,
      '/v2/entries?from=yesterday&to=now',
    ]) {
      expect(() => checkNext(next, BASE, ASKED), next).toThrow(expect.objectContaining({ code: 'source-malformed' }));
    }
  });

  it('tells about how many records there are, or at least one more', () => {
    expect(estimateRecords(1_000, '/v2/entries?start=1001&size=1000&max=50000')).toBe(49_999);
    for (const next of ['/v2/entries?start=1001', '/v2/entries?start=a&max=b', '/v2/entries?start=9&max=1']) {
      expect(estimateRecords(1_000, next)).toBe(1_001);
    }
  });
});
