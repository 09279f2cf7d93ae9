import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPhotoDnaHasher } from './photodna-hasher.js';

/** What stands in for a licensed hasher: 144 bytes that follow from the medium in a way that has nothing to do with PhotoDNA. */
const standIn = (bytes: Uint8Array): Buffer => Buffer.alloc(144, bytes[0] ?? 0);
const medium = Buffer.from([7, 1, 2, 3]);

describe('an outside PhotoDNA hasher', () => {
  let folder: string;
  let server: Server;
  let address: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vigie-hasher-'));
    const script = async (name: string, body: string): Promise<void> => {
      await writeFile(join(folder, name), `#!${process.execPath}\n${body}`);
      await chmod(join(folder, name), 0o755);
    };
    const read = 'let b = [];process.stdin.on("data", (c) => b.push(c)).on("end", () => {const m = Buffer.concat(b);';
    await script('good', `${read}console.log(Buffer.alloc(144, m[0]).toString(process.argv[2] ?? "base64"));});`);
    await script('none', `${read}});`);
    await script('fails', 'process.exit(3);');
    await script('talks', 'console.log("x".repeat(100000));');
    await script('hangs', 'setInterval(() => undefined, 1000);');
    await script('environment', 'console.log(process.env.VIGIE_KEY ?? "");');
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/good') response.end(standIn(Buffer.concat(chunks)).toString('hex'));
        else if (request.url === '/none') response.writeHead(204).end();
        else if (request.url === '/long') response.end('x'.repeat(100_000));
        else if (request.url === '/fails') response.writeHead(500).end();
        // Everything else is never answered.
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const command = (line: string) => createPhotoDnaHasher(join(folder, line));
  const endpoint = (path: string) => createPhotoDnaHasher(address + path);

  it('is none when the operator names none', () => {
    expect(createPhotoDnaHasher(undefined)).toBeUndefined();
    expect(createPhotoDnaHasher('  ')).toBeUndefined();
  });

  it.each([
    ['a command that writes base64', () => command('good')],
    ['a command that writes hexadecimal', () => command('good hex')],
    ['an endpoint', () => endpoint('/good')],
  ])('is %s', async (_what, make) => {
    expect(Buffer.from((await make()?.hash(medium)) ?? []).equals(standIn(medium))).toBe(true);
  });

  it.each([
    ['a command that writes nothing', () => command('none')],
    ['an endpoint that answers 204', () => endpoint('/none')],
  ])('may say that a medium has no hash: %s', async (_what, make) => {
    expect(await make()?.hash(medium)).toBeUndefined();
  });

  it.each([
    ['a command that is not there', () => command('missing')],
    ['a command that fails', () => command('fails')],
    ['a command that writes something else', () => command('talks')],
    ['an endpoint that fails', () => endpoint('/fails')],
    ['an endpoint that answers something else', () => endpoint('/long')],
    ['an endpoint that nobody listens at', () => createPhotoDnaHasher('http://127.0.0.1:9/')],
  ])('fails with one code: %s', async (_what, make) => {
    await expect(make()?.hash(medium)).rejects.toMatchObject({ code: 'hasher-failed' });
  });

  it.each([
    ['command', () => command('hangs')],
    ['endpoint', () => endpoint('/hangs')],
  ])('is given up when nobody waits any more: %s', async (_what, make) => {
    const gone = new AbortController();
    const hash = make()?.hash(medium, { signal: gone.signal });
    gone.abort();
    await expect(hash).rejects.toMatchObject({ code: 'hasher-failed' });
  });

  it('is told nothing of our environment', async () => {
    process.env['VIGIE_KEY'] = 'a'.repeat(288);
    try {
      expect(await command('environment')?.hash(medium)).toBeUndefined();
    } finally {
      delete process.env['VIGIE_KEY'];
    }
  });
});
