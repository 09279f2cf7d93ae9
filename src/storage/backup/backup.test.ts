import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { canMount } from '../../../test/chaos.js';
import { copyEmptyDatabase } from '../../../test/database-templates.js';
import { noPostgres, type PostgresCluster, startPostgres } from '../../../test/databases.js';
import { fillRandomly } from '../../../test/random-rows.js';
import { DataDir } from '../data-dir.js';
import { type Database, openDatabase } from '../database.js';
import { DirectoryBlobStore } from '../directory-blob-store.js';
import { BatchDirectory } from '../events/batch-directory.js';
import { writeKeyFile } from '../key-source.js';
import { Keyring } from '../keyring.js';
import { MIGRATIONS } from '../migrations/all.js';
import { schemaSnapshot } from '../schema-snapshot.js';
import { createBackup } from './create-backup.js';
import { describeTables, exactText, quoted } from './describe-tables.js';
import type { Manifest } from './manifest.js';
import { restoreBackup } from './restore-backup.js';

const LOOSE = { allowNoFsync: true, fsync: false } as const;
const WAYS = [
  ['embedded', 'server'],
  ['server', 'embedded'],
  ['embedded', 'embedded'],
] as const;

let cluster: PostgresCluster | undefined;
let root: string;
const keyring = new Keyring([randomBytes(32)], 'file');
const environment = { VIGIE_KEY: Buffer.from(keyring.export()[0] ?? []).toString('hex') };

beforeAll(async () => {
  if (noPostgres === undefined) cluster = await startPostgres();
});
afterAll(async () => {
  await cluster?.stop();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vigie-backup-'));
  return () => rm(root, { recursive: true, force: true });
});

/** A data directory with files of every kind, and its database. */
async function installation(kind: 'embedded' | 'server', options: { migrations?: number; root?: string } = {}) {
  const dataDir = join(options.root ?? root, `from-${kind}`);
  const directory = await DataDir.open(dataDir, { create: true });
  const migrations = MIGRATIONS.slice(0, options.migrations ?? MIGRATIONS.length);
  if (kind === 'embedded') await copyEmptyDatabase(directory.db, migrations);
  const place = kind === 'embedded' ? { dataDir: directory.db } : { url: (await cluster?.createDatabase()) ?? '' };
  const database = await openDatabase(place, { ...LOOSE, migrations });
  const { segments } = filesOf(directory);
  const close = async () => {
    await database.close();
    await directory.close();
  };
  const backUp = async (target: string, extra: object = {}): Promise<Manifest> =>
    await createBackup({ database, keyring, ...filesOf(directory), version: '9.9.9', target, ...extra });
  return { dataDir, database, segments, close, backUp };
}

function filesOf({ path, segments, seen, tmp }: DataDir) {
  const store = new DirectoryBlobStore(segments, tmp);
  return {
    segments: store,
    media: new DirectoryBlobStore(join(path, 'media'), tmp),
    seen,
    events: new BatchDirectory(join(path, 'events'), keyring),
  };
}

async function put(segments: DirectoryBlobStore, bytes: Uint8Array): Promise<string> {
  const writer = await segments.create();
  await writer.write(bytes);
  return (await writer.commit()).id;
}

/** All rows of all tables in the database's own words. Transactions are counted from elsewhere and nodes are gone, so these are left out. */
async function contents(database: Database): Promise<Record<string, unknown>> {
  return await database.transaction(async (tx) => {
    await exactText(tx);
    const all: Record<string, unknown> = {};
    for (const { name, columns, primaryKey, partitions } of await describeTables(tx)) {
      const shown = columns
        .filter((column) => !/xid$|^node (left_at|ready)$/.test(`${name} ${column.name}`))
        .map((column) => quoted(column.name));
      const { rows } = await sql
        .raw<{ row: string }>(
          `SELECT ROW(${shown.join(', ')})::text AS row FROM ${quoted(name)} ORDER BY ${primaryKey.map(quoted).join(', ')}`,
        )
        .execute(tx);
      all[name] = [rows.map(({ row }) => row).sort(), partitions];
    }
    const order = await sql<{ id: string; sealed: boolean }>`
      SELECT id, xid < (SELECT max(until_xid) FROM event_batch) AS sealed FROM event ORDER BY xid, id COLLATE "C"`.execute(
      tx,
    );
    all['order of sealed events'] = order.rows.filter(({ sealed }) => sealed).map(({ id }) => id);
    all['open events'] = order.rows
      .filter(({ sealed }) => !sealed)
      .map(({ id }) => id)
      .sort();
    return all;
  });
}

