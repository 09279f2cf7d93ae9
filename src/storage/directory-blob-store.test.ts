import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore, ListedBlob } from './blob-store.js';
import { type CreateFile, DirectoryBlobStore } from './directory-blob-store.js';
import { errnoOf } from './durable-file.js';

describe('blobs in a directory', () => {
  let root: string;
  let store: BlobStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-blobs-'));
    await mkdir(join(root, 'segments'));
    await mkdir(join(root, 'tmp'));
    store = storeIn(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  const storeIn = (path: string, create?: CreateFile): BlobStore =>
    new DirectoryBlobStore(join(path, 'segments'), join(path, 'tmp'), create);

  const put = async (...parts: Uint8Array[]): Promise<string> => {
    const writer = await store.create();
    for (const part of parts) await writer.write(part);
    const { id } = await writer.commit();
    return id;
  };

  const listed = async (): Promise<ListedBlob[]> => {
    const blobs = [];
    for await (const blob of store.list()) blobs.push(blob);
    return blobs;
  };

  it('are named by their content and read back at any place', async () => {
    const content = randomBytes(100_000);
    const id = await put(content.subarray(0, 1000), content.subarray(1000));
    expect(id).toBe(createHash('sha256').update(content).digest('hex'));
    expect(await store.has(id)).toBe(true);
    expect(await listed()).toMatchObject([{ id, bytes: 100_000 }]);
    const source = await store.open(id);
    const shared = new Uint8Array(new SharedArrayBuffer(5000));
    await source.readInto(99_000, 1000, shared.subarray(7));
    expect(Buffer.from(Uint8Array.from(shared.subarray(7, 1007))).equals(content.subarray(99_000))).toBe(true);
    await source.close();
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('are the same when they are written twice', async () => {
    expect(await put(Buffer.from('same'))).toBe(await put(Buffer.from('sa'), Buffer.from('me')));
    expect(await listed()).toHaveLength(1);
  });

  it('are not seen before the commit, and leave nothing when they are given up', async () => {
    const writer = await store.create();
    await writer.write(Buffer.from('half'));
    expect(await listed()).toEqual([]);
    await writer.abort();
    await writer.abort();
    await expect(writer.write(Buffer.from('more'))).rejects.toMatchObject({ code: 'internal' });
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('can be deleted, also twice and while they are read', async () => {
    const id = await put(Buffer.from('content'));
    const source = await store.open(id);
    await store.delete(id);
    await store.delete(id);
    const target = new Uint8Array(7);
    await source.readInto(0, 7, target);
    expect(Buffer.from(target).toString()).toBe('content');
    await source.close();
    expect(await store.has(id)).toBe(false);
    await expect(store.open(id)).rejects.toMatchObject({ code: 'blob-not-found' });
  });

  it('are never looked for outside of the directory', async () => {
    await writeFile(join(root, 'secret'), 'x');
    for (const id of ['../secret', '', 'ab', `${'0'.repeat(63)}/`, 'A'.repeat(64)]) {
      await expect(store.open(id)).rejects.toMatchObject({ code: 'blob-not-found' });
    }
  });

  it.each(['write', 'sync'] as const)('leave nothing behind when the disk is full at %s', async (at) => {
    const failing = storeIn(root, async (path) => {
      const file = await open(path, 'wx');
      const full = async (): Promise<never> => {
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      };
      return Object.assign(file, { [at]: full });
    });
    const writer = await failing.create();
    const writing = writer.write(Buffer.from('content')).then(() => writer.commit());
    await expect(writing).rejects.toMatchObject({ code: 'disk-full' });
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
    expect(await listed()).toEqual([]);
  });

  it('leave nothing behind on a disk that is really full', async (context) => {
    const small = join(root, 'small');
    await mkdir(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      context.skip('skipped: mounting a small file system needs root');
    }
    try {
      await mkdir(join(small, 'segments'));
      await mkdir(join(small, 'tmp'));
      const onSmall = storeIn(small);
      const writer = await onSmall.create();
      await expect(writer.write(randomBytes(2 ** 20))).rejects.toMatchObject({ code: 'disk-full' });
      expect(await readdir(join(small, 'tmp'))).toEqual([]);
      const second = await onSmall.create();
      await second.write(randomBytes(100_000));
      expect(await onSmall.has((await second.commit()).id)).toBe(true);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('tell the system error when it is another', async () => {
    const broken = storeIn(join(root, 'nowhere'));
    const failed = await broken.create().catch((thrown: unknown) => thrown);
    expect(errnoOf(failed)).toBe('internal');
  });
});
