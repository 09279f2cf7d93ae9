import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fetched, GuardedClient } from './guarded-client.js';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const read = async ({ body }: Fetched): Promise<string> => {
  const chunks = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

function chunked(body: string): string {
  return `${unfinished(body)}0\r\n\r\n`;
}

function unfinished(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n`;
}

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe('GuardedClient', () => {
  const open = { allow: ['127.0.0.1'] };

  it('reads a body from an address that is open', async () => {
    const url = await serve((_request, response) => response.end('picture'));
    await expect(new GuardedClient(open).fetch(url, read)).resolves.toBe('picture');
  });

  it('refuses loopback, and says nothing of the address', async () => {
    const url = await serve((_request, response) => response.end('secret'));
    await expect(new GuardedClient().fetch(url, read)).rejects.toEqual(code('url-forbidden'));
  });

  it.each([
    'http://[::1]/',
    'http://localhost/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://[::ffff:127.0.0.1]/',
  ])('refuses loopback written as %s', async (url) => {
    await expect(new GuardedClient().fetch(url, read)).rejects.toEqual(code('url-forbidden'));
  });

  it('judges what is written out in a URL without a look-up', () => {
    const client = new GuardedClient({ allow: ['10.1.0.0/16'], resolve: () => Promise.reject(new Error('asked')) });
    for (const url of [
      'ftp://a.example/',
      'file:///etc/passwd',
      'none',
      'http://u:p@a.example/',
      'http://u@a.example/',
    ])
      expect(() => client.assertUrl(url), url).toThrow(code('url-invalid'));
    for (const url of ['http://127.1/', 'http://[::ffff:10.2.0.1]/', 'https://169.254.169.254/', 'http://10.2.0.1:80/'])
      expect(() => client.assertUrl(url), url).toThrow(code('url-forbidden'));
    for (const url of ['https://a.example/x?y', 'http://localhost/', 'http://10.1.2.3/', 'http://93.184.216.34/'])
      expect(() => client.assertUrl(url), url).not.toThrow();
  });

  it.each([
    { framing: 'a length', head: 'Content-Length: 65536\r\n', wrap: (body: string) => body, whole: true },
    { framing: 'chunks', head: 'Transfer-Encoding: chunked\r\n', wrap: chunked, whole: true },
    { framing: 'its end', head: '', wrap: (body: string) => body, whole: true },
    {
      framing: 'a length it does not keep',
      head: 'Content-Length: 65537\r\n',
      wrap: (body: string) => body,
      whole: false,
    },
    { framing: 'chunks without the last', head: 'Transfer-Encoding: chunked\r\n', wrap: unfinished, whole: false },
  ])('reads late what a sender closed behind: $framing', async ({ head, wrap, whole }) => {
    const body = 'x'.repeat(65_536);
    let sent: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      sent = resolve;
    });
    const server = createSocketServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n${head}\r\n${wrap(body)}`, sent));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const readLate = async (fetched: Fetched) => {
      await closed;
      for (let turn = 0; turn < 100; turn++) await setImmediate();
      return await read(fetched);
    };
    const answer = new GuardedClient(open).fetch(`http://127.0.0.1:${port}/`, readLate);
    if (whole) expect((await answer) === body).toBe(true);
    else await expect(answer).rejects.toEqual(code('fetch-failed'));
    server.close();
  });

  it('judges every answer of the name service', async () => {
    const client = new GuardedClient({ resolve: async () => ['93.184.216.34', '10.0.0.1'] });
    await expect(client.fetch('http://mixed.example/', read)).rejects.toEqual(code('url-forbidden'));
  });

  it('connects to the address that was judged, whatever the name answers later', async () => {
    const url = await serve((request, response) => response.end(request.headers.host));
    let asked = 0;
    const resolve = async () => (asked++ === 0 ? ['127.0.0.1'] : ['10.9.9.9']);
    const client = new GuardedClient({ ...open, resolve });
    const { port } = new URL(url);
    await expect(client.fetch(`http://rebinding.example:${port}/`, read)).resolves.toBe(`rebinding.example:${port}`);
    expect(asked).toBe(1);
  });

  it('judges the target of a redirect again', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    });
    await expect(new GuardedClient(open).fetch(url, read)).rejects.toEqual(code('url-forbidden'));
  });

  it('follows a few redirects and then stops', async () => {
    const url = await serve((request, response) => {
      const hop = Number(request.url?.slice(1) || '0');
      if (hop === 3) response.end('arrived');
      else response.writeHead(302, { location: `/${hop + 1}` }).end();
    });
    await expect(new GuardedClient(open).fetch(`${url}/0`, read)).resolves.toBe('arrived');
    const loop = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    await expect(new GuardedClient(open).fetch(loop, read)).rejects.toEqual(code('fetch-failed'));
  });

  it.each(['file:///etc/passwd', 'ftp://example.org/a', 'no url', 'http://user:pw@example.org/'])(
    'takes no %s',
    async (url) => {
      await expect(new GuardedClient().fetch(url, read)).rejects.toEqual(code('url-invalid'));
    },
  );

  it('takes nothing but 200 for an answer', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end('an error page'));
    await expect(new GuardedClient(open).fetch(url, read)).rejects.toEqual(code('fetch-failed'));
  });

  it('gives up on an endpoint that never ends', async () => {
    const url = await serve((_request, response) => {
      response.write('begin');
    });
    const client = new GuardedClient({ ...open, timeoutMs: 200 });
    await expect(client.fetch(url, read)).rejects.toEqual(code('fetch-timeout'));
  });

  it('stops when the caller does', async () => {
    const gone = new AbortController();
    const url = await serve(() => gone.abort(new Error('client went away')));
    await expect(new GuardedClient(open).fetch(url, read, { signal: gone.signal })).rejects.toThrow('client went away');
  });
});
