/** An outside scorer as operators switch it on: the service as it is run, and a classifier over HTTP. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { createClient } from '../src/client/public.js';
import { FaultServer } from '../src/lists/sources/testing/fault-server.js';
import { vigie } from './command.js';
import { startService } from './service.js';

const LONG = { timeout: 60_000, interval: 50 };
const lighthouse = fileURLToPath(new URL('../samples/pictures/lighthouse.jpg', import.meta.url));
const POLICY = `policy: 1
rules:
  - name: known
    when: { verdict: match }
    do: [hide]
  - name: probable
    when: { verdict: no-match, score-at-least: 0.8 }
    do: [open-case: { priority: 70 }]
`;

it('opens a case for what no list knows and the scorer does, and is not asked about the rest', {
  timeout: 180_000,
}, async () => {
  await using server = await FaultServer.open(() => {
    return { status: 200, contentType: 'application/json', body: '{"score":0.93,"version":"scenes-2.1"}' };
  });
  const args = ['--sample', '--decoders', '1', '--allow-fetch-from', '127.0.0.1', '--scorer-url', server.origin];
  await using service = await startService({
    args: [...args, '--scorer-version', 'scenes-2.1', '--scorer-timeout', '30s'],
    env: { VIGIE_SCORER_KEY: 'a-key-of-the-scorer' },
  });
  const client = createClient({ baseUrl: service.address, key: service.key });
  const { number } = await client.POST('/v1/policies', { body: { source: POLICY, note: 'a test' } });
  const params = { path: { number } };
  await client.POST('/v1/policies/{number}/activate', { params, body: { reason: 'a test' } });
  const share = async (id: string, bytes: Uint8Array) =>
    (await client.handIn({ platform: 'forum', id, surface: 'public' }, [{ bytes }])).id;
  const [known, unknown] = [
    await share('1', await readFile(lighthouse)),
    await share('2', await photographLikeJpeg(320, 240, 99)),
  ];
  const verdictOf = async (id: string) => (await client.GET('/v1/items/{id}', { params: { path: { id } } })).verdict;
  const score = { value: 0.93, scorer: 'scenes-2.1' };
  await vi.waitFor(async () => expect(await verdictOf(unknown)).toMatchObject({ verdict: 'no-match', score }), LONG);
  await vi.waitFor(async () => expect(await verdictOf(known)).toMatchObject({ verdict: 'match', score: null }), LONG);
  const { cases } = await client.GET('/v1/cases');
  expect(cases).toMatchObject([{ item: unknown, cause: 'score', priority: 70 }]);
  expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer a-key-of-the-scorer']);
  const figures = await client.GET('/metrics', { parseAs: 'text' });
  expect(figures).toContain('vigie_scores_total{outcome="scored"} 1');
  expect(service.log()).not.toContain('a-key-of-the-scorer');
});

it.each([
  ['an address without TLS', ['--scorer-url', 'http://scorer.example', '--scorer-version', 'a']],
  ['no version', ['--scorer-url', 'https://scorer.example']],
  ['another kind', ['--scorer-url', 'https://scorer.example', '--scorer-version', 'a', '--scorer-kinds', 'sound']],
])('refuses to start with %s', async (_what, options) => {
  const { code, stderr } = await vigie(['serve', '--data', '/nonexistent/vigie', '--port', '0', ...options]);
  expect([code === 0, stderr.includes('scorer-')]).toEqual([false, true]);
});
