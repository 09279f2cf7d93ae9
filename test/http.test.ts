import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import type { Problem } from '../src/errors.js';
import { programs } from '../src/media/video/testing/video-pools.js';
import type { Verdict } from '../src/scan/verdict.js';
import { type RunningService, startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

let service: RunningService;
let unknown: Buffer;
const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

beforeAll(async () => {
  const args = ['--sample', '--max-bytes', '1Mi', '--upload-timeout', '1s', '--decoders', '1'];
  service = await startService({ args });
  unknown = await photographLikeJpeg(640, 480, 3);
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
});

const sample = async (name: string): Promise<ArrayBuffer> =>
  await (await service.call('GET', `/v1/samples/${name}`)).arrayBuffer();
const post = async (path: string, body: unknown): Promise<Response> =>
  await service.call('POST', path, JSON.stringify(body), JSON_TYPE);
const read = async <T>(answer: Response): Promise<T> => (await answer.json()) as T;
const problem = async (answer: Response): Promise<[number, string]> => {
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const { status, code, title, remedy } = await read<Problem>(answer);
  expect([status, title.length > 0, remedy.length > 0]).toEqual([answer.status, true, true]);
  return [status, code];
};
type ImportLine = { readonly result?: object; readonly error?: Problem; readonly progress?: object };
/** Sends a list and reads the whole answer. @returns its last line */
const importList = async (path: string, body: string | Uint8Array): Promise<ImportLine> => {
  const answer = await service.call('PUT', `/v1/lists/${path}`, body, BYTES_TYPE);
  const text = await answer.text();
  if (answer.status !== 200) return { error: JSON.parse(text) as Problem };
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as ImportLine;
};
const lookup = async (type: string, value: string): Promise<string[]> => {
  const { results } = await read<{ results: { matches: { list: string; entry: string }[] }[] }>(
    await post('/v1/lookup', { signals: [{ type, value }] }),
  );
  return (results[0]?.matches ?? []).map(({ list, entry }) => `${list}/${entry}`);
};
const keyFor = async (...scopes: string[]): Promise<Record<string, string>> => {
  const { key } = await read<{ key: string }>(await post('/v1/keys', { name: 'a key', scopes }));
  return { authorization: `Bearer ${key}` };
};

/** Lines of a raw HTTP exchange, for what a well-behaved client cannot do. */
async function raw(head: readonly string[], body: Buffer | undefined): Promise<string> {
  const { hostname, port } = new URL(service.address);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('close', () => resolve(text));
    socket.once('error', reject);
    socket.write(`${[...head, `Host: ${hostname}`, `Authorization: Bearer ${service.key}`].join('\r\n')}\r\n\r\n`);
    if (body !== undefined) socket.write(body);
  });
}

