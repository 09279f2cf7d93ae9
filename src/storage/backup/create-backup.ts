import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { VigieError } from '../../errors.js';
import type { BlobStore } from '../blob-store.js';
import type { Database } from '../database.js';
import { errnoOf, fileError, syncDirectory } from '../durable-file.js';
import { FileSource } from '../file-source.js';
import { writeKeyFile } from '../key-source.js';
import type { Keyring } from '../keyring.js';
import type { Tx } from '../schema.js';
import { copyOut, filesBelow, syncTree } from './copy-file.js';
import { describeTables, exactText, type Table } from './describe-tables.js';
import { dumpRows } from './dump-table.js';
import { FOLDERS, type Manifest, tablePath, writeManifest } from './manifest.js';
import { writeSealedLines } from './sealed-lines.js';

export interface BackupOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  /** The segments as they are stored. */
  readonly segments: BlobStore;
  /** The data directory, for all else that is a file. */
  readonly dataDir: string;
  /** The version of Vigie that makes it. */
  readonly version: string;
  /** A directory that is made, or is empty. */
  readonly target: string;
  /** Where the master keys are written to, when they are asked for. */
  readonly keysFile?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly stage: 'tables' | 'files';
  readonly done: number;
}

/** A table of many rows is read for long; the transaction holds up nobody on a server, and all on the embedded database. */
const SNAPSHOT_LIMIT = 4 * 3_600_000;

const EVENTS_SINCE = 2;

interface Snapshot {
  readonly instance: string | null;
  readonly migration: number;
  readonly sealedUntil: string | null;
  readonly lastBatch: string | null;
  readonly segments: readonly string[];
  readonly tables: Manifest['tables'];
}

/**
 * Makes a backup of a running installation: all tables as of one moment, then the files that they name. What fails
 * leaves nothing at the target.
 * @throws VigieError `usage` when something is at the target; `disk-full`; the signal's reason
 */
export async function createBackup(options: BackupOptions): Promise<Manifest> {
  const { keyring, target, keysFile } = options;
  await makeEmpty(target);
  try {
    const snapshot = await takeSnapshot(options);
    const { files, missing } = await copyFiles(options, snapshot);
    const { instance, migration, sealedUntil, tables } = snapshot;
    const manifest: Manifest = {
      format: 1,
      version: options.version,
      createdAt: new Date().toISOString(),
      instance,
      migration,
      sealedUntil,
      keys: [...keyring.ids],
      tables,
      files,
      missing,
    };
    await syncTree(target);
    if (keysFile !== undefined) await writeKeyFile(keysFile, keyring.export());
    await writeManifest(target, manifest, keyring);
    await syncDirectory(dirname(target));
    return manifest;
  } catch (thrown) {
    for (const name of ['manifest.json', 'tables', 'files'])
      await rm(join(target, name), { recursive: true, force: true });
    throw thrown;
  }
}

async function makeEmpty(target: string): Promise<void> {
  try {
    await mkdir(target, { recursive: true, mode: 0o700 });
    if ((await readdir(target)).length > 0)
      throw new VigieError('usage', { detail: 'the backup needs an empty directory' });
    await mkdir(join(target, 'tables'), { mode: 0o700 });
  } catch (thrown) {
    throw fileError(thrown, 'file-not-readable');
  }
}

