/** What was acknowledged is there after a kill, a lost server or a full disk. */
import { execFileSync, fork } from 'node:child_process';
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canMount, KILLS } from '../../test/chaos.js';
import { copyEmptyDatabase } from '../../test/database-templates.js';
import { noPostgres, startPostgres } from '../../test/databases.js';
import { seeded } from '../index/testing/random.js';
import { entryPoint } from '../runtime/entry-point.js';
import { DataDir } from './data-dir.js';
import { type Database, openDatabase } from './database.js';
import { DirectoryBlobStore } from './directory-blob-store.js';
import { lastListChange, readListChanges } from './list-change-log.js';
import { openKeyring } from './open-keyring.js';
import { SealedReader } from './sealed-file.js';
import { SealedLog } from './sealed-log.js';

describe('the embedded database', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vigie-kill-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('proves at its start that a commit reaches the disk, and refuses otherwise', async () => {
    const dataDir = join(root, 'db');
    await copyEmptyDatabase(dataDir);
    await expect(openDatabase({ dataDir }, { fsync: false })).rejects.toMatchObject({ code: 'fsync-not-real' });
    const trial = await openDatabase({ dataDir }, { fsync: false, allowNoFsync: true });
    expect(trial.fsync).toBe(false);
    await trial.close();
    const database = await openDatabase({ dataDir });
    expect(database.fsync).toBe(true);
    await database.close();
  });

  it(`loses nothing that was acknowledged in ${KILLS} kills at any moment`, { timeout: 600_000 }, async () => {
    const path = join(root, 'data');
    const script = join(root, 'writer.mjs');
    const module = (name: string): string => JSON.stringify(entryPoint(import.meta.url, `./${name}.js`));
    await writeFile(
      script,
      `import { DataDir } from ${module('data-dir')};
       import { openDatabase } from ${module('database')};
       import { DirectoryBlobStore } from ${module('directory-blob-store')};
       import { appendListChange, lastListChange } from ${module('list-change-log')};
       import { openKeyring } from ${module('open-keyring')};
       import { SealedWriter } from ${module('sealed-file')};
       import { SealedLog } from ${module('sealed-log')};
       const dir = await DataDir.open(${JSON.stringify(path)}, { create: true });
       const keyring = await openKeyring(dir.keyPlace, {});
       const database = await openDatabase({ dataDir: dir.db });
       const log = await SealedLog.open(dir.seen + '/log', keyring, 'seen');
       const blobs = new DirectoryBlobStore(dir.segments, dir.tmp);
       const say = (message) => new Promise((resolve) => process.send(message, resolve));
       await say({ kind: 'ready' });
       const changes = async () => {
         for (;;) {
           const payload = { version: 1, previous: null };
           const seq = await database.transaction((tx) => appendListChange(tx, { kind: 'version', listId: 'x', payload }));
           await say({ kind: 'change', seq });
         }
       };
       const records = async () => {
         for (let number = 0; ; number++) {
           const text = process.pid + ':' + number;
           await log.append(Buffer.from(text));
           await say({ kind: 'record', text });
         }
       };
       const segments = async () => {
         for (let number = 0; ; number++) {
           const blob = await blobs.create();
           const writer = new SealedWriter(blob, keyring, 'segment');
           await writer.write(Buffer.alloc(300_000, number));
           await writer.finish();
           await say({ kind: 'blob', id: (await blob.commit()).id });
         }
       };
       await Promise.all([changes(), changes(), records(), segments()]);`,
    );

    type Said =
      | { kind: 'ready' }
      | { kind: 'change'; seq: number }
      | { kind: 'record'; text: string }
      | { kind: 'blob'; id: string };
    const random = seeded(20_24);
    const acknowledged = { changes: 0, records: new Set<string>(), blobs: new Set<string>() };
    const made = await DataDir.open(path, { create: true });
    await copyEmptyDatabase(made.db);
    await made.close();
    for (let kill = 0; kill < KILLS; kill++) {
      // Counted in acknowledgements, not in time: so the moment depends on the seed alone, whatever the machine does.
      let left = Math.floor(random() * 60);
      const writer = fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      await new Promise<void>((resolve) => {
        writer.on('message', (said: Said) => {
          if (said.kind === 'change') acknowledged.changes = Math.max(acknowledged.changes, said.seq);
          if (said.kind === 'record') acknowledged.records.add(said.text);
          if (said.kind === 'blob') acknowledged.blobs.add(said.id);
          if (left-- === 0) writer.kill('SIGKILL');
        });
        writer.once('exit', () => resolve());
      });

      const dir = await DataDir.open(path);
      const keyring = await openKeyring(dir.keyPlace, {});
      const database = await openDatabase({ dataDir: dir.db });
      const last = await lastListChange(database.db);
      expect(last).toBeGreaterThanOrEqual(acknowledged.changes);
      expect(await readListChanges(database.db, 0, last + 1)).toHaveLength(last);
      await database.close();

      const log = await SealedLog.open(join(dir.seen, 'log'), keyring, 'seen');
      const found = new Set<string>();
      for await (const record of log.records()) found.add(Buffer.from(record).toString());
      expect([...acknowledged.records].filter((text) => !found.has(text))).toEqual([]);
      await log.close();

      const blobs = new DirectoryBlobStore(dir.segments, dir.tmp);
      for (const id of acknowledged.blobs) {
        const reader = await SealedReader.open(await blobs.open(id), keyring, 'segment');
        await reader.readInto(0, reader.size, new Uint8Array(reader.size));
        await reader.close();
      }
      await dir.close();
    }
    expect(acknowledged.changes).toBeGreaterThan(0);
    expect(acknowledged.records.size).toBeGreaterThan(0);
    expect(acknowledged.blobs.size).toBeGreaterThan(0);
  });

  it('makes itself again when its first start was killed', { timeout: 120_000 }, async () => {
    const script = join(root, 'first.mjs');
    const dataDir = join(root, 'db');
    await writeFile(
      script,
      `import { openDatabase } from ${JSON.stringify(entryPoint(import.meta.url, './database.js'))};
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(process.argv[2]));
       await openDatabase({ dataDir: ${JSON.stringify(dataDir)} });
       process.kill(process.pid, 'SIGKILL');`,
    );
    for (const milliseconds of [900, 2500]) {
      const starter = fork(script, [String(milliseconds)]);
      await new Promise((resolve) => starter.once('exit', resolve));
    }
    const database = await openDatabase({ dataDir });
    expect(await lastListChange(database.db)).toBe(0);
    await database.close();
  });

  // Tables refuse and the engine goes on; without room for its log it panics, and its thread must be started again.
  it.skipIf(!canMount).each([
    ['tables', (id: number) => sql`INSERT INTO filler VALUES (${id}, repeat('x', 2000))`],
    [
      'log',
      (id: number) => sql`WITH log AS (SELECT pg_logical_emit_message(true, 'x', repeat('y', 400000)))
      UPDATE filler SET id = ${id} FROM log`,
    ],
  ] as const)(
    'says that the disk is full for its %s, loses nothing, and goes on when there is space',
    async (_, statement) => {
      const small = join(root, 'small');
      await mkdir(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', small], { stdio: 'ignore' });
      let database: Database | undefined;
      try {
        await copyEmptyDatabase(join(small, 'db'));
        const open = await openDatabase({ dataDir: join(small, 'db') });
        database = open;
        await sql`CREATE TABLE filler (id int PRIMARY KEY, content text)`.execute(open.db);
        await sql`INSERT INTO filler VALUES (0, 'first')`.execute(open.db);
        const { bavail, bsize } = await statfs(small);
        await writeFile(join(small, 'ballast'), Buffer.alloc(bavail * bsize - 2 ** 20));
        let stored = 0;
        let failure: unknown;
        while (failure === undefined && stored < 5000) {
          await statement(stored + 1)
            .execute(open.db)
            .then(
              () => stored++,
              (thrown: unknown) => {
                failure = thrown;
              },
            );
        }
        expect(failure).toMatchObject({ code: 'disk-full' });
        await rm(join(small, 'ballast'));
        const newest = (): Promise<unknown> =>
          sql`SELECT max(id) AS newest FROM filler`.execute(open.db).then(
            ({ rows }) => rows,
            (thrown: unknown) => thrown,
          );
        await expect.poll(newest, { timeout: 20_000 }).toEqual([{ newest: stored }]);
        await sql`INSERT INTO filler VALUES (-1, 'goes on')`.execute(open.db);
      } finally {
        await database?.close().catch(() => undefined);
        execFileSync('umount', ['-l', small]);
      }
    },
  );

  it('starts again by itself when its thread was lost in a statement', async () => {
    const dataDir = join(root, 'db');
    await copyEmptyDatabase(dataDir);
    const database = await openDatabase({ dataDir }, { fsync: false, allowNoFsync: true, statementLimit: 3000 });
    const heard: string[] = [];
    await database.listen('news', (payload) => heard.push(payload));
    await sql`CREATE TABLE thing (id int)`.execute(database.db);
    await sql`INSERT INTO thing VALUES (1)`.execute(database.db);
    const endless = database.transaction(async (tx) => {
      await sql`INSERT INTO thing VALUES (2)`.execute(tx);
      await sql`SELECT count(*) FROM generate_series(1, 2000000000)`.execute(tx);
    });
    await expect(endless).rejects.toMatchObject({ code: 'database-timeout' });
    expect((await sql`SELECT id FROM thing`.execute(database.db)).rows).toEqual([{ id: 1 }]);
    expect(heard).toEqual(['']);
    await database.close();
    await expect(sql`SELECT 1`.execute(database.db)).rejects.toThrow();
  });
});

