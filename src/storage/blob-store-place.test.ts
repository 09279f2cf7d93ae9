import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBlobStore, resolveBlobStorePlace } from './blob-store-place.js';

describe('the place of blobs', () => {
  let root: string;
  const local = { segments: '/data/segments', media: '/data/media', tmp: '/data/tmp' };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-place-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('is the data directory when nothing is said', async () => {
    expect(await resolveBlobStorePlace(undefined, 'media', local)).toEqual({
      kind: 'directory',
      path: '/data/media',
      temporary: '/data/tmp',
    });
  });

  it('is a shared directory whose temporary files lie in it too', async () => {
    for (const use of ['segments', 'media'] as const) {
      const place = await resolveBlobStorePlace(root, use, local);
      expect(place).toEqual({ kind: 'directory', path: join(root, use), temporary: join(root, 'tmp') });
      const writer = await openBlobStore(place).create();
      await writer.write(Buffer.from(use));
      const { id } = await writer.commit();
      expect(await openBlobStore(await resolveBlobStorePlace(root, use, local)).has(id)).toBe(true);
    }
  });

  it('is never made when it is missing: a file system may not be mounted', async () => {
    const missing = join(root, 'mount', 'point');
    await expect(resolveBlobStorePlace(missing, 'segments', local)).rejects.toMatchObject({
      code: 'store-unavailable',
      detail: 'the shared directory: ENOENT',
    });
    expect(await readdir(root)).toEqual([]);
    await writeFile(join(root, 'file'), '');
    await expect(resolveBlobStorePlace(join(root, 'file'), 'segments', local)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });

  it('is cleared of what killed processes left, and of nothing that is being written', async () => {
    await mkdir(join(root, 'tmp'));
    for (const name of ['old', 'young']) await writeFile(join(root, 'tmp', name), '');
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    await utimes(join(root, 'tmp', 'old'), twoDaysAgo, twoDaysAgo);
    await resolveBlobStorePlace(root, 'segments', local);
    expect(await readdir(join(root, 'tmp'))).toEqual(['young']);
  });

  it('is a prefix of an object store, with local copies of segments only', async () => {
    const environment = { VIGIE_S3_ENDPOINT: 'http://127.0.0.1:9000' };
    expect(await resolveBlobStorePlace('s3://bucket/vigie', 'media', local, environment)).toMatchObject({
      s3: { prefix: 'vigie/media/' },
      cache: '/data/media',
      keepCopies: false,
    });
    expect(await resolveBlobStorePlace('s3://bucket', 'segments', local, environment)).toMatchObject({
      s3: { prefix: 'segments/' },
      cache: '/data/segments',
      keepCopies: true,
    });
  });
});