const restored = async (kind: 'embedded' | 'server', dataDir: string, url: string | undefined): Promise<Database> =>
  await openDatabase(kind === 'embedded' ? { dataDir: join(dataDir, 'db') } : { url: url ?? '' }, LOOSE);

describe.each(WAYS)('a backup of the %s database, restored to the %s', (from, to) => {
  const both = test.skipIf(noPostgres !== undefined && [from, to].includes('server' as never));

  both(
    'is the same, to the last digit of every value in every table and every byte of every file',
    async () => {
      const source = await installation(from);
      const seed = randomBytes(4).readInt32LE();
      expect(await fillRandomly(source.database, seed, 5)).toBeGreaterThan(150);
      const id = await put(source.segments, randomBytes(3_000_000));
      await sql`INSERT INTO segment (id, list_id, bytes, entries) SELECT ${id}, min(id), 1, 1 FROM list`.execute(
        source.database.db,
      );
      await sql`INSERT INTO version_segment SELECT list_id, version, ${id}, 7000 FROM list_version ORDER BY list_id, version LIMIT 1`.execute(
        source.database.db,
      );
      await mkdir(join(source.dataDir, 'seen'), { recursive: true });
      await writeFile(join(source.dataDir, 'seen', '2026-11-24T000000000Z-abcdef.seen'), randomBytes(70_000));
      const before = await contents(source.database);
      const schema = await schemaSnapshot(source.database.db);
      const target = join(root, 'backup');
      const manifest = await source.backUp(target);
      await source.close();
      expect(
        manifest.tables.every(({ rows }) => rows > 0),
        `seed ${seed}`,
      ).toBe(true);
      const shouldHold = (await readdir(target, { recursive: true, withFileTypes: true })).filter((each) =>
        each.isFile(),
      );
      for (const { parentPath, name } of shouldHold) expect((await stat(join(parentPath, name))).mode & 0o077).toBe(0);

      const dataDir = join(root, 'to');
      const databaseUrl = to === 'server' ? await cluster?.createDatabase() : undefined;
      await restoreBackup({ backup: target, dataDir, databaseUrl, environment, allowNoFsync: true });
      const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((each) => each.isFile());
      // What PostgreSQL keeps of its own catalogue it opens to others; the directory is closed all the same.
      for (const { parentPath, name } of files.filter((each) => each.name !== 'pg_internal.init')) {
        expect((await stat(join(parentPath, name))).mode & 0o077, name).toBe(0);
      }
      const database = await restored(to, dataDir, databaseUrl);
      try {
        expect(await contents(database), `seed ${seed}`).toEqual(before);
        expect(await schemaSnapshot(database.db)).toBe(schema);
        await goesOn(database);
      } finally {
        await database.close();
      }
      for (const { path } of manifest.files) {
        expect((await readFile(join(dataDir, path))).equals(await readFile(join(source.dataDir, path)))).toBe(true);
      }
      expect(manifest.files.map(({ path }) => path)).toContain(`segments/${id.slice(0, 2)}/${id}`);
    },
    120_000,
  );
});

/** What comes after a restore has its place behind what was there. */
async function goesOn(database: Database): Promise<void> {
  const { db } = database;
  const before = await sql<{ position: string; xid: string }>`
    SELECT (SELECT max(position) FROM outbox)::text AS position, (SELECT max(xid) FROM event)::text AS xid`.execute(db);
  const own = await sql<{ position: string }>`
    INSERT INTO outbox (id, kind, subject, idempotency_key, sealed) VALUES ('after', 'k', 's', 'after', '') RETURNING position::text`
    .execute(db)
    .catch((error: unknown) => {
      // The random rows may hold the greatest number there is.
      if (!String(error).includes('nextval')) throw error;
      return undefined;
    });
  if (own !== undefined)
    expect(BigInt(own.rows[0]?.position ?? 0)).toBeGreaterThan(BigInt(before.rows[0]?.position ?? 0));
  const event = await sql<{ xid: string }>`
    INSERT INTO event (id, kind, version, at, actor, subject, commitment)
    VALUES ('after', 'k', 1, now(), 'a', 's', ${randomBytes(32)}) RETURNING xid::text`.execute(db);
  expect(BigInt(event.rows[0]?.xid ?? 0)).toBeGreaterThan(BigInt(before.rows[0]?.xid ?? 0));
  const batch = await sql<{ open: boolean }>`SELECT max(until_xid) <= 0 AS open FROM event_batch`.execute(db);
  expect(batch.rows[0]?.open).toBe(true);
}