describe('POST /v1/scan', () => {
  it('gives the verdict that each sample is made for', async () => {
    const { samples } = await read<{ samples: { name: string; expect: string }[] }>(
      await service.call('GET', '/v1/samples'),
    );
    expect(samples.length).toBeGreaterThan(8);
    for (const { name, expect: made } of samples) {
      const unseen = programs === undefined && /\.(webm|mp4)$/.test(name) && name !== 'crossing.mp4';
      const wanted = unseen ? 'could-not-tell' : made;
      const verdict = await read<Verdict>(await service.call('POST', '/v1/scan', await sample(name), BYTES_TYPE));
      expect(`${name}: ${verdict.verdict}`).toBe(`${name}: ${wanted}`);
    }
  });

  it('takes the one file of a form, and says what is wrong with any other form', async () => {
    const form = (...parts: [string, string | Blob][]): FormData => {
      const data = new FormData();
      for (const [name, value] of parts) data.append(name, value);
      return data;
    };
    const file = new Blob([await sample('lighthouse-small.jpg')]);
    const scan = (data: FormData) => service.call('POST', '/v1/scan', data);
    expect((await read<Verdict>(await scan(form(['media', file])))).verdict).toBe('match');
    expect(await problem(await scan(form(['media', file], ['media', file])))).toEqual([400, 'request-invalid']);
    expect(await problem(await scan(form(['other', file])))).toEqual([400, 'request-invalid']);
    expect(await problem(await scan(form(['media', 'text'])))).toEqual([400, 'request-invalid']);
    expect(await problem(await scan(form()))).toEqual([400, 'request-invalid']);
  });

  it('counts the signals that it looks up, and none of a request that it refuses', async () => {
    const counted = async () => {
      const text = await (await service.call('GET', '/metrics')).text();
      return Number(/^vigie_lookup_signals_total\{type="md5"\} (\d+)/m.exec(text)?.[1] ?? 0);
    };
    const lookUp = async (...values: string[]) => {
      const signals = values.map((value) => ({ type: 'md5', value }));
      return (await service.call('POST', '/v1/lookup', JSON.stringify({ signals }), JSON_TYPE)).status;
    };
    const before = await counted();
    expect(await lookUp('ab'.repeat(16), 'no signal')).toBe(400);
    expect(await counted()).toBe(before);
    expect(await lookUp('ab'.repeat(16), 'cd'.repeat(16))).toBe(200);
    expect(await counted()).toBe(before + 2);
  });

  it('refuses what it cannot take', async () => {
    const scan = (body: string | Uint8Array, headers: Record<string, string>) =>
      service.call('POST', '/v1/scan', body, headers);
    expect(await problem(await scan('x', { 'content-type': 'text/plain' }))).toEqual([415, 'content-type-unsupported']);
    expect(await problem(await scan('{', JSON_TYPE))).toEqual([400, 'request-invalid']);
    expect(await problem(await scan('{"uri":""}', JSON_TYPE))).toEqual([400, 'request-invalid']);
    const own = JSON.stringify({ url: `${service.address}/healthz` });
    expect(await problem(await scan(own, JSON_TYPE))).toEqual([400, 'url-forbidden']);
    expect(await problem(await scan('{"url":"file:///etc/passwd"}', JSON_TYPE))).toEqual([400, 'url-invalid']);
    const unread = await service.call('POST', '/v1/scan?threshold=1000', unknown, BYTES_TYPE);
    expect(await problem(unread)).toEqual([400, 'request-invalid']);
  });

  it('refuses a 2-GB upload at its head, and one that does not tell its size when it grows too large', async () => {
    const scan = 'POST /v1/scan HTTP/1.1';
    const type = 'Content-Type: application/octet-stream';
    const declared = await raw([scan, type, `Content-Length: ${2 ** 31}`], Buffer.alloc(1_000));
    expect(declared).toMatch(/^HTTP\/1.1 413 .*"code":"media-too-large"/s);
    const chunk = Buffer.alloc(2 ** 20 + 1);
    const framed = Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
    expect(await raw([scan, type, 'Transfer-Encoding: chunked'], framed)).toMatch(/^HTTP\/1.1 413 /);
  });

  it.each([
    ['POST /v1/scan HTTP/1.1', 'application/octet-stream'],
    ['POST /v1/lookup HTTP/1.1', 'application/json'],
    ['PUT /v1/lists/slow/import HTTP/1.1', 'application/octet-stream'],
  ])('ends a client that stops sending: %s', async (line, type) => {
    const answer = await raw([line, `Content-Type: ${type}`, 'Content-Length: 1000'], Buffer.from('{"si'));
    expect(answer).toMatch(/^HTTP\/1.1 408 .*"code":"request-too-slow"/s);
  });

  it('shows of a match what the key may see', async () => {
    const small = await sample('lighthouse-small.jpg');
    const listed = hex(32);
    const csv = `id,pdq\nsecret,${listed}\n`;
    await importList('secrets/import', csv);
    const scan = async (headers: Record<string, string>) =>
      (await read<Verdict>(await service.call('POST', '/v1/scan', small, { ...BYTES_TYPE, ...headers }))).matches[0];
    const seen = async (headers: Record<string, string>) => {
      const body = JSON.stringify({ signals: [{ type: 'pdq', value: listed }] });
      const { results } = await read<{ results: { matches: Verdict['matches'] }[] }>(
        await service.call('POST', '/v1/lookup', body, { ...JSON_TYPE, ...headers }),
      );
      return results[0]?.matches[0];
    };
    const bare = await keyFor('scan', 'lookup');
    expect(await scan(bare)).not.toHaveProperty('distance');
    expect(await seen(bare)).toMatchObject({ entry: 'secret' });
    expect(await seen(bare)).not.toHaveProperty('fingerprint');
    expect(await seen(await keyFor('lookup', 'matches:detail'))).toMatchObject({ distance: 0 });
    expect(await seen(await keyFor('lookup', 'entries:read'))).toMatchObject({ fingerprint: { entry: listed } });
    // The sample list is no secret.
    expect(await scan(await keyFor('scan', 'matches:detail'))).toHaveProperty('fingerprint');
  });
});

