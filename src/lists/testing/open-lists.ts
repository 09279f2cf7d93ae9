import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MatchIndex } from '../../index/match-index.js';
import { MemoryPool } from '../../index/pdq/memory-pool.js';
import type { BlobStore } from '../../storage/blob-store.js';
import { type BlobStorePlace, openBlobStore } from '../../storage/blob-store-place.js';
import type { Database } from '../../storage/database.js';
import { openKeyring } from '../../storage/open-keyring.js';
import type { SegmentPlace } from '../import-thread.js';
import { Lists } from '../lists.js';
import { SealedBlobStore } from '../sealed-blob-store.js';

/** Sealed blobs in a directory of their own. */
export interface TestBlobs {
  readonly blobs: BlobStore;
  readonly root: string;
  /** For imports in a thread. */
  readonly place: SegmentPlace;
  close(): Promise<void>;
}

export async function openBlobs(): Promise<TestBlobs> {
  const root = await mkdtemp(join(tmpdir(), 'vigie-lists-'));
  return await blobsIn(root, root);
}

/** @param place where the blobs lie, when not beside their key */
export async function blobsIn(root: string, place: string): Promise<TestBlobs> {
  const segments = join(place, 'segments');
  const temporary = join(place, 'tmp');
  for (const directory of [segments, temporary]) await mkdir(directory);
  const store: BlobStorePlace = { kind: 'directory', path: segments, temporary };
  const keyFile = join(root, 'master.key');
  const canaryFile = join(root, 'canary');
  const holdsSealedData = async () => false;
  const keyring = await openKeyring({ keyFile, canaryFile, holdsSealedData }, {});
  return {
    root,
    blobs: new SealedBlobStore(openBlobStore(store), keyring),
    place: { store, keyFile, canaryFile },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

/** What one process has of the lists; several of these on one database are several nodes. */
export async function openLists(
  database: Database,
  blobs: BlobStore,
  options: { readonly place?: SegmentPlace; readonly keepVersions?: number; readonly limit?: number } = {},
): Promise<{ lists: Lists; index: MatchIndex; pool: MemoryPool }> {
  const { limit, ...rest } = options;
  const pool = new MemoryPool(limit === undefined ? {} : { limit });
  const index = new MatchIndex({ pool });
  const lists = new Lists({ database, blobs, index, pool, ...rest });
  await lists.load();
  return { lists, index, pool };
}
