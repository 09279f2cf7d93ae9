/** Databases for tests: the embedded one, and a PostgreSQL server of our own on a unix socket where its binaries are installed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Database, type DatabaseOptions, openDatabase } from '../src/storage/database.js';
import { copyCluster, copyEmptyDatabase } from './database-templates.js';

const BINARIES = '/usr/lib/postgresql/15/bin';

/** Why the server's tests are skipped, or undefined when they can run. */
export const noPostgres: string | undefined = existsSync(`${BINARIES}/postgres`)
  ? undefined
  : `skipped: no PostgreSQL 15 in ${BINARIES}`;

export interface TestDatabases {
  /** A new, empty database with all tables. It is closed and removed by `close` at the latest. */
  open(options?: DatabaseOptions): Promise<Database>;
  close(): Promise<void>;
}

/** Both databases, for `describe.each`. A server that is missing shows as a skipped suite with its reason. */
export const DATABASES = [
  { name: 'embedded', missing: undefined as string | undefined, start: startEmbedded },
  { name: noPostgres ?? 'PostgreSQL 15', missing: noPostgres, start: startServer },
] as const;

/** Embedded databases without fsync, each a copy of one that was made once on this machine. */
async function startEmbedded(): Promise<TestDatabases> {
  const root = await mkdtemp(join(tmpdir(), 'vigie-test-'));
  const opened: Database[] = [];
  return {
    async open(options = {}) {
      const dataDir = join(root, randomBytes(4).toString('hex'));
      await copyEmptyDatabase(dataDir, options.migrations);
      const database = await openDatabase({ dataDir }, { allowNoFsync: true, fsync: false, ...options });
      opened.push(database);
      return database;
    },
    async close() {
      for (const database of opened) await database.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function startServer(): Promise<TestDatabases> {
  const cluster = await startPostgres();
  const opened: Database[] = [];
  return {
    async open(options = {}) {
      const database = await openDatabase({ url: await cluster.createDatabase() }, options);
      opened.push(database);
      return database;
    },
    async close() {
      for (const database of opened) await database.close();
      await cluster.stop();
    },
  };
}

export interface PostgresCluster {
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>;
  /** Stops the server as a crash would, keeping its data. */
  crash(): Promise<void>;
  /** Starts it again after `crash`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL server, without fsync unless asked for, listening only on a unix socket in a directory of its own. */
export async function startPostgres({ fsync = false } = {}): Promise<PostgresCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'vigie-pg-'));
  const user = process.getuid?.() === 0 ? idsOf('postgres') : undefined;
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  await copyCluster(data, user, (made) => {
    execFileSync(`${BINARIES}/initdb`, ['-D', made, '-A', 'trust', '-U', 'postgres', '-N', '--locale=C.UTF-8'], {
      ...user,
      stdio: 'ignore',
    });
  });
  const url = (name: string): string => `postgresql://postgres@localhost/${name}?host=${directory}`;
  let server = await launch(data, directory, user, url('postgres'), fsync);
  return {
    async createDatabase() {
      const name = `t${randomBytes(6).toString('hex')}`;
      await query(url('postgres'), `CREATE DATABASE ${name}`);
      return url(name);
    },
    async crash() {
      await end(server);
    },
    async restart() {
      server = await launch(data, directory, user, url('postgres'), fsync);
    },
    async stop() {
      await end(server);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function launch(
  data: string,
  directory: string,
  user: { uid: number; gid: number } | undefined,
  url: string,
  fsync: boolean,
): Promise<ChildProcess> {
  const options = `-D ${data} -k ${directory} -c listen_addresses= -c fsync=${fsync ? 'on' : 'off'} -c shared_buffers=32MB`;
  // The shell ends the server when the test process goes away, however it goes: then its standard input closes.
  const script = `${BINARIES}/postgres ${options} & read _; kill -QUIT $!; wait`;
  const server = spawn('/bin/sh', ['-c', script], { ...user, cwd: directory, stdio: ['pipe', 'ignore', 'ignore'] });
  for (let attempt = 0; ; attempt++) {
    try {
      await query(url, 'SELECT 1');
      return server;
    } catch (thrown) {
      if (attempt === 200) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.stdin?.end();
  await exited;
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function idsOf(user: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
