import { stat, statfs } from 'node:fs/promises';
import { type DataDir, ownerOf } from './data-dir.js';
import type { DataDirOwner } from './data-dir-owner.js';
import type { Database } from './database.js';
import type { Keyring, KeySource } from './keyring.js';

/** What `vigie doctor` says of the storage. */
export interface StorageReport {
  readonly dataDir: string;
  readonly owner: DataDirOwner | undefined;
  readonly database: {
    readonly dialect: Database['dialect'];
    /** Whether what is committed is on the disk. */
    readonly fsync: boolean;
    readonly version: string;
  };
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number };
  readonly key: {
    readonly source: KeySource;
    readonly activeId: string;
    readonly olderKeys: number;
    /** Permission bits of the key file, undefined when the keys come from elsewhere. */
    readonly fileMode: number | undefined;
  };
}

export async function storageReport(dataDir: DataDir, database: Database, keyring: Keyring): Promise<StorageReport> {
  const { bsize, bavail, blocks } = await statfs(dataDir.path);
  const version = await database.version();
  const keyFile = await stat(dataDir.keyPlace.keyFile).catch(() => undefined);
  return {
    dataDir: dataDir.path,
    owner: await ownerOf(dataDir.path),
    database: { dialect: database.dialect, fsync: database.fsync, version },
    disk: { freeBytes: bsize * bavail, totalBytes: bsize * blocks },
    key: {
      source: keyring.source,
      activeId: keyring.activeId,
      olderKeys: keyring.ids.length - 1,
      fileMode: keyFile && keyFile.mode & 0o777,
    },
  };
}
