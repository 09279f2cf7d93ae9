import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPhotoDnaHasher } from './photodna-hasher.js';

// Stands for a licensed hasher: it answers with what the medium tells it to.
const VALUE = Buffer.alloc(144, 7);
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const medium = Buffer.concat(chunks).toString();
      if (medium === 'none') response.writeHead(204).end();
      else if (medium === 'broken') response.writeHead(500).end();
      else if (medium === 'long') response.end('0'.repeat(1e6));
      else if (medium === 'silent') return;
      else response.end(medium === 'garbage' ? 'no hash' : VALUE.toString('base64'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hash`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const hash = async (place: string, medium: string, signal?: AbortSignal) =>
  await createPhotoDnaHasher(place)?.hash(Buffer.from(medium), signal === undefined ? {} : { signal });
const failed = { code: 'hasher-failed' };

describe('an outside hasher', () => {
  it('is an endpoint or a command, or nothing', async () => {
    expect(createPhotoDnaHasher(undefined)).toBeUndefined();
    expect(createPhotoDnaHasher(' ')).toBeUndefined();
    expect(Buffer.from((await hash(url, 'picture')) ?? [])).toEqual(VALUE);
  });

  it('that is an endpoint may have no hash, and fails in no other way than by its code', async () => {
    expect(await hash(url, 'none')).toBeUndefined();
    for (const medium of ['broken', 'long', 'garbage']) await expect(hash(url, medium)).rejects.toMatchObject(failed);
    await expect(hash('http://127.0.0.1:1/', 'x')).rejects.toMatchObject(failed);
    const gone = new AbortController();
    const silent = hash(url, 'silent', gone.signal);
    gone.abort();
    await expect(silent).rejects.toMatchObject(failed);
  });

  it('that is a command reads the medium from its standard input', async () => {
    await expect(hash('cat', 'no hash')).rejects.toMatchObject(failed);
    expect(await hash('cat', VALUE.toString('hex'))).toEqual(new Uint8Array(VALUE));
    expect(await hash('true', 'a medium that it does not read')).toBeUndefined();
  });

  it('that is a command fails by its code: not there, failing, talkative, given up', async () => {
    for (const command of ['/nowhere/at-all', 'false', 'yes']) {
      await expect(hash(command, 'x')).rejects.toMatchObject(failed);
    }
    const gone = new AbortController();
    const slow = hash('sleep 60', 'x', gone.signal);
    gone.abort();
    await expect(slow).rejects.toMatchObject(failed);
  });
});