describe.skipIf(noPostgres !== undefined)('a PostgreSQL server', () => {
  it('is waited for when it is gone, and found again', async () => {
    const cluster = await startPostgres();
    try {
      const database = await openDatabase({ url: await cluster.createDatabase() });
      const heard: string[] = [];
      await database.listen('news', (payload) => heard.push(payload));
      await sql`CREATE TABLE thing (id int)`.execute(database.db);
      await cluster.crash();
      await expect(sql`INSERT INTO thing VALUES (1)`.execute(database.db)).rejects.toMatchObject({
        code: 'database-unavailable',
      });
      await expect(database.transaction(async () => 1)).rejects.toMatchObject({ code: 'database-unavailable' });
      await cluster.restart();
      await sql`INSERT INTO thing VALUES (1)`.execute(database.db);
      expect((await sql`SELECT id FROM thing`.execute(database.db)).rows).toEqual([{ id: 1 }]);
      await expect.poll(() => heard, { timeout: 10_000 }).toContain('');
      await database.close();
    } finally {
      await cluster.stop();
    }
  });

  it('is not named in full when its URL is wrong', async () => {
    const failed = await openDatabase({ url: 'postgresql://user:password@[bad/' }).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: 'database-unavailable' });
    expect(inspect(failed)).not.toContain('password');
  });

  it('that was never there is an error at once', async () => {
    const url = 'postgresql://nobody@localhost/none?host=/nonexistent';
    await expect(openDatabase({ url })).rejects.toMatchObject({ code: 'database-unavailable' });
  });
});