describe('a restore', () => {
  let target: string;
  let source: Awaited<ReturnType<typeof installation>>;

  let once: string;
  let mediumPath: string;
  beforeAll(async () => {
    once = await mkdtemp(join(tmpdir(), 'vigie-backup-'));
    source = await installation('embedded', { root: once });
    await sql`INSERT INTO instance (id) VALUES ('this-one')`.execute(source.database.db);
    await mkdir(join(source.dataDir, 'events', '000000'), { recursive: true });
    await writeFile(
      join(source.dataDir, 'events', '000000', '0000000001.0123456789abcdef.vbatch'),
      'a batch that was sealed after the snapshot',
    );
    const medium = await put(
      new DirectoryBlobStore(join(source.dataDir, 'media'), join(source.dataDir, 'tmp')),
      randomBytes(5_000),
    );
    mediumPath = `media/${medium.slice(0, 2)}/${medium}`;
    target = join(once, 'backup');
    await source.backUp(target, { keysFile: join(once, 'keys') });
    return async () => {
      await source.close();
      await rm(once, { recursive: true, force: true });
    };
  });

  const restore = (extra: object = {}) =>
    restoreBackup({ backup: target, dataDir: join(root, 'to'), environment, allowNoFsync: true, ...extra });
  const changed = async () => await readdir(join(root, 'to')).catch(() => []);

  it('refuses what is damaged, wherever it is, and changes nothing', async () => {
    const files = (await readdir(target, { recursive: true, withFileTypes: true })).filter((each) => each.isFile());
    expect(files.length).toBeGreaterThan(20);
    for (const [n, { parentPath, name }] of files.entries()) {
      const path = join(parentPath, name);
      const whole = await readFile(path);
      const bent = Buffer.from(whole);
      const at = randomBytes(4).readUInt32LE() % whole.length;
      bent[at] = (bent[at] ?? 0) ^ 1;
      const bad = [bent, whole.subarray(0, at), undefined][n % 3];
      if (bad === undefined) await rm(path);
      else await writeFile(path, bad);
      // A bent id of the key in the proof is one of a key that nobody has.
      const code = expect.stringMatching(/backup-damaged|seal-key-wrong/);
      await expect(restore(), `${name} at ${at}`).rejects.toMatchObject({ code });
      await writeFile(path, whole);
    }
    expect(await changed()).toEqual([]);
    await restore();
  }, 240_000);

  it('leaves out a batch of events that was sealed after the moment of the backup', async () => {
    const { files } = await restore();
    expect(files.map(({ path }) => path)).toEqual([mediumPath]);
    expect((await stat(join(root, 'to', mediumPath))).mode & 0o777).toBe(0o600);
  });

  it('takes the keys from the file that they were written to, and says which are missing or wrong', async () => {
    expect((await stat(join(once, 'keys'))).mode & 0o777).toBe(0o600);
    await expect(restore({ environment: {} })).rejects.toMatchObject({ code: 'seal-key-missing' });
    const other = { VIGIE_KEY: randomBytes(32).toString('hex') };
    await expect(restore({ environment: other })).rejects.toMatchObject({ code: 'seal-key-wrong' });
    await chmod(join(once, 'keys'), 0o644);
    await expect(restore({ environment: {}, keysFile: join(once, 'keys') })).rejects.toMatchObject({
      code: 'seal-key-unsafe',
    });
    await chmod(join(once, 'keys'), 0o600);
    expect(await changed()).toEqual([]);
    await restore({ environment: {}, keysFile: join(once, 'keys') });
    expect((await stat(join(root, 'to', 'keys', 'master.key'))).mode & 0o777).toBe(0o600);
  });

  it('opens a backup that was made before the key was renewed', async () => {
    const [old = new Uint8Array()] = keyring.export();
    await writeKeyFile(join(root, 'renewed'), [randomBytes(32), old]);
    await restore({ environment: {}, keysFile: join(root, 'renewed') });
  });

  it('refuses a place that holds something', async () => {
    await mkdir(join(root, 'to'));
    await writeFile(join(root, 'to', 'a-file'), '');
    await expect(restore()).rejects.toMatchObject({ code: 'restore-refused' });
    expect(await changed()).toEqual(['a-file']);
  });

  test.skipIf(noPostgres !== undefined)('refuses a database that holds something, and changes nothing', async () => {
    const url = (await cluster?.createDatabase()) ?? '';
    const database = await openDatabase({ url });
    await sql`INSERT INTO instance (id) VALUES ('another')`.execute(database.db);
    await expect(restore({ databaseUrl: url })).rejects.toMatchObject({ code: 'restore-refused' });
    await sql`DROP SCHEMA public CASCADE`.execute(database.db);
    await sql`CREATE SCHEMA public`.execute(database.db);
    await sql`CREATE TABLE theirs (id int)`.execute(database.db);
    await database.close();
    await expect(restore({ databaseUrl: url })).rejects.toMatchObject({ code: 'restore-refused' });
    expect(await changed()).toEqual([]);
  });

  it('can be run again when it was cut off, and until then nothing else opens the directory', async () => {
    let stage = 0;
    const cut = new AbortController();
    const onProgress = (): void => {
      if (++stage === 3) cut.abort(new Error('cut off'));
    };
    await expect(restore({ signal: cut.signal, onProgress })).rejects.toThrow('cut off');
    await expect(DataDir.open(join(root, 'to'))).rejects.toMatchObject({ code: 'restore-refused' });
    await restore();
    await (await DataDir.open(join(root, 'to'))).close();
  });

  it('is not made into a directory that holds something, and leaves nothing when it fails', async () => {
    await expect(source.backUp(target)).rejects.toMatchObject({ code: 'usage' });
    const other = join(root, 'other');
    const signal = AbortSignal.abort(new Error('cut off'));
    await expect(source.backUp(other, { signal })).rejects.toThrow('cut off');
    expect(await readdir(other)).toEqual([]);
  });

  test.skipIf(!canMount)(
    'says that a disk is full, at either end, and can be run again with more room',
    async () => {
      const small = join(root, 'small');
      await mkdir(small);
      for (const kilobytes of [8, 24, 64]) {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', small], { stdio: 'ignore' });
        try {
          await expect(source.backUp(join(small, 'backup')), `${kilobytes} k`).rejects.toMatchObject({
            code: 'disk-full',
          });
          expect(await readdir(join(small, 'backup')).catch(() => [])).toEqual([]);
          await expect(restore({ dataDir: join(small, 'to') })).rejects.toMatchObject({ code: 'disk-full' });
          await expect(DataDir.open(join(small, 'to'))).rejects.toBeDefined();
        } finally {
          execFileSync('umount', [small]);
        }
      }
      await source.backUp(join(small, 'backup'));
      await restore({ dataDir: join(small, 'to') });
    },
    120_000,
  );
});