describe('POST /v1/lookup', () => {
  it('answers in the order of the signals, bounded, and names a bad one by its place only', async () => {
    const near = Array.from({ length: 30 }, (_, i) => `near-${i},${'a5'.repeat(31)}${i.toString(16).padStart(2, '0')}`);
    const sha1 = hex(20);
    await importList('near/import', gzipSync(`id,pdq,sha1\n${near.join('\n')}\nexact,,${sha1}\n`));
    const signals = [
      { type: 'pdq', value: 'A5'.repeat(32) },
      { type: 'pdq', value: hex(32) },
      { type: 'sha1', value: sha1 },
    ];
    const { results } = await read<{ results: { matches: Verdict['matches']; total: number; truncated: boolean }[] }>(
      await post('/v1/lookup', { signals, limit: 5, threshold: 20 }),
    );
    expect(results.map(({ matches, total, truncated }) => [matches.length, total, truncated])).toEqual([
      [5, 30, true],
      [0, 0, false],
      [1, 1, false],
    ]);
    const value = `${hex(31)}zz`;
    const refused = await post('/v1/lookup', { signals: [...signals, { type: 'pdq', value }] });
    const told = await refused.text();
    expect([refused.status, told.includes('signals[3]'), told.includes(value.slice(0, 16))]).toEqual([
      400,
      true,
      false,
    ]);
    expect(service.log()).not.toContain(value.slice(0, 16));
  });
});

