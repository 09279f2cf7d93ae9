import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GuardedClient } from './guarded-client.js';
import { pulled } from './pulled.js';

const idle = new AbortController().signal;
const client = new GuardedClient({ allow: ['127.0.0.1'], timeoutMs: 10_000 });
let origin = '';
let close: () => Promise<void>;
let asked: ServerResponse[];
let closed: Promise<unknown>[];

beforeEach(async () => {
  asked = [];
  closed = [];
  const server = createServer(({ url }, response) => {
    asked.push(response);
    closed.push(new Promise((resolve) => response.once('close', () => resolve(response.writableFinished))));
    if (url === '/short') response.end('a word');
    else if (url === '/broken') response.write('half of', () => response.destroy());
    else response.write(Buffer.alloc(1 << 20));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterEach(() => close());

const read = (path: string, signal = idle) =>
  pulled((take, stop) => client.fetch(`${origin}${path}`, ({ body }) => take(body), { signal: stop }), signal);

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it('asks for nothing before it is read, and reads all', async () => {
  const short = read('/short');
  await textOf(read('/short'));
  expect(asked).toHaveLength(1);
  expect(await textOf(short)).toBe('a word');
  const given = read('/short');
  await given.return(undefined);
  expect(asked).toHaveLength(2);
});

it('closes the connection when its reader stops', async () => {
  for await (const chunk of read('/endless')) {
    expect(chunk.byteLength).toBeGreaterThan(0);
    break;
  }
  expect(await closed[0]).toBe(false);
});

it('fails as the call does', async () => {
  await expect(textOf(read('/broken'))).rejects.toMatchObject({ code: 'fetch-failed' });
  const stopping = new AbortController();
  const waiting = textOf(read('/endless', stopping.signal));
  stopping.abort(new Error('over'));
  await expect(waiting).rejects.toThrow('over');
  await expect(textOf(pulled(() => Promise.reject(new Error('no')), idle))).rejects.toThrow('no');
});
