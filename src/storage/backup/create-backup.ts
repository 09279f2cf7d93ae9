import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { VigieError } from '../../errors.js';
import type { ByteSource } from '../../index/byte-io.js';
import type { BlobStore } from '../blob-store.js';
import type { Database } from '../database.js';
import { errnoOf, fileError, syncDirectory } from '../durable-file.js';
import { type BatchFiles, pathOf } from '../events/batch-files.js';
import { FileSource } from '../file-source.js';
import { writeKeyFile } from '../key-source.js';
import type { Keyring } from '../keyring.js';
import type { Tx } from '../schema.js';
import { copyOut, filesBelow, syncTree } from './copy-file.js';
import { describeTables, exactText, type Table } from './describe-tables.js';
import { dumpRows } from './dump-table.js';
import { type Manifest, tablePath, writeManifest } from './manifest.js';
import { writeSealedLines } from './sealed-lines.js';

export interface BackupOptions {
  readonly database: Database;
  readonly keyring: Keyring;
  /** Segments and the media of items as they are stored. */
  readonly segments: BlobStore;
  readonly media: BlobStore;
  /** The directory of the seen records. */
  readonly seen: string;
  readonly events: BatchFiles;
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
  readonly lastBatch: number;
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
      throw new VigieError('usage', { detail: 'a backup needs a directory that is empty or not there yet' });
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
    lastBatch: Number(batches?.last ?? 0),
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
  options: BackupOptions,
  snapshot: Snapshot,
): Promise<{ files: Manifest['files']; missing: number }> {
  const { segments, media, seen, events, target, signal, onProgress } = options;
  const files: Manifest['files'] = [];
  /** @returns the SHA-256 of what was copied, undefined when it is not there */
  const copy = async (path: string, open: () => Promise<ByteSource>): Promise<string | undefined> => {
    signal?.throwIfAborted();
    const source = await open().catch(absent);
    if (source === undefined) return undefined;
    try {
      const copied = await copyOut(source, join(target, 'files', path));
      files.push({ path, ...copied });
      onProgress?.({ stage: 'files', done: files.length });
      return copied.sha256;
    } finally {
      await source.close();
    }
  };
  let missing = 0;
  for (const id of snapshot.segments) {
    // Its name is its content: what was damaged on the disk is told, and kept for what can be saved of it.
    if ((await copy(`segments/${id.slice(0, 2)}/${id}`, () => segments.open(id))) !== id) missing++;
  }
  // What was let go since its directory was read is passed over.
  for await (const { id } of media.list()) await copy(`media/${id.slice(0, 2)}/${id}`, () => media.open(id));
  for (const name of await filesBelow(seen)) {
    if (!name.endsWith('.tmp')) await copy(`seen/${name}`, () => FileSource.open(join(seen, name)));
  }
  for await (const name of events.list()) {
    // Sealed after the snapshot: its rows would say that these events are still open.
    if (name.number > snapshot.lastBatch) break;
    await copy(`events/${pathOf(name)}`, () => events.open(name));
  }
  return { files, missing };
}

function absent(thrown: unknown): undefined {
  if (errnoOf(thrown) === 'blob-not-found') return undefined;
  throw thrown;
}