describe('lists', () => {
  it('loads all of a file or nothing, reports bad lines, and rolls back', async () => {
    const [one, two] = [hex(32), hex(32)];
    expect(
      await importList('tried/import?expires=2999-01-31&licence=test', `id,sha256\na,${one}\nb,xyz\n`),
    ).toMatchObject({
      result: {
        list: 'tried',
        version: 1,
        entries: 1,
        report: { records: 2, rejected: { 'malformed-signal': { count: 1, lines: [3] } } },
      },
    });
    expect(await lookup('sha256', one)).toEqual(['tried/a']);
    const refused = await importList('tried/import?maxRejected=0', `id,sha256\nc,${two}\nd,bad\n`);
    expect(refused.error?.code).toBe('list-too-many-rejected');
    expect(await lookup('sha256', two)).toEqual([]);
    await importList('tried/import', `id,sha256\nc,${two}\n`);
    expect([await lookup('sha256', one), await lookup('sha256', two)]).toEqual([[], ['tried/c']]);
    const back = await read<{ version: number; expires: string }>(await post('/v1/lists/tried/rollback', {}));
    expect(back).toMatchObject({ version: 1, expires: expect.stringMatching(/^2999-01-31/) });
    expect([await lookup('sha256', one), await lookup('sha256', two)]).toEqual([['tried/a'], []]);
    expect((await importList('tried/import?map=x%3Dy', 'x')).error?.code).toBe('request-invalid');
    expect((await importList('UPPER/import', 'x')).error?.code).toBe('request-invalid');
    expect((await service.call('DELETE', '/v1/lists/tried')).status).toBe(200);
    expect(await lookup('sha256', one)).toEqual([]);
    expect(await problem(await service.call('GET', '/v1/lists/tried'))).toEqual([404, 'list-not-found']);
  });

  it('judges matches by rules that are changed as it runs', async () => {
    const small = await sample('lighthouse-small.jpg');
    const scan = async () =>
      await read<Verdict & { scan: string }>(await service.call('POST', '/v1/scan', small, BYTES_TYPE));
    const change = async (list: string, rules: object) => await post(`/v1/lists/${list}/rules`, rules);
    const before = await scan();
    expect(before).toMatchObject({ verdict: 'match', matches: [{ list: 'sample' }], withoutEffect: [] });
    const listed = before.matches[0]?.fingerprint?.query ?? '';

    expect(await read(await change('sample', { shadow: true }))).toEqual({
      ...{ role: 'block', shadow: true, rules: {}, thresholds: {}, sampleRatio: 1 },
    });
    const tried = await scan();
    expect(tried).toMatchObject({ verdict: 'no-match', reason: 'nothing-known', matches: [], total: 0 });
    expect(tried.withoutEffect).toMatchObject([{ list: 'sample', shadow: true }]);
    const { events } = await read<{ events: unknown[] }>(
      await service.call('GET', `/v1/audit/events?subject=scan:${tried.scan}`),
    );
    expect(events).toEqual([]);
    expect(await (await service.call('GET', '/metrics')).text()).toMatch(
      /vigie_matches_without_effect_total\{why="shadow"\} 1/,
    );
    await change('sample', { shadow: false });

    await importList('good/import', `id,pdq\nlighthouse,${listed}\n`);
    expect((await scan()).matches.map(({ list }) => list)).toContain('good');
    await change('good', { role: 'allow' });
    const overruled = await scan();
    expect(overruled).toMatchObject({ verdict: 'no-match', reason: 'nothing-known', total: 0 });
    expect(overruled.withoutEffect).toMatchObject([
      { list: 'sample', overruledBy: { list: 'good', entry: 'lighthouse' } },
    ]);
    const { results } = await read<{ results: Verdict[] }>(
      await post('/v1/lookup', { signals: [{ type: 'pdq', value: listed }] }),
    );
    expect(results).toMatchObject([{ matches: [], total: 0, withoutEffect: [{ list: 'sample' }] }]);

    await change('good', { sampleRatio: 0 });
    expect((await scan()).verdict).toBe('match');
    await change('sample', { rules: { grades: ['no such grade'] } });
    expect(await scan()).toMatchObject({ verdict: 'no-match', withoutEffect: [] });
    await change('sample', { rules: {} });
    expect((await scan()).verdict).toBe('match');
    for (const bad of [
      { role: 'friend' },
      { rules: { grade: ['A'] } },
      { thresholds: { md5: 1 } },
      { sampleRatio: 2 },
    ]) {
      expect(await problem(await change('sample', bad))).toEqual([400, 'request-invalid']);
    }
    expect(await problem(await change('nowhere', { shadow: true }))).toEqual([404, 'list-not-found']);
    expect((await service.call('DELETE', '/v1/lists/good')).status).toBe(200);
  });

  it('says what is wrong with a list that it stops reading at its beginning', async () => {
    const { error } = await importList('unreadable/import?format=auto', randomBytes(2 ** 20));
    expect(error?.code).toBe('list-format-unknown');
  });

  it('adds, shows, withdraws and restores entries, with effect when it answers', async () => {
    const [one, two] = [hex(16), hex(32)];
    await importList('living/import', `id,md5\nold,${hex(16)}\n`);
    const added = await post('/v1/lists/living/entries', {
      entries: [
        {
          id: 'new',
          grade: 'B',
          signals: [
            { type: 'md5', value: one },
            { type: 'pdq', value: two, quality: 80 },
          ],
        },
        { signals: [{ type: 'sha1', value: hex(20) }] },
      ],
    });
    expect(added.status).toBe(201);
    expect((await read<{ ids: string[] }>(added)).ids).toEqual(['new', expect.stringMatching(/^x/)]);
    expect(await lookup('md5', one)).toEqual(['living/new']);
    expect(await read(await service.call('GET', '/v1/lists/living/entries/new'))).toMatchObject({
      id: 'new',
      grade: 'B',
      status: 'active',
      signals: [
        { type: 'md5', value: one, active: true },
        { type: 'pdq', value: two, quality: 80, active: true },
      ],
    });
    const change = (verb: string, body: unknown) => post(`/v1/lists/living/entries/new/${verb}`, body);
    expect(await problem(await change('withdraw', {}))).toEqual([400, 'request-invalid']);
    expect((await change('withdraw', { reason: 'a test' })).status).toBe(200);
    expect([await lookup('md5', one), await lookup('pdq', two)]).toEqual([[], []]);
    expect((await change('dispute', { reason: 'a test' })).status).toBe(200);
    expect((await change('restore', { reason: 'a test' })).status).toBe(200);
    expect([await lookup('md5', one), await lookup('pdq', two)]).toEqual([['living/new'], ['living/new']]);
    expect(await problem(await post('/v1/lists/living/entries/none/withdraw', { reason: 'x' }))).toEqual([
      404,
      'entry-not-found',
    ]);
    expect(
      await problem(await post('/v1/lists/living/entries', { entries: [{ signals: [{ type: 'md5', value: 'no' }] }] })),
    ).toEqual([400, 'signal-invalid']);
  });

  it('lets a list out only at a deliberate word, and takes it back as it was', async () => {
    const csv = `id,pdq,quality,grade\na,${hex(32)},77,C\n`;
    await importList('out/import', csv);
    expect(await problem(await service.call('GET', '/v1/lists/out/export'))).toEqual([403, 'export-refused']);
    const text = await (await service.call('GET', '/v1/lists/out/export?allowed=true')).text();
    await importList('back/import', text);
    expect(await (await service.call('GET', '/v1/lists/back/export?allowed=true')).text()).toBe(text);
    expect(await problem(await service.call('GET', '/v1/lists/none/export?allowed=true'))).toEqual([
      404,
      'list-not-found',
    ]);
  });
});

