import { dirname, join } from 'node:path';
import { type BlobStorePlace, besideSegments } from '../blob-store-place.js';
import type { Keyring } from '../keyring.js';
import { BatchDirectory } from './batch-directory.js';
import type { BatchFiles } from './batch-files.js';
import { BatchObjects } from './batch-objects.js';

export interface BatchesPlace {
  /** Where segments lie. */
  readonly segments: BlobStorePlace;
  /** Whether that is a place that processes share, and not the data directory. */
  readonly shared: boolean;
  /** Whether the database is a server. */
  readonly server: boolean;
  /** The directory of batches in the data directory. */
  readonly local: string;
}

/**
 * The chain of batches is one for all processes, so it lies where all of them find it. An embedded database has one
 * process, and its acts would wait for an object store.
 */
export function openBatches({ segments, shared, server, local }: BatchesPlace, keyring: Keyring): BatchFiles {
  if (shared && segments.kind === 'directory') {
    return new BatchDirectory(join(dirname(segments.path), 'events'), keyring);
  }
  if (shared && server && segments.kind === 's3') {
    return new BatchObjects(besideSegments(segments.s3, 'events'), keyring);
  }
  return new BatchDirectory(local, keyring);
}
