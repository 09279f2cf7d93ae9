import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ObjectStore, startObjectStore } from '../../test/s3.js';
import type { BlobStore, ListedBlob } from './blob-store.js';
import { DirectoryBlobStore } from './directory-blob-store.js';
import { S3BlobStore } from './s3/s3-blob-store.js';
import { parseS3Place } from './s3/s3-place.js';

/** Small parts are not allowed by the real service, and s3rver does not mind. */
const PART_BYTES = 100_000;

let objects: ObjectStore;

const STORES = [
  {
    name: 'a directory',
    openIn: async (root: string): Promise<BlobStore> => {
      for (const name of ['segments', 'tmp']) await mkdir(join(root, name), { recursive: true });
      return new DirectoryBlobStore(join(root, 'segments'), join(root, 'tmp'));
    },
  },
  {
    name: 'an object store',
    openIn: async (root: string, machine = 'one'): Promise<BlobStore> => {
      const local = join(root, machine);
      for (const name of ['segments', 'tmp']) await mkdir(join(local, name), { recursive: true });
      const prefix = root.replace(/^.*vigie-blobs-/, '');
      return new S3BlobStore({
        place: parseS3Place(`${objects.bucket}/deep/${prefix}`, objects.environment),
        cache: new DirectoryBlobStore(join(local, 'segments'), join(local, 'tmp')),
        credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
        partBytes: PART_BYTES,
      });
    },
  },
] as const;

beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects?.stop());

/** What every blob store keeps, wherever it lies. */
describe.each(STORES)('blobs in $name', ({ openIn }) => {
  let root: string;
  /** Two processes on the same store, on machines of their own. */
  let store: BlobStore;
  let other: BlobStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-blobs-'));
    store = await openIn(root);
    other = await openIn(root, 'two');
  });
  afterEach(() => rm(root, { recursive: true }));

  const put = async (target: BlobStore, ...parts: Uint8Array[]): Promise<string> => {
    const writer = await target.create();
    for (const part of parts) await writer.write(part);
    const { id } = await writer.commit();
    return id;
  };

  const listed = async (): Promise<ListedBlob[]> => {
    const blobs = [];
    for await (const blob of store.list()) blobs.push(blob);
    return blobs.sort((a, b) => a.id.localeCompare(b.id));
  };

  const leftovers = async (): Promise<string[]> =>
    (await readdir(root, { recursive: true })).filter((path) => /tmp\//.test(path));

  it.each([0, 1000, PART_BYTES, 3 * PART_BYTES + 1])(
    'of %i bytes are named by their content and read back',
    async (size) => {
      const content = randomBytes(size);
      const id = await put(store, content.subarray(0, 300), content.subarray(300));
      expect(id).toBe(createHash('sha256').update(content).digest('hex'));
      for (const each of [store, other]) {
        expect(await each.has(id)).toBe(true);
        const source = await each.open(id);
        expect(source.size).toBe(size);
        const back = new Uint8Array(new SharedArrayBuffer(size + 7));
        await source.readInto(0, size, back.subarray(7));
        expect(Buffer.from(Uint8Array.from(back.subarray(7))).equals(content)).toBe(true);
        const end = new Uint8Array(Math.min(size, 10));
        await source.readInto(size - end.length, end.length, end);
        expect(Buffer.from(end).equals(content.subarray(size - end.length))).toBe(true);
        await source.close();
      }
      const [blob] = await listed();
      expect(blob).toMatchObject({ id, bytes: size });
      expect(Math.abs(Date.now() - (blob?.modified.getTime() ?? 0))).toBeLessThan(3_600_000);
      expect(await leftovers()).toEqual([]);
    },
  );

  it('are the same when two processes write them at once', async () => {
    const content = randomBytes(2 * PART_BYTES);
    const ids = await Promise.all([store, other, store].map((each) => put(each, content)));
    expect(new Set(ids).size).toBe(1);
    expect(await listed()).toHaveLength(1);
    const source = await other.open(ids[0] ?? '');
    const back = new Uint8Array(source.size);
    await source.readInto(0, back.length, back);
    expect(Buffer.from(back).equals(content)).toBe(true);
    await source.close();
  });

  it('are not seen before the commit, and leave nothing when they are given up', async () => {
    const writer = await store.create();
    await writer.write(Buffer.from('half'));
    expect(await listed()).toEqual([]);
    await writer.abort();
    await writer.abort();
    await expect(writer.write(Buffer.from('more'))).rejects.toMatchObject({ code: 'internal' });
    expect(await leftovers()).toEqual([]);
  });

  it('can be deleted, also twice and while they are read', async () => {
    const id = await put(store, Buffer.from('content'));
    const source = await store.open(id);
    await store.delete(id);
    await store.delete(id);
    const target = new Uint8Array(7);
    await source.readInto(0, 7, target);
    expect(Buffer.from(target).toString()).toBe('content');
    await source.close();
    for (const each of [store, other]) {
      expect(await each.has(id)).toBe(false);
      await expect(each.open(id)).rejects.toMatchObject({ code: 'blob-not-found' });
    }
  });

  it('are never looked for outside of their place', async () => {
    await writeFile(join(root, 'secret'), 'x');
    for (const id of ['../secret', '', 'ab', `${'0'.repeat(63)}/`, 'A'.repeat(64)]) {
      await expect(store.open(id)).rejects.toMatchObject({ code: 'blob-not-found' });
    }
  });

  it('are all listed', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, (_, i) => put(i % 2 ? store : other, Buffer.from([i]))));
    expect((await listed()).map(({ id }) => id)).toEqual([...ids].sort());
  });
});
