import { join } from 'node:path';
import type { ByteSource } from '../../index/byte-io.js';
import type { BlobStore } from '../blob-store.js';
import { openBlobStore, resolveBlobStorePlace } from '../blob-store-place.js';
import type { DataDir } from '../data-dir.js';
import { type BatchFiles, nameOf } from '../events/batch-files.js';
import { openBatches } from '../events/open-batches.js';
import { FileSource } from '../file-source.js';
import type { Keyring } from '../keyring.js';
import { copyOut, syncTree } from './copy-file.js';
import type { Manifest } from './manifest.js';

const BLOCK = 2 ** 20;

/** Where the files of a backup go to. */
export interface FilesPlace {
  readonly directory: DataDir;
  /** The shared place, as `--segments` names it; all goes into the data directory when undefined. */
  readonly segments: string | undefined;
  /** Whether the database is a server. */
  readonly server: boolean;
  readonly keyring: Keyring;
}

/** Puts one file of a backup, by its path in it, where a service looks for it. */
export type PutFile = (path: string, source: ByteSource) => Promise<void>;

/**
 * What is there already stays: a shared place may hold it, as its names are made of the content.
 * @throws VigieError `store-unavailable`, `usage` when the place cannot be used; nothing was written then
 */
export async function filesPlace({ directory, segments, server, keyring }: FilesPlace): Promise<PutFile> {
  const local: PutFile = async (path, source) => {
    await copyOut(source, join(directory.path, path));
  };
  if (segments === undefined) return local;
  const of = async (use: 'segments' | 'media') => await resolveBlobStorePlace(segments, use, directory);
  const places = { segments: await of('segments'), media: await of('media') };
  const stores = { segments: openBlobStore(places.segments), media: openBlobStore(places.media) };
  const batches = openBatches({ segments: places.segments, shared: true, server, local: directory.events }, keyring);
  return async (path, source) => {
    const [folder = '', ...rest] = path.split('/');
    const name = rest.at(-1) ?? '';
    if (folder === 'segments' || folder === 'media') await putBlob(stores[folder], name, source);
    else if (folder === 'events' && nameOf(name) !== undefined) await putBatch(batches, name, source);
    else await local(path, source);
  };
}

/** Puts all files of a backup in their places, and through to the disk. */
export async function putFiles(
  backup: string,
  { files }: Manifest,
  place: FilesPlace,
  signal: AbortSignal | undefined,
): Promise<void> {
  const put = await filesPlace(place);
  for (const { path } of files) {
    signal?.throwIfAborted();
    const source = await FileSource.open(join(backup, 'files', path));
    try {
      await put(path, source);
    } finally {
      await source.close();
    }
  }
  await syncTree(place.directory.path);
}

async function putBlob(store: BlobStore, id: string, source: ByteSource): Promise<void> {
  if (await store.has(id)) return;
  const writer = await store.create();
  try {
    for (let at = 0; at < source.size; at += BLOCK) {
      const block = new Uint8Array(Math.min(BLOCK, source.size - at));
      await source.readInto(at, block.length, block);
      await writer.write(block);
    }
    const stored = await writer.commit();
    // One that was damaged before the backup was made has another name now, under which nobody looks for it.
    if (stored.id !== id) await store.delete(stored.id);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function putBatch(batches: BatchFiles, file: string, source: ByteSource): Promise<void> {
  const name = nameOf(file);
  if (name === undefined) return;
  const bytes = new Uint8Array(source.size);
  await source.readInto(0, bytes.length, bytes);
  await batches.put(name, bytes);
}
