import { readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { VigieError } from '../errors.js';
import { errnoOf, fileError, writeFileDurably } from './durable-file.js';

const Owner = z.object({
  pid: z.number().int(),
  host: z.string(),
  /** How far its lock reaches; see lockReach. */
  reach: z.string(),
  command: z.string(),
  since: z.string(),
});

/** Who owns a data directory, for people to read. */
export type DataDirOwner = z.infer<typeof Owner>;

/** Milliseconds between two signs of life, and how long a silent owner elsewhere is waited for. */
const BEAT = 2000;
const SILENCE = 3 * BEAT;

/** @returns who says to own the directory; undefined when nobody does or the file cannot be understood */
export async function readOwner(path: string): Promise<DataDirOwner | undefined> {
  try {
    const parsed = Owner.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Says that this process owns the directory, and goes on saying so by touching the file.
 *
 * The lock itself is only seen on this machine and in this network namespace. Two containers on one volume each get
 * it, so an owner elsewhere that was alive a moment ago is watched for as long as a beat may take: when it moves, it
 * lives.
 * @returns the function that ends it
 * @throws VigieError `data-dir-in-use`, or the signal's reason
 */
export async function claimOwnership(path: string, reach: string, signal?: AbortSignal): Promise<() => Promise<void>> {
  const before = await readOwner(path);
  if (before !== undefined && (before.reach !== reach || before.host !== hostname())) {
    if (await showsLife(path, signal)) throw new VigieError('data-dir-in-use', { detail: describeOwner(before) });
  }
  const owner: DataDirOwner = {
    pid: process.pid,
    host: hostname(),
    reach,
    command: process.argv.slice(1, 3).join(' '),
    since: new Date().toISOString(),
  };
  await writeFileDurably(path, `${JSON.stringify(owner)}\n`);
  const timer = setInterval(() => {
    const now = new Date();
    // A missed beat is no reason to stop; the lock of this machine holds all the same.
    void utimes(path, now, now).catch(() => undefined);
  }, BEAT).unref();
  return async () => {
    clearInterval(timer);
    await rm(path, { force: true });
  };
}

export function describeOwner({ pid, host, since }: DataDirOwner): string {
  return `process ${pid} on ${host}, since ${since}`;
}

async function showsLife(path: string, signal: AbortSignal | undefined): Promise<boolean> {
  const first = await touched(path);
  if (first === undefined || Date.now() - first > SILENCE) return false;
  while (Date.now() - first <= SILENCE) {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, BEAT / 4));
    const latest = await touched(path);
    if (latest === undefined) return false;
    if (latest !== first) return true;
  }
  return false;
}

async function touched(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw fileError(thrown);
  }
}
