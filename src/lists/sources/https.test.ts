import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signalText } from '../testing/read-records.js';
import { https, webCredentials } from './https.js';
import type { SnapshotSource } from './source.js';
import { type Loopback, listenOnLoopback, loopbackHouse } from './testing/loopback.js';
import { take } from './testing/read-snapshot.js';

const list = (...seeds: readonly number[]) => `id,md5\n${seeds.map((n) => `e${n},${signalText('md5', n)}\n`).join('')}`;
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const ids = (taken: Awaited<ReturnType<typeof take>>) => taken?.records.map(({ id }) => id);
const NOW = Date.parse('2026-11-25T12:00:00Z');
const house = loopbackHouse(() => NOW);

describe('a list over HTTPS', () => {
  let server: Loopback;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let asked: IncomingMessage[];

  beforeEach(async () => {
    asked = [];
    server = await listenOnLoopback((request, response) => {
      asked.push(request);
      answer(request, response);
    });
  });
  afterEach(async () => await server[Symbol.asyncDispose]());

  const open = (credentials = {}, more = {}): SnapshotSource => {
    const settings = https.settings.parse({ url: `${server.address}/a/known.csv?x=1`, ...more });
    return https.open(settings, webCredentials.parse(credentials), house) as SnapshotSource;
  };
  const send = (response: ServerResponse, body: string | Uint8Array, headers = {}, status = 200) =>
    response.writeHead(status, { 'content-type': 'text/csv', ...headers }).end(body);

  it.each([
    ['an ETag', 'etag', '"1"', 'if-none-match'],
    ['a time', 'last-modified', 'Tue, 24 Nov 2026 10:00:00 GMT', 'if-modified-since'],
  ])('is fetched again only when it has changed, as told by %s', async (_, name, value, condition) => {
    answer = (request, response) =>
      request.headers[condition] === value
        ? response.writeHead(304).end()
        : send(response, list(1, 2), { [name]: value });
    const first = await take(open());
    expect(ids(first)).toEqual(['e1', 'e2']);
    expect(await take(open(), first?.checkpoint)).toBeUndefined();
    answer = (_request, response) => send(response, list(2), { [name]: 'other' });
    expect(ids(await take(open(), first?.checkpoint))).toEqual(['e2']);
    // Read in another way, it is another list.
    answer = (request, response) => send(response, list(1), request.headers[condition] ? { etag: '"kept"' } : {});
    await take(open({}, { map: { md5: 'md5' } }), first?.checkpoint);
    expect(asked.at(-1)?.headers[condition]).toBeUndefined();
  });

  it('is known by its content where the server tells nothing, and never taken in half changed', async () => {
    answer = (_request, response) => send(response, list(1, 2));
    const first = await take(open());
    expect([ids(first), asked.length]).toEqual([['e1', 'e2'], 2]);
    expect([await take(open(), first?.checkpoint), asked.length]).toEqual([undefined, 3]);
    answer = (_request, response) => send(response, list(asked.length));
    await expect(take(open(), first?.checkpoint)).rejects.toEqual(code('source-unreachable'));
  });

  it.each([
    ['on the way', { 'content-encoding': 'gzip' }],
    ['as a file', {}],
  ])('may be packed %s, and is bounded unpacked', async (_, headers) => {
    answer = (_request, response) => send(response, gzipSync(list(1)), { etag: '"1"', ...headers });
    expect(ids(await take(open()))).toEqual(['e1']);
    answer = (_request, response) => send(response, gzipSync('x'.repeat(1 << 20)), { etag: '"2"', ...headers });
    await expect(take(open({}, { maxBytes: 10_000 }))).rejects.toEqual(code('source-malformed'));
    answer = (_request, response) => send(response, gzipSync(list(1)).subarray(0, 30), { etag: '"3"', ...headers });
    await expect(take(open())).rejects.toEqual(code('source-malformed'));
  });

  it.each([
    [{ bearer: 'abc' }, 'authorization', 'Bearer abc'],
    [{ username: 'me', password: 'ü' }, 'authorization', `Basic ${Buffer.from('me:ü').toString('base64')}`],
    [{ header: 'X-Key', value: 'k1' }, 'x-key', 'k1'],
  ])('is asked for with credentials', async (credentials, name, value) => {
    answer = (_request, response) => send(response, list(1), { etag: '"1"' });
    await take(open(credentials));
    expect(asked[0]?.headers[name]).toBe(value);
  });

  it('takes no credentials in clear over the network, half ones, or in the address', () => {
    const opened = () => {
      const settings = https.settings.parse({ url: 'http://lists.example/known.csv' });
      return https.open(settings, { bearer: 'abc' }, loopbackHouse());
    };
    expect(opened).toThrow(code('request-invalid'));
    expect(webCredentials.safeParse({ username: 'me' }).success).toBe(false);
    expect(https.settings.safeParse({ url: 'https://me:secret@lists.example/' }).success).toBe(false);
    expect(https.settings.safeParse({ url: 'file:///etc/passwd' }).success).toBe(false);
  });

  it('follows redirects on the same host only, and not for ever', async () => {
    answer = (request, response) =>
      request.url === '/b'
        ? send(response, list(1), { etag: '"1"' })
        : response.writeHead(302, { location: '/b' }).end();
    expect(ids(await take(open({ bearer: 'abc' })))).toEqual(['e1']);
    expect(asked[1]?.headers.authorization).toBe('Bearer abc');
    await using other = await listenOnLoopback((_request, response) => send(response, list(9)));
    answer = (_request, response) => response.writeHead(302, { location: `${other.address}/` }).end();
    await expect(take(open())).rejects.toEqual(code('source-refused'));
    answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    await expect(take(open())).rejects.toEqual(code('source-refused'));
  });

  it.each([
    [401, {}, 'source-refused', undefined],
    [404, {}, 'source-refused', undefined],
    [304, {}, 'source-malformed', undefined],
    [500, {}, 'source-unreachable', undefined],
    [429, { 'retry-after': '3600' }, 'source-unreachable', 3_600],
    [503, { 'retry-after': new Date(NOW + 90_000).toUTCString() }, 'source-unreachable', 90],
    [429, { 'retry-after': '999999999' }, 'source-unreachable', 86_400],
    [200, { 'content-type': 'text/html; charset=utf-8' }, 'source-malformed', undefined],
    [206, { 'content-type': 'text/csv' }, 'source-malformed', undefined],
    [200, { 'content-encoding': 'br' }, 'source-malformed', undefined],
  ])('of an answer %i %j makes %s', async (status, headers, wanted, retryAfter) => {
    answer = (_request, response) => send(response, status === 304 ? '' : list(1), headers, status);
    await expect(take(open())).rejects.toEqual(expect.objectContaining({ code: wanted, retryAfter }));
  });

  it('is not taken in when it breaks off', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv', etag: '"1"', 'content-length': '5000' });
      response.write(list(1), () => response.destroy());
    };
    await expect(take(open())).rejects.toEqual(code('source-unreachable'));
  });

  it('tells at a test what it would be', async () => {
    answer = (_request, response) => send(response, list(1), { 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' });
    expect(await open().test(AbortSignal.timeout(20_000))).toEqual({
      format: 'csv',
      'last modified': 'Tue, 24 Nov 2026 10:00:00 GMT',
    });
    answer = (_request, response) => send(response, 'good morning');
    await expect(open().test(AbortSignal.timeout(20_000))).rejects.toEqual(code('source-malformed'));
  });
});
