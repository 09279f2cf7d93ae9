/** Databases that were made once on this machine: making one takes seconds of work, copying one does not. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openDatabase } from '../src/storage/database.js';
import { MIGRATIONS } from '../src/storage/migrations/all.js';
import type { Migration } from '../src/storage/migrations/migration.js';

let engine: Promise<WebAssembly.Module> | undefined;

/** An embedded database with the tables of these migrations (all, when left out), and nothing in them. */
export async function copyEmptyDatabase(target: string, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  // While the module is held, all databases of this process share its machine code, each function compiled once.
  engine ??= holdEngine();
  await engine;
  await copyTemplate(target, migrations);
}

/** As `copyEmptyDatabase`, for another process to open. */
export async function copyTemplate(target: string, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  await cp(await embeddedTemplate(migrations), target, { recursive: true });
}

/** Makes the template if it is not there. @returns its directory */
export async function embeddedTemplate(migrations: readonly Migration[] = MIGRATIONS): Promise<string> {
  // The name tells what it was made by, so that a changed migration never meets an old template.
  const made = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 16);
  return await templateOf(`pglite-0.5.16-${made}`, async (directory) => {
    if (migrations.length > 0) await copyTemplate(directory, []);
    const database = await openDatabase({ dataDir: directory }, { allowNoFsync: true, fsync: false, migrations });
    await database.close();
  });
}

/** The data directory of a PostgreSQL server. @param make makes it at the path that it is given */
export async function copyCluster(
  target: string,
  user: { readonly uid: number; readonly gid: number } | undefined,
  make: (directory: string) => void,
): Promise<void> {
  const template = await templateOf('postgres-15', async (directory) => make(directory), user);
  await cp(template, target, { recursive: true });
  if (user !== undefined) await giveAway(target, user);
}

async function templateOf(
  name: string,
  make: (directory: string) => Promise<void>,
  user?: { readonly uid: number; readonly gid: number },
): Promise<string> {
  const template = join(tmpdir(), `vigie-test-template-${process.getuid?.() ?? 0}-${name}`);
  if (existsSync(template)) return template;
  const own = `${template}-${randomBytes(4).toString('hex')}`;
  await mkdir(own, { mode: 0o700 });
  if (user !== undefined) await chown(own, user.uid, user.gid);
  await make(join(own, 'db'));
  // Whoever comes second uses what is there.
  await rename(join(own, 'db'), template).catch(() => undefined);
  await rm(own, { recursive: true, force: true });
  return template;
}

async function giveAway(directory: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const inside = await readdir(directory, { recursive: true });
  await Promise.all(['', ...inside].map((name) => chown(join(directory, name), uid, gid)));
}

async function holdEngine(): Promise<WebAssembly.Module> {
  const main = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  return new WebAssembly.Module(await readFile(join(dirname(main), 'pglite.wasm')));
}
