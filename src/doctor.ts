import { mkdtemp, open, realpath, rm, stat, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import sharp from 'sharp';
import { DEFAULTS } from './config.js';
import { clock, clockAgainst } from './doctor/clock.js';
import type { Finding } from './doctor/finding.js';
import { keys } from './doctor/keys.js';
import { lock } from './doctor/lock.js';
import { record } from './doctor/record.js';
import { sharedPlaces } from './doctor/shared-places.js';
import { video } from './doctor/video.js';
import { VigieError } from './errors.js';
import { MediaPool } from './media/pool.js';
import { sandboxReport } from './media/sandbox.js';
import { ownerOf } from './storage/data-dir.js';
import { openDatabase } from './storage/database.js';

export interface DoctorOptions {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
}

const GIGABYTE = 1e9;
/** Segments of ten million entries, twice while a new version is loaded. */
const ENOUGH_DISK = 5 * GIGABYTE;
const ENOUGH_MEMORY = 2 * GIGABYTE;
const CONNECT_MS = 5_000;

/** Tries what Vigie needs on this machine and says what holds. Nothing that is there is changed. */
export async function examine({ dataDir, databaseUrl }: DoctorOptions): Promise<readonly Finding[]> {
  const place = await nearestDirectory(dataDir);
  return [
    runtime(),
    memory(),
    ...sandbox(),
    ...(await decoders()),
    ...(await video()),
    await disk(place),
    await owner(dataDir),
    await lock(place),
    ...(await keys(dataDir)),
    await clock(),
    ...(databaseUrl === undefined ? [await embeddedDatabase(place)] : await serverDatabase(databaseUrl)),
    ...(await sharedPlaces(dataDir)),
    await record(dataDir),
  ];
}

function runtime(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  return {
    what: 'Node',
    state: good ? 'good' : 'bad',
    found: process.versions.node,
    ...(good ? {} : { remedy: 'Install Node 20.19 or later.' }),
  };
}

function memory(): Finding {
  const good = freemem() >= ENOUGH_MEMORY;
  return {
    what: 'memory',
    state: good ? 'good' : 'limited',
    found: `${inGigabytes(freemem())} free of ${inGigabytes(totalmem())}`,
    ...(good
      ? {}
      : { remedy: 'Ten million entries take about 1.5 GB, and as much again while a version is replaced.' }),
  };
}

function sandbox(): readonly Finding[] {
  return sandboxReport().map(({ measure, holds, detail }) => ({
    what: `decoders: ${measure}`,
    state: holds ? 'good' : 'limited',
    found: holds ? detail : 'does not hold',
    ...(holds ? {} : { remedy: detail }),
  }));
}

/** Every format that can be written here is really decoded, in a real decoder process. */
async function decoders(): Promise<readonly Finding[]> {
  const picture = sharp({ create: { width: 96, height: 64, channels: 3, background: '#7a8' } });
  const written = {
    jpeg: picture.clone().jpeg().toBuffer(),
    png: picture.clone().png().toBuffer(),
    gif: picture.clone().gif().toBuffer(),
    webp: picture.clone().webp().toBuffer(),
    avif: picture.clone().avif().toBuffer(),
    tiff: picture.clone().tiff().toBuffer(),
  };
  const pool = new MediaPool({ ...DEFAULTS.decoders, processes: 1 });
  try {
    const bad: string[] = [];
    for (const [format, bytes] of Object.entries(written)) {
      try {
        await pool.hash(await bytes, { mode: 'fast', signal: AbortSignal.timeout(30_000) });
      } catch (error) {
        bad.push(`${format} (${VigieError.from(error).code})`);
      }
    }
    const good = bad.length === 0;
    return [
      {
        what: 'decoders: pictures',
        state: good ? 'good' : 'bad',
        found: good ? pool.formats.join(', ') : `not decoded: ${bad.join(', ')}`,
        ...(good ? {} : { remedy: 'Install again with `npm ci`; see whether /tmp can be written.' }),
      },
    ];
  } finally {
    await pool.close();
  }
}

async function disk(place: string): Promise<Finding> {
  const { bsize, bavail } = await statfs(place);
  const free = bsize * bavail;
  const written = await tryToWrite(place);
  if (written !== undefined) {
    return { what: 'disk', state: 'bad', found: written, remedy: `Make ${place} writable for this user.` };
  }
  return {
    what: 'disk',
    state: free >= ENOUGH_DISK ? 'good' : 'limited',
    found: `${inGigabytes(free)} free, can be written`,
    ...(free >= ENOUGH_DISK ? {} : { remedy: 'A list of ten million entries takes about 2 GB while it is replaced.' }),
  };
}

async function tryToWrite(place: string): Promise<string | undefined> {
  try {
    const directory = await mkdtemp(join(place, '.vigie-doctor-'));
    try {
      const file = await open(join(directory, 'probe'), 'wx', 0o600);
      await file.write(Buffer.alloc(4_096, 1));
      await file.sync();
      await file.close();
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    return undefined;
  } catch (error) {
    return `cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`;
  }
}

async function owner(dataDir: string): Promise<Finding> {
  const what = 'data directory';
  const found = await realpath(dataDir).catch(() => undefined);
  if (found === undefined) {
    return { what, state: 'good', found: 'not there yet: `vigie serve` makes it' };
  }
  const { mode } = await stat(found);
  if ((mode & 0o077) !== 0) {
    return { what, state: 'limited', found: 'others may enter it', remedy: `chmod 700 ${dataDir}` };
  }
  const by = await ownerOf(found);
  return { what, state: 'good', found: by === undefined ? 'nobody uses it now' : `in use by process ${by.pid}` };
}

/** A database of its own beside the data directory, on the same disk, thrown away afterwards. */
async function embeddedDatabase(place: string): Promise<Finding> {
  const what = 'database: embedded';
  const directory = await mkdtemp(join(place, '.vigie-doctor-')).catch(() => undefined);
  if (directory === undefined) return { what, state: 'bad', found: 'could not be tried' };
  try {
    const database = await openDatabase({ dataDir: join(directory, 'db') }, { allowNoFsync: true });
    try {
      const version = await database.version();
      return database.fsync
        ? { what, state: 'good', found: `PostgreSQL ${version}, writes through to the disk` }
        : {
            what,
            state: 'limited',
            found: `PostgreSQL ${version}, does not write through to the disk`,
            remedy: 'Use a PostgreSQL server (DATABASE_URL), or --allow-no-fsync for a trial.',
          };
    } finally {
      await database.close();
    }
  } catch (error) {
    return { what, state: 'bad', found: VigieError.from(error).message };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface ServerFacts {
  readonly version: string;
  readonly number: number;
  readonly fsync: string;
  readonly commit: string;
  readonly connections: number;
  readonly now: number;
}

/** Connections of one process at most, and some for the commands beside it. */
const ENOUGH_CONNECTIONS = 20;
const OLDEST_SERVER = 130_000;

/** Only asked, never migrated. */
async function serverDatabase(url: string): Promise<readonly Finding[]> {
  const what = 'database: server';
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const asked = Date.now();
    const { rows } = await client.query<ServerFacts>(`
      SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
        current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
        current_setting('max_connections')::int AS connections,
        (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`);
    const told = Date.now();
    const [facts] = rows;
    if (facts === undefined) throw new VigieError('internal');
    return [serverFinding(what, facts), clockAgainst(facts.now, asked, told)];
  } catch (error) {
    // The message of the driver may hold the address, and with it the password.
    const code = (error as { code?: unknown }).code;
    return [
      {
        what,
        state: 'bad',
        found: `does not answer${typeof code === 'string' ? ` (${code})` : ''}`,
        remedy: 'Check DATABASE_URL and the server.',
      },
    ];
  } finally {
    await client.end().catch(() => undefined);
  }
}

function serverFinding(what: string, { version, number, fsync, commit, connections }: ServerFacts): Finding {
  const found = `PostgreSQL ${version}, fsync ${fsync}, synchronous_commit ${commit}, max_connections ${connections}`;
  if (number < OLDEST_SERVER) return { what, state: 'bad', found, remedy: 'Use PostgreSQL 13 or later.' };
  if (fsync !== 'on') return { what, state: 'limited', found, remedy: 'Set fsync = on.' };
  if (commit === 'off') {
    return {
      what,
      state: 'limited',
      found,
      remedy: 'Set synchronous_commit = on: what was acknowledged could be lost.',
    };
  }
  if (connections < ENOUGH_CONNECTIONS) {
    return { what, state: 'limited', found, remedy: 'Raise max_connections: each process takes up to ten.' };
  }
  return { what, state: 'good', found };
}

/** The directory itself, or the nearest one above it that exists. */
async function nearestDirectory(path: string): Promise<string> {
  for (let place = resolve(path); ; place = dirname(place)) {
    const found = await stat(place).catch(() => undefined);
    if (found?.isDirectory() || place === dirname(place)) return place;
  }
}

function inGigabytes(bytes: number): string {
  return `${(bytes / GIGABYTE).toFixed(1)} GB`;
}
