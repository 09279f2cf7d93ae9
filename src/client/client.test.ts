import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { createWebhookSecret, signatureHeaders } from '../effects/webhook-signature.js';
import { createClient, type VigieClientOptions, VigieProblem, verifyCallback } from './public.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const ITEM = { platform: 'forum', id: 'post-1', surface: 'public' } as const;
const receipt: Answer = (response) =>
  void response.writeHead(202, { 'content-type': 'application/json' }).end('{"id":"i1","state":"waiting"}');
const problem =
  (status: number, code: string, headers = {}): Answer =>
  (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ title: 'So it is.', status, code, remedy: 'Do this.', detail: 'here' }));

describe('the client', () => {
  let server: Server;
  /** One for each request; the last for all that follow. */
  let answers: Answer[];
  let asked: { readonly head: string; readonly body: string }[];
  const client = (more: Partial<VigieClientOptions> = {}) => {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return createClient({ baseUrl, key: 'the-key', ...more });
  };

  beforeEach(async () => {
    [answers, asked] = [[receipt], []];
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      asked.push({
        head: `${request.method} ${request.url} ${request.headers.authorization}`,
        body: Buffer.concat(chunks).toString('latin1'),
      });
      (answers.length > 1 ? answers.shift() : answers[0])?.(response, request);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives what the API describes, by its types', async () => {
    const given = await client().POST('/v1/items', { body: ITEM });
    expectTypeOf(given.state).toEqualTypeOf<'waiting' | 'told' | 'set-aside'>();
    expect(given).toEqual({ id: 'i1', state: 'waiting' });
    expect(asked).toEqual([{ head: 'POST /v1/items Bearer the-key', body: JSON.stringify(ITEM) }]);
    // @ts-expect-error there is no such route
    await client().GET('/v1/nothing');
    // @ts-expect-error an item has an id
    await client().POST('/v1/items', { body: { platform: 'forum', surface: 'public' } });
  });

  it('throws the problem that the service tells of, and what is none', async () => {
    answers = [problem(409, 'item-conflict')];
    const thrown = await client()
      .POST('/v1/items', { body: ITEM })
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(VigieProblem);
    expect(thrown).toMatchObject({ code: 'item-conflict', status: 409, detail: 'here', remedy: 'Do this.' });
    const page = '<!doctype html><title>Sorry</title>';
    for (const status of [200, 302, 404]) {
      answers = [(response) => void response.writeHead(status, { location: 'http://169.254.169.254/' }).end(page)];
      await expect(client().GET('/v1/status')).rejects.toMatchObject({ code: 'answer-odd' });
    }
  });

  it('comes back when it is asked to, with what may be sent twice, and not for longer than it may wait', async () => {
    answers = [problem(429, 'rate-exceeded', { 'retry-after': '0' }), (response) => void response.destroy(), receipt];
    expect(await client().handIn(ITEM, [{ bytes: Buffer.from('picture') }])).toMatchObject({ id: 'i1' });
    expect(asked).toHaveLength(3);
    asked = [];
    answers = [problem(503, 'queue-full', { 'retry-after': '31' })];
    await expect(client().GET('/v1/status')).rejects.toMatchObject({ code: 'queue-full', retryAfter: 31 });
    answers = [problem(503, 'shutting-down')];
    await expect(client().POST('/v1/links')).rejects.toMatchObject({ code: 'shutting-down' });
    await expect(client({ attempts: 2 }).GET('/v1/status')).rejects.toMatchObject({ code: 'shutting-down' });
    expect(asked).toHaveLength(4);
  });

  it('waits for no answer longer than it may, and ends with the caller', async () => {
    answers = [() => undefined];
    const late = { code: 'no-answer', status: undefined };
    await expect(client({ timeoutMs: 50, attempts: 2 }).GET('/v1/status')).rejects.toMatchObject(late);
    answers = [(response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"ver')];
    await expect(client({ timeoutMs: 50 }).GET('/v1/status')).rejects.toMatchObject(late);
    const stop = new AbortController();
    answers = [() => stop.abort(new Error('enough'))];
    await expect(client().GET('/v1/status', { signal: stop.signal })).rejects.toThrow('enough');
    const again = new AbortController();
    answers = [() => again.abort(new Error('enough'))];
    await expect(client().handIn(ITEM, [], { signal: again.signal })).rejects.toThrow('enough');
  });

  it('sends files as they flow, in the form that the service reads', async () => {
    async function* flowing() {
      for (const piece of ['one ', 'two ', 'three']) yield Buffer.from(piece);
    }
    const files = [
      { bytes: Buffer.from('as it is'), name: 'a "b"\r\nx: y' },
      { bytes: new Blob(['a blob']) },
      { bytes: flowing, name: 'flow.jpg' },
    ];
    await client().handIn(ITEM, files);
    const { body } = asked[0] ?? { body: '' };
    const boundary = /^--(\S+)/.exec(body)?.[1] ?? '';
    const parts = body.split(`--${boundary}`).slice(1, -1);
    expect(parts).toHaveLength(4);
    expect(parts[0]).toContain(`name="item"\r\ncontent-type: application/json\r\n\r\n${JSON.stringify(ITEM)}\r\n`);
    expect(parts[1]).toContain('filename="a %22b%22%0D%0Ax: y"');
    expect(parts.slice(1).map((part) => part.split('\r\n\r\n')[1])).toEqual([
      'as it is\r\n',
      'a blob\r\n',
      'one two three\r\n',
    ]);
  });
});

describe('verifyCallback', () => {
  const [secret, next, other] = [createWebhookSecret(), createWebhookSecret(), createWebhookSecret()];
  const body = '{"type":"order","data":{"act":"remove","item":"post-1","room":null,"account":null,"message":null}}';
  const now = 1_800_000_000_000;
  const signed = signatureHeaders({ id: 'a1', timestamp: now / 1_000, body }, [secret]);

  it('gives an order with its id, while secrets change, of headers of Node and of fetch', () => {
    for (const headers of [signed, new Headers(signed)]) {
      for (const secrets of [secret, [next, secret], [secret, next]]) {
        const callback = verifyCallback(headers, Buffer.from(body), secrets, { now: now + 299_000 });
        if (callback.type !== 'order') throw new Error('it is one');
        expect([callback.id, callback.data.act, callback.data.item]).toEqual(['a1', 'remove', 'post-1']);
      }
    }
  });

  it('refuses what another signed, changed, or sends again too late', () => {
    const refused = expect.objectContaining({ code: 'signature-invalid' });
    const check =
      (headers: object, text: string, secrets: string | string[], at = now) =>
      () =>
        verifyCallback(headers as Record<string, string>, text, secrets, { now: at });
    expect(check(signed, body, [next, other])).toThrow(refused);
    expect(check(signed, body, [])).toThrow(refused);
    expect(check(signed, body.replace('post-1', 'post-2'), secret)).toThrow(refused);
    expect(check({ ...signed, 'webhook-id': 'a2' }, body, secret)).toThrow(refused);
    expect(check(signed, body, secret, now + 301_000)).toThrow(refused);
    expect(check(signed, body, secret, now - 301_000)).toThrow(refused);
    expect(check({}, body, secret)).toThrow(refused);
    const odd = signatureHeaders({ id: 'a1', timestamp: now / 1_000, body: 'null' }, [secret]);
    expect(check(odd, 'null', secret)).toThrow(expect.objectContaining({ code: 'answer-odd' }));
  });
});
