import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ObjectStore, startObjectStore } from '../../../test/s3.js';
import type { BlobStore } from '../blob-store.js';
import { DirectoryBlobStore } from '../directory-blob-store.js';
import { S3BlobStore } from './s3-blob-store.js';
import { parseS3Place, s3Credentials } from './s3-place.js';
import { parseListing } from './s3-xml.js';

interface Options {
  readonly endpoint?: string;
  readonly key?: string;
  readonly secret?: string;
  readonly bucket?: string;
  readonly keepCopies?: boolean;
  readonly around?: (cache: BlobStore) => BlobStore;
}

describe('an object store on a bad day', () => {
  let objects: ObjectStore;
  let root: string;

  beforeEach(async () => {
    objects = await startObjectStore();
    root = await mkdtemp(join(tmpdir(), 'vigie-s3-store-'));
  });
  afterEach(async () => {
    await objects.stop();
    await rm(root, { recursive: true });
  });

  const open = async (machine: string, options: Options = {}) => {
    const { around = (cache: BlobStore) => cache } = options;
    const cache = join(root, machine);
    for (const name of ['segments', 'tmp']) await mkdir(join(cache, name), { recursive: true });
    const environment = {
      ...objects.environment,
      VIGIE_S3_ENDPOINT: options.endpoint ?? objects.environment['VIGIE_S3_ENDPOINT'],
    };
    return new S3BlobStore({
      place: parseS3Place(options.bucket ?? objects.bucket, environment),
      cache: around(new DirectoryBlobStore(join(cache, 'segments'), join(cache, 'tmp'))),
      credentials: { accessKeyId: options.key ?? 'S3RVER', secretAccessKey: options.secret ?? 'S3RVER' },
      partBytes: 1_000_000,
      keepCopies: options.keepCopies ?? true,
    });
  };

  const write = async (store: S3BlobStore, content: Uint8Array): Promise<string> => {
    const writer = await store.create();
    await writer.write(content);
    return (await writer.commit()).id;
  };

  /** Kills the store and starts it again, once, when so many bytes have passed. */
  const stumbling = (after: number) => {
    let passed = 0;
    let fell = false;
    return async (bytes: number): Promise<void> => {
      passed += bytes;
      if (fell || passed < after) return;
      fell = true;
      await objects.crash();
      await objects.restart();
    };
  };

  it('is waited for when it goes away in the middle of an upload and of a download', async () => {
    const content = randomBytes(5_500_000);
    // A part is read twice, to be signed and to be sent: this is in the middle of sending the third.
    const sent = stumbling(5_600_000);
    const id = await write(
      await open('one', {
        around: (cache) =>
          Object.assign(Object.create(cache) as BlobStore, {
            create: () => cache.create(),
            has: (id: string) => cache.has(id),
            delete: (id: string) => cache.delete(id),
            open: async (id: string) => {
              const source = await cache.open(id);
              return {
                size: source.size,
                close: () => source.close(),
                readInto: async (offset: number, length: number, target: Uint8Array) => {
                  await sent(length);
                  await source.readInto(offset, length, target);
                },
              };
            },
          }),
      }),
      content,
    );
    const received = stumbling(3_000_000);
    const store = await open('two', {
      around: (cache) =>
        Object.assign(Object.create(cache) as BlobStore, {
          has: (id: string) => cache.has(id),
          open: (id: string) => cache.open(id),
          create: async () => {
            const writer = await cache.create();
            return {
              commit: () => writer.commit(),
              abort: () => writer.abort(),
              write: async (bytes: Uint8Array) => {
                await received(bytes.length);
                await writer.write(bytes);
              },
            };
          },
        }),
    });
    const source = await store.open(id);
    const back = Buffer.alloc(content.length);
    await source.readInto(0, back.length, back);
    expect(back.equals(content)).toBe(true);
    await source.close();
    expect(await readdir(join(root, 'two', 'tmp'))).toEqual([]);
  });

  it('that stays away is told, and leaves nothing behind', async () => {
    const store = await open('one');
    await objects.crash();
    await expect(write(store, Buffer.from('content'))).rejects.toMatchObject({
      code: 'store-unavailable',
      detail: 'the object store: ECONNREFUSED',
    });
    expect((await readdir(root, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())).toEqual([]);
    await expect(store.has('0'.repeat(64))).rejects.toMatchObject({ code: 'store-unavailable' });
  }, 60_000);

  it('that refuses the key or has no such bucket is told without either', async () => {
    const geheim = await open('one', { key: 'geheim', secret: 'geheim' });
    const refused = await write(geheim, Buffer.from('x')).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'store-unavailable', detail: 'the object store says InvalidAccessKeyId' });
    expect(JSON.stringify([refused, String(refused)])).not.toMatch(/geheim|127\.0\.0\.1/);
    await expect(write(await open('two', { bucket: 's3://another' }), Buffer.from('x'))).rejects.toMatchObject({
      code: 'store-unavailable',
      detail: 'the object store says NoSuchBucket',
    });
  });

  it('that gives other bytes than were stored is found out', async () => {
    const liar = createServer((_, answer) => answer.end('other bytes')).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => liar.once('listening', resolve));
      const { port } = liar.address() as AddressInfo;
      const store = await open('one', { endpoint: `http://127.0.0.1:${port}` });
      await expect(store.open('0'.repeat(64))).rejects.toMatchObject({ code: 'seal-damaged' });
      expect((await readdir(root, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())).toEqual(
        [],
      );
    } finally {
      liar.close();
    }
  });

  it('is asked with requests that are signed as AWS Signature Version 4 says', async () => {
    const wrong: string[] = [];
    const server = createServer(async (request, answer) => {
      const body = createHash('sha256');
      for await (const chunk of request) body.update(chunk as Uint8Array);
      const expected = signatureOf(request, body.digest('hex'), 'secret/+=');
      if (request.headers.authorization?.split('Signature=')[1] !== expected)
        wrong.push(`${request.method} ${request.url}`);
      const upload = request.url?.endsWith('uploads=') ? '<UploadId>a/b+c</UploadId>' : '<ETag>x</ETag>';
      answer.setHeader('etag', '"x"').end(upload);
    }).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const store = await open('one', {
        endpoint: `http://127.0.0.1:${port}`,
        secret: 'secret/+=',
        bucket: 's3://bucket/some_prefix/a.b',
      });
      const id = await write(store, randomBytes(2_500_000));
      await write(store, Buffer.from('small'));
      await store.has(id);
      for await (const _ of store.list()) expect.unreachable();
      await store.delete(id);
      expect(wrong).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('is asked only once by many who want the same at once', async () => {
    const id = await write(await open('one'), randomBytes(3_000_000));
    const store = await open('two');
    const sources = await Promise.all(Array.from({ length: 8 }, () => store.open(id)));
    for (const source of sources) await source.close();
    expect(await readdir(join(root, 'two', 'tmp'))).toEqual([]);
  });

  it('leaves no copy of what is read once, also when several read it', async () => {
    const id = await write(await open('one', { keepCopies: false }), randomBytes(3_000_000));
    const store = await open('two', { keepCopies: false });
    const sources = await Promise.all(Array.from({ length: 4 }, () => store.open(id)));
    for (const source of sources) {
      await source.readInto(2_999_990, 10, new Uint8Array(10));
      await source.close();
    }
    expect((await readdir(root, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())).toEqual([]);
  });

  it('is not asked again for what was read before, and old copies of what is gone are let go', async () => {
    const [one, two] = [await open('one'), await open('two')];
    const id = await write(one, Buffer.from('content'));
    await (await two.open(id)).close();
    await one.delete(id);
    await (await two.open(id)).close();
    const copy = join(root, 'two', 'segments', id.slice(0, 2), id);
    await utimes(copy, new Date(0), new Date(0));
    for await (const _ of two.list()) expect.unreachable();
    await expect(two.open(id)).rejects.toMatchObject({ code: 'blob-not-found' });
  });
});

describe('the place of an object store', () => {
  it('is read from its address and the environment', () => {
    const environment = { VIGIE_S3_ENDPOINT: 'https://store.example:9000/', VIGIE_S3_REGION: 'eu-1' };
    expect(parseS3Place('s3://some-bucket/a/b/', environment)).toEqual({
      endpoint: 'https://store.example:9000',
      region: 'eu-1',
      bucket: 'some-bucket',
      prefix: 'a/b/',
    });
    expect(parseS3Place('s3://some-bucket', environment).prefix).toBe('');
  });

  it('is refused when it is none', () => {
    const endpoint = { VIGIE_S3_ENDPOINT: 'http://127.0.0.1' };
    for (const text of ['s3://', 's3://A', 's3://bucket/%2e', 's3:bucket']) {
      expect(() => parseS3Place(text, endpoint)).toThrow(expect.objectContaining({ code: 'usage' }));
    }
    for (const address of [undefined, 'ftp://host', 'http://user:geheim@host', 'nonsense']) {
      expect(() => parseS3Place('s3://bucket', { VIGIE_S3_ENDPOINT: address })).toThrow(
        expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('geheim') }),
      );
    }
    expect(() => s3Credentials({ AWS_ACCESS_KEY_ID: 'a' })).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

/** AWS Signature Version 4, from its description ("Signature Calculations for the Authorization Header"). */
function signatureOf(request: IncomingMessage, payload: string, secret: string): string {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const [, scope = '', names = ''] =
    /Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+)/.exec(request.headers.authorization ?? '') ?? [];
  const url = new URL(request.url ?? '', 'http://host');
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [request.method, url.pathname, query.join('&'), headers.join(''), names, payload].join('\n');
  const [day = '', region = '', service = '', end = ''] = scope.split('/');
  const key = [region, service, end].reduce((key, part) => hmac(key, part), hmac(`AWS4${secret}`, day));
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  return hmac(key, text).toString('hex');
}

it('reads a page of a listing', () => {
  const page = (more: string) =>
    `<?xml version="1.0"?><ListBucketResult>${more}<Contents><Key>a/b</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>
    <ETag>&quot;x&quot;</ETag><Size>12</Size></Contents></ListBucketResult>`;
  const objects = [{ key: 'a/b', bytes: 12, modified: new Date('2026-01-02T03:04:05.678Z') }];
  expect(parseListing(page('<IsTruncated>false</IsTruncated>'))).toEqual({ objects, next: undefined });
  expect(
    parseListing(page('<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b=</NextContinuationToken>')),
  ).toEqual({ objects, next: 'a&b=' });
});