describe('the service', () => {
  it('answers what is not there with a problem, and tells of itself', async () => {
    expect(await problem(await service.call('GET', '/v1/nothing'))).toEqual([404, 'not-found']);
    expect(await read(await fetch(`${service.address}/readyz`))).toEqual({ ready: true, reasons: [] });
    expect(await read(await service.call('GET', '/v1/status'))).toMatchObject({
      ready: true,
      decoders: { processes: 1 },
    });
  });

  it('answers what it has begun when it is told to stop, and refuses the rest', { timeout: 120_000 }, async () => {
    await using own = await startService({ args: ['--decoders', '1'] });
    const pictures = await Promise.all([1, 2, 3, 4].map((seed) => photographLikeJpeg(1_600, 1_200, seed)));
    const scans = Array.from({ length: 24 }, async (_, i) => {
      // Other bytes each time: nothing comes from the cache.
      const body = Buffer.concat([pictures[i % 4] ?? unknown, Buffer.from([i])]);
      const answer = await own.call('POST', '/v1/scan', body, BYTES_TYPE);
      return answer.status === 200 ? (await read<Verdict>(answer)).verdict : (await problem(answer))[1];
    });
    await scans[0];
    const stopped = own.stop();
    const ended = await Promise.all(scans.map((scan) => scan.catch(() => 'refused')));
    expect(await stopped).toBe(0);
    const known = new Set(['no-match', 'shutting-down', 'refused']);
    expect(ended.filter((each) => !known.has(each))).toEqual([]);
    expect(ended.filter((each) => each === 'no-match').length).toBeGreaterThan(1);
    expect(own.log()).not.toMatch(/internal|Error:/);
  });
});
