import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore, ListedBlob } from './blob-store.js';
import { type CreateFile, DirectoryBlobStore } from './directory-blob-store.js';
import { errnoOf } from './durable-file.js';

describe('blobs in a directory on a bad day', () => {
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

  const listed = async (): Promise<ListedBlob[]> => {
    const blobs = [];
    for await (const blob of store.list()) blobs.push(blob);
    return blobs;
  };

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
