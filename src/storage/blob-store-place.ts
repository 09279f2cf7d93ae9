import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { VigieError } from '../errors.js';
import type { BlobStore } from './blob-store.js';
import { DirectoryBlobStore } from './directory-blob-store.js';
import { errnoOf } from './durable-file.js';
import { S3BlobStore } from './s3/s3-blob-store.js';
import { parseS3Place, type S3Environment, type S3Place } from './s3/s3-place.js';

/** Where blobs lie; plain data without credentials, so that another thread can open the same store. */
export type BlobStorePlace =
  | { readonly kind: 'directory'; readonly path: string; readonly temporary: string }
  /** `cache` and `temporary` are local to this machine. */
  | {
      readonly kind: 's3';
      readonly s3: S3Place;
      readonly cache: string;
      readonly temporary: string;
      readonly keepCopies: boolean;
    };

/** What lies in a blob store: segments of lists, or media between intake and verdict. */
export type BlobUse = 'segments' | 'media';

/** What a process that was killed left among the temporary files of a shared directory is removed after a day. */
const LEFT_MS = 86_400_000;

/**
 * The place of blobs in what `--segments` names, or in the data directory.
 * @param text a directory that processes share, or `s3://bucket/prefix`
 * @param local the data directory
 * @throws VigieError `usage`; `store-unavailable` when the shared directory is not there or cannot be written in
 */
export async function resolveBlobStorePlace(
  text: string | undefined,
  use: BlobUse,
  local: { readonly [use in BlobUse | 'tmp']: string },
  environment: S3Environment = process.env,
): Promise<BlobStorePlace> {
  if (text === undefined) return { kind: 'directory', path: local[use], temporary: local.tmp };
  if (text.startsWith('s3:')) {
    const s3 = parseS3Place(text, environment);
    const keepCopies = use === 'segments';
    return {
      kind: 's3',
      s3: { ...s3, prefix: `${s3.prefix}${use}/` },
      cache: local[use],
      temporary: local.tmp,
      keepCopies,
    };
  }
  return await sharedDirectory(text, use);
}

/** @throws VigieError `usage` when the credentials of an object store are not set */
export function openBlobStore(place: BlobStorePlace): BlobStore {
  if (place.kind === 'directory') return new DirectoryBlobStore(place.path, place.temporary);
  const { s3, cache, temporary, keepCopies } = place;
  return new S3BlobStore({ place: s3, cache: new DirectoryBlobStore(cache, temporary), keepCopies });
}

/** Another folder of the same object store. @param s3 the place of segments */
export function besideSegments(s3: S3Place, folder: string): S3Place {
  return { ...s3, prefix: `${s3.prefix.slice(0, -'segments/'.length)}${folder}/` };
}

/**
 * It must be there already: making it could put it under a mount point whose file system is away. Temporary files lie in
 * it as well, for only on one file system a file takes its name in one step.
 */
async function sharedDirectory(text: string, use: BlobUse): Promise<BlobStorePlace> {
  try {
    const shared = await realpath(resolve(text));
    const [path, temporary] = [join(shared, use), join(shared, 'tmp')];
    for (const directory of [path, temporary]) await mkdir(directory, { recursive: true, mode: 0o700 });
    await clearLeftovers(temporary);
    return { kind: 'directory', path, temporary };
  } catch (cause) {
    const detail = errnoOf(cause);
    throw new VigieError('store-unavailable', { cause, detail: `the shared directory: ${detail ?? 'unknown'}` });
  }
}

/** By the clock of the file system, which the processes share; their own may differ. */
async function clearLeftovers(temporary: string): Promise<void> {
  const probe = join(temporary, `probe-${randomBytes(8).toString('hex')}`);
  const file = await open(probe, 'wx', 0o600);
  const { mtimeMs: now } = await file.stat().finally(() => file.close());
  await rm(probe, { force: true });
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && now - found.mtimeMs > LEFT_MS) await rm(path, { force: true });
  }
}