async function takeSnapshot({
  database,
  keyring,
  target,
  segments,
  signal,
  onProgress,
}: BackupOptions): Promise<Snapshot> {
  const limits = { timeLimit: SNAPSHOT_LIMIT, ...(signal === undefined ? {} : { signal }) };
  const snapshot = await database.transaction(async (tx) => {
    await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`.execute(tx);
    await exactText(tx);
    const tables: Manifest['tables'] = [];
    let done = 0;
    for (const table of await describeTables(tx)) {
      const lines = withHead(table, dumpRows(tx, table), () => onProgress?.({ stage: 'tables', done: ++done }));
      const written = await writeSealedLines(tablePath(target, table.name), keyring, lines);
      tables.push({ table: table.name, rows: written.lines - 1, bytes: written.bytes, sha256: written.sha256 });
    }
    return { ...(await facts(tx)), tables };
  }, limits);
  // A sweep lets young blobs alone: so each that the snapshot names stays for as long as it takes to copy it.
  for (const id of snapshot.segments) await segments.keep?.(id);
  return snapshot;
}

async function* withHead(table: Table, rows: AsyncIterable<string>, each: () => void): AsyncGenerator<string> {
  yield JSON.stringify(table);
  for await (const row of rows) {
    yield row;
    each();
  }
}

async function facts(tx: Tx): Promise<Omit<Snapshot, 'tables'>> {
  const instance = await tx.selectFrom('instance').select('id').executeTakeFirst();
  const { newest } = await tx
    .selectFrom('migration')
    .select((eb) => eb.fn.max('number').as('newest'))
    .executeTakeFirstOrThrow();
  const batches = await sealedUntil(tx, newest ?? 0);
  // Of an import that is under way too: it can be gone on with.
  const named = await sql<{ id: string }>`
    SELECT segment_id AS id FROM version_segment UNION
    SELECT part ->> 'id' FROM import_run, jsonb_array_elements(staged) AS part
      WHERE state = 'running' AND part ->> 'id' IS NOT NULL
    ORDER BY id`.execute(tx);
  return {
    instance: instance?.id ?? null,
    migration: newest ?? 0,
    sealedUntil: batches?.until ?? null,
    lastBatch: batches?.last ?? null,
    segments: named.rows.map(({ id }) => id),
  };
}

/** Tables of a version before there were events have no batches of them. */
async function sealedUntil(
  tx: Tx,
  migration: number,
): Promise<{ until: string | null; last: string | null } | undefined> {
  if (migration < EVENTS_SINCE) return undefined;
  const { rows } = await sql<{ until: string | null; last: string | null }>`
    SELECT max(until_xid)::text AS until, max(number)::text AS last FROM event_batch`.execute(tx);
  return rows[0];
}

async function copyFiles(
  { dataDir, segments, target, signal, onProgress }: BackupOptions,
  snapshot: Snapshot,
): Promise<{ files: Manifest['files']; missing: number }> {
  const files: Manifest['files'] = [];
  let missing = 0;
  let done = 0;
  for (const id of snapshot.segments) {
    signal?.throwIfAborted();
    const path = `segments/${id.slice(0, 2)}/${id}`;
    const source = await segments.open(id).catch(absent);
    if (source === undefined) {
      missing++;
      continue;
    }
    try {
      const copied = await copyOut(source, join(target, 'files', path));
      files.push({ path, ...copied });
      // Its name is its content: what was damaged on the disk is told, and kept for what can be saved of it.
      if (copied.sha256 !== id) missing++;
    } finally {
      await source.close();
    }
    onProgress?.({ stage: 'files', done: ++done });
  }
  for (const folder of FOLDERS.filter((name) => name !== 'segments')) {
    for (const name of await filesBelow(join(dataDir, folder))) {
      signal?.throwIfAborted();
      const path = `${folder}/${name}`;
      if (name.endsWith('.tmp') || isLater(path, snapshot)) continue;
      const source = await FileSource.open(join(dataDir, path)).catch(absent);
      // Let go since the directory was read.
      if (source === undefined) continue;
      try {
        files.push({ path, ...(await copyOut(source, join(target, 'files', path))) });
      } finally {
        await source.close();
      }
      onProgress?.({ stage: 'files', done: ++done });
    }
  }
  return { files, missing };
}

/** A batch of events that was sealed after the snapshot: its rows would say that these events are still open. */
function isLater(path: string, { lastBatch }: Snapshot): boolean {
  const number = /^events\/(?:.*\D)?(\d+)\.vbatch$/.exec(path)?.[1];
  return number !== undefined && BigInt(number) > BigInt(lastBatch ?? '0');
}

function absent(thrown: unknown): undefined {
  if (errnoOf(thrown) === 'blob-not-found') return undefined;
  throw thrown;
}