describe('backups of other versions', () => {
  it('brings older tables up to date', { timeout: 180_000 }, async () => {
    const source = await installation('embedded', { migrations: 1 });
    await sql`INSERT INTO list (id, name) VALUES ('a', 'a-list')`.execute(source.database.db);
    const target = join(root, 'backup');
    expect(await source.backUp(target)).toMatchObject({ migration: 1, sealedUntil: null });
    await source.close();
    const dataDir = join(root, 'to');
    await restoreBackup({ backup: target, dataDir, environment, allowNoFsync: true });
    const database = await restored('embedded', dataDir, undefined);
    expect(await database.db.selectFrom('list').select('name').execute()).toEqual([{ name: 'a-list' }]);
    expect(await database.db.selectFrom('migration').selectAll().execute()).toHaveLength(MIGRATIONS.length);
    await database.close();
  });

  it('refuses newer ones', async () => {
    const newer = [
      ...MIGRATIONS,
      { number: MIGRATIONS.length + 1, name: 'later', statements: ['CREATE TABLE later (id text PRIMARY KEY)'] },
    ];
    const dataDir = join(root, 'newer');
    const directory = await DataDir.open(dataDir, { create: true });
    await copyEmptyDatabase(directory.db);
    const database = await openDatabase({ dataDir: directory.db }, { ...LOOSE, migrations: newer });
    const target = join(root, 'backup');
    await createBackup({ database, keyring, ...filesOf(directory), version: '99', target });
    await database.close();
    await directory.close();
    const restore = restoreBackup({ backup: target, dataDir: join(root, 'to'), environment, allowNoFsync: true });
    await expect(restore).rejects.toMatchObject({ code: 'database-too-new' });
  });
});
