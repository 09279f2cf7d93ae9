import { readdir, readFile, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { VigieError } from '../../errors.js';
import { settleAttention } from '../attention/raise-attention.js';
import { DataDir, RESTORING } from '../data-dir.js';
import { type Database, type DatabasePlace, openDatabase } from '../database.js';
import { errnoOf, fileError } from '../durable-file.js';
import { type KeyEnvironment, keysFromFile, writeKeyFile } from '../key-source.js';
import { Keyring } from '../keyring.js';
import { MIGRATIONS } from '../migrations/all.js';
import { markAllLeft } from '../nodes/node-store.js';
import { givenKeys, openKeyring } from '../open-keyring.js';
import { sqlError } from '../sql-error.js';
import { digestOf } from './copy-file.js';
import { describeTables, exactText, type Table } from './describe-tables.js';
import { loadRows, makePartitions } from './load-table.js';
import { type Manifest, readManifest, tablePath } from './manifest.js';
import { putFiles } from './put-files.js';
import { readSealedLines } from './sealed-lines.js';

export interface RestoreOptions {
  readonly backup: string;
  /** A data directory that is not there yet, or is empty. */
  readonly dataDir: string;
  /** An empty database on a server; the embedded database of the data directory when left out. */
  readonly databaseUrl?: string | undefined;
  /** Where segments, media and batches of events go to, when processes shall share them; as `--segments`. */
  readonly segments?: string | undefined;
  /** The keys that were written when the backup was made, unless they come from the environment. */
  readonly keysFile?: string | undefined;
  readonly environment?: KeyEnvironment;
  readonly allowNoFsync?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (stage: 'checking' | 'files' | 'tables') => void;
}

const LOAD_LIMIT = 4 * 3_600_000;
const CONNECT_MS = 10_000;

/**
 * Puts a backup into an empty place. All of it is checked before anything is changed; a data directory in which a
 * restore was cut off opens for nothing but the next try of the same.
 * @throws VigieError `backup-damaged`, `restore-refused`, `database-too-new`, `seal-key-missing`, `seal-key-wrong`,
 * `disk-full`, `database-unavailable`; the signal's reason
 */
export async function restoreBackup(options: RestoreOptions): Promise<Manifest> {
  const { backup, dataDir, databaseUrl, keysFile, environment = process.env, signal, onProgress } = options;
  const fromFile = keysFile === undefined ? [] : await keysFromFile(keysFile);
  if (keysFile !== undefined && fromFile.length === 0)
    throw new VigieError('seal-key-missing', { detail: 'the file of keys' });
  const [given] = await givenKeys(environment);
  if (given.length + fromFile.length === 0) {
    throw new VigieError('seal-key-missing', { detail: 'give the file of keys with --keys, or set VIGIE_KEY' });
  }
  const keyring = new Keyring([...given, ...fromFile], 'file');
  onProgress?.('checking');
  const { manifest, proof } = await readManifest(backup, keyring);
  if (manifest.migration > MIGRATIONS.length) {
    throw new VigieError('database-too-new', {
      detail: `the backup is at ${manifest.migration}, this version knows ${MIGRATIONS.length}`,
    });
  }
  await checkParts(backup, manifest, signal);
  await checkRoom(dataDir, manifest, databaseUrl === undefined);
  const cutOff = await cutOffRestore(dataDir);
  const done =
    databaseUrl === undefined
      ? false
      : await serverIsDone(databaseUrl, manifest, cutOff === proof).catch((thrown: unknown) => {
          throw sqlError(thrown);
        });
  const directory = await DataDir.open(dataDir, { create: true, restoring: proof, ...(signal && { signal }) });
  try {
    if (fromFile.length > 0) await writeKeyFile(directory.keyPlace.keyFile, fromFile);
    onProgress?.('files');
    const server = databaseUrl !== undefined;
    await putFiles(backup, manifest, { directory, segments: options.segments, server, keyring }, signal);
    onProgress?.('tables');
    const place = databaseUrl === undefined ? { dataDir: directory.db } : { url: databaseUrl };
    if (!done) await fill(place, manifest, keyring, options);
    await settle(place, options);
    await openKeyring(directory.keyPlace, environment);
    await directory.restored();
    return manifest;
  } finally {
    await directory.close();
  }
}

async function checkParts(backup: string, manifest: Manifest, signal: AbortSignal | undefined): Promise<void> {
  const parts = [
    ...manifest.tables.map((part) => ({
      ...part,
      name: `the table ${part.table}`,
      path: tablePath(backup, part.table),
    })),
    ...manifest.files.map((part) => ({ ...part, name: part.path, path: join(backup, 'files', part.path) })),
  ];
  for (const { name, path, bytes, sha256 } of parts) {
    signal?.throwIfAborted();
    const found = await digestOf(path);
    if (found === undefined) throw new VigieError('backup-damaged', { detail: `${name} is missing` });
    if (found.bytes !== bytes || found.sha256 !== sha256) {
      throw new VigieError('backup-damaged', { detail: `${name} is not what it was` });
    }
  }
}

/** A new embedded database takes some 40 MB, and rows with their indexes and the log some times what they are sealed. */
const EMPTY_DATABASE = 64 * 2 ** 20;
const ROWS_GROW = 4;

/** Said before anything is begun: the embedded database cannot tell why it does not start. @throws VigieError `disk-full` */
async function checkRoom(dataDir: string, { tables, files }: Manifest, embedded: boolean): Promise<void> {
  const sum = (parts: readonly { bytes: number }[]) => parts.reduce((all, { bytes }) => all + bytes, 0);
  const needed = sum(files) + (embedded ? EMPTY_DATABASE + ROWS_GROW * sum(tables) : 0);
  for (let place = resolve(dataDir); ; place = dirname(place)) {
    const found = await statfs(place).catch(() => undefined);
    if (found === undefined && place !== dirname(place)) continue;
    if (found === undefined || found.bavail * found.bsize >= needed) return;
    throw new VigieError('disk-full', { detail: `${Math.ceil(needed / 2 ** 20)} MiB are needed` });
  }
}

/** The proof of the backup whose restore into this directory was cut off. @throws VigieError `restore-refused` */
async function cutOffRestore(dataDir: string): Promise<string | undefined> {
  try {
    const names = await readdir(dataDir);
    if (names.includes(RESTORING)) return (await readFile(join(dataDir, RESTORING), 'utf8')).trim();
    if (names.some((name) => name !== 'lost+found'))
      throw new VigieError('restore-refused', { detail: 'the directory is not empty' });
    return undefined;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw fileError(thrown, 'data-dir-unusable');
  }
}

/**
 * Looks at a server's database without changing it.
 * @returns true when the cut off restore of this backup had filled it already
 * @throws VigieError `restore-refused` when it holds anything else
 */
async function serverIsDone(url: string, { instance, migration }: Manifest, again: boolean): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace
         AND relkind IN ('r', 'p') AND NOT relispartition`,
    );
    const names = rows.map(({ name }) => name);
    if (names.length === 0) return false;
    if (!names.includes('migration'))
      throw new VigieError('restore-refused', { detail: 'the database has other tables' });
    const { rows: at } = await client.query<{ newest: number | null }>('SELECT max(number) AS newest FROM migration');
    const counts = names
      .filter((name) => name !== 'migration')
      .map((name) => `SELECT EXISTS (SELECT FROM "${name}") AS filled`);
    const { rows: found } = await client.query<{ filled: boolean }>(
      counts.join(' UNION ALL ') || 'SELECT false AS filled',
    );
    // Tables without rows are what a restore leaves that was cut off before its transaction.
    if (!found.some(({ filled }) => filled) && (at[0]?.newest ?? 0) <= migration) return false;
    if (again && instance !== null) {
      const { rows: own } = await client.query('SELECT FROM instance WHERE id = $1', [instance]);
      if (own.length === 1) return true;
    }
    throw new VigieError('restore-refused', { detail: 'the database is not empty' });
  } finally {
    await client.end();
  }
}

/** All tables in one transaction: they are there whole or not at all. */
async function fill(
  place: DatabasePlace,
  manifest: Manifest,
  keyring: Keyring,
  options: RestoreOptions,
): Promise<void> {
  const { backup, signal } = options;
  const migrations = MIGRATIONS.slice(0, manifest.migration);
  const database: Database = await openDatabase(place, { ...openOptions(options), migrations });
  try {
    const limits = { timeLimit: LOAD_LIMIT, ...(signal === undefined ? {} : { signal }) };
    await database.transaction(async (tx) => {
      await exactText(tx);
      const ours = new Map((await describeTables(tx)).map((table) => [table.name, table]));
      for (const { table: name, rows } of manifest.tables) {
        const table = ours.get(name);
        const lines = readSealedLines(tablePath(backup, name), keyring);
        const head = (await lines.next()).value as string | undefined;
        const theirs = head === undefined ? undefined : (JSON.parse(head) as Table);
        if (table === undefined || theirs === undefined || !sameColumns(table, theirs)) {
          throw new VigieError('backup-damaged', { detail: `the table ${name} has other columns` });
        }
        await makePartitions(tx, theirs);
        const loaded = await loadRows(tx, { ...theirs, name }, lines, manifest.sealedUntil);
        if (loaded !== rows) throw new VigieError('backup-damaged', { detail: `the table ${name}` });
      }
    }, limits);
  } finally {
    await database.close();
  }
}

/** Brings the tables of an older version up to date, and says of the nodes of the time that they are gone. */
async function settle(place: DatabasePlace, options: RestoreOptions): Promise<void> {
  const database = await openDatabase(place, openOptions(options));
  try {
    await database.transaction(async (tx) => {
      for (const id of await markAllLeft(tx)) await settleAttention(tx, { kind: 'node-stale', cause: id }, 'service');
    });
  } finally {
    await database.close();
  }
}

function sameColumns(a: Table, b: Table): boolean {
  const text = ({ columns }: Table) =>
    JSON.stringify(columns.map(({ name, type, identity }) => [name, type, identity]).sort());
  return text(a) === text(b);
}

function openOptions({ allowNoFsync = false, signal }: RestoreOptions) {
  return { allowNoFsync, ...(signal === undefined ? {} : { signal }) };
}
