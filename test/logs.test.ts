import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { photographLikeJpeg } from '../bench/pictures.js';
import { formsOf } from './forms-of.js';
import { startService } from './service.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

/** Everything that a service is asked, well and badly, at the most talkative level; then its log is searched. */
it('logs nothing of what it was asked about, by whom, with which key or address', { timeout: 120_000 }, async () => {
  await using service = await startService({ args: ['--log', 'trace', '--decoders', '1', '--upload-timeout', '1s'] });
  const picture = Buffer.concat([await photographLikeJpeg(320, 240, 5), randomBytes(16)]);
  const md5 = createHash('md5').update(picture).digest();
  const sha1 = createHash('sha1').update(picture).digest();
  const listed = randomBytes(32);
  const account = `account-${randomBytes(9).toString('hex')}@example.org`;
  const entry = `entry-${randomBytes(9).toString('hex')}`;
  const host = `${randomBytes(9).toString('hex')}.example`;
  const guessed = `vigie_${randomBytes(32).toString('base64url')}`;
  const secrets = [md5, sha1, listed, account, entry, host, guessed, service.key, service.link.split('#')[1] ?? ''];

  const statuses: number[] = [];
  const call = async (...args: Parameters<typeof service.call>): Promise<string> => {
    const answer = await service.call(...args);
    statuses.push(answer.status);
    return await answer.text();
  };
  const post = (path: string, body: unknown) => call('POST', path, JSON.stringify(body), JSON_TYPE);
  const authorised = { authorization: `Bearer ${guessed}`, cookie: `vigie_session=${guessed}` };

  const csv = `id,md5,sha256\n${entry},${md5.toString('hex')},${listed.toString('hex')}\n`;
  expect(await call('PUT', `/v1/lists/a-list/import?sourceName=${account}`, csv, BYTES_TYPE)).toContain('"result"');
  await call('PUT', '/v1/lists/bad/import', `md5\n${md5.toString('hex')}x\n"${listed.toString('hex')}\n`, BYTES_TYPE);
  await call('PUT', `/v1/lists/${account}/import?map=${entry}`, csv, BYTES_TYPE);
  expect(await call('POST', '/v1/scan', picture, BYTES_TYPE)).toContain('"match"');
  await call('POST', `/v1/scan?ref=${account}`, picture, BYTES_TYPE);
  await call('POST', '/v1/scan', picture.subarray(0, 3_000), BYTES_TYPE);
  await call('POST', '/v1/scan', picture, { 'content-type': `image/${account}` });
  await post('/v1/scan', { url: `http://${host}/${entry}?token=${guessed}` });
  await post('/v1/scan', { url: `ftp://${host}`, ref: account });
  expect(await post('/v1/lookup', { signals: [{ type: 'sha256', value: listed.toString('hex') }] })).toContain(entry);
  await post('/v1/lookup', { signals: [{ type: 'md5', value: listed.toString('base64') }], account });
  await call('POST', '/v1/lookup', `{"signals": "${listed.toString('hex')}`, JSON_TYPE);
  await call('GET', `/v1/lists/a-list/entries/${entry}`);
  await post(`/v1/lists/a-list/entries/${entry}/withdraw`, { reason: account });
  await post(`/v1/lists/a-list/entries/${listed.toString('hex')}/withdraw`, { reason: account });
  const item = {
    platform: 'a-platform',
    id: entry,
    account,
    surface: 'public',
    text: guessed,
    links: [`http://${host}/`],
  };
  await post('/v1/items', { ...item, media: [{ url: `http://${host}/${entry}?token=${guessed}` }] });
  await post('/v1/items', { ...item, text: account });
  await post('/v1/items', { ...item, surface: account });
  await post('/v1/items', { ...item, id: `${entry}-2`, surface: 'private', media: [] });
  await call('GET', `/v1/items/${entry}`);
  await call('GET', '/v1/lists/a-list/export');
  await post('/v1/keys', { name: account, scopes: ['scan'] });
  await post('/v1/keys', { name: account, scopes: [guessed] });
  await call('GET', `/v1/${listed.toString('hex')}/${account}?key=${service.key}`);
  await call('DELETE', `/v1/scan?url=${encodeURIComponent(`https://${host}`)}`);
  await call('GET', '/v1/status', undefined, authorised);
  await call('POST', '/v1/sessions', JSON.stringify({ link: guessed }), JSON_TYPE);
  await raw(service.address, `GET /${listed.toString('hex')} HTTP/1.1\r\nx: \u0001${account}\r\n\r\n`);
  await raw(service.address, `NONSENSE ${account}\r\n\r\n`);
  await raw(
    service.address,
    `POST /v1/scan HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${service.key}\r\ncontent-length: 99\r\n\r\n${account}`,
  );

  expect(statuses.filter((status) => status === 500)).toEqual([]);
  expect(statuses.filter((status) => status >= 400).length).toBeGreaterThan(10);
  await service.stop();
  const log = service
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  expect(log.some((line) => line.includes('"level":"trace"'))).toBe(true);
  for (const line of log)
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), time: expect.any(String) });
  const text = log.join('\n');
  for (const secret of secrets) for (const form of formsOf(secret)) expect(text).not.toContain(form);
});

/** What no client would send. */
async function raw(address: string, text: string): Promise<void> {
  const { hostname, port } = new URL(address);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.end(text));
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    socket.resume();
  });
}
