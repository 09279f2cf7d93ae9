import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { VigieError } from '../errors.js';
import { lockDirectory, lockReach } from './data-dir-lock.js';
import { claimOwnership, type DataDirOwner, describeOwner, readOwner } from './data-dir-owner.js';
import { errnoOf, fileError, syncDirectory, writeFileDurably } from './durable-file.js';
import type { KeyPlace } from './open-keyring.js';
import { findSocketPath } from './socket-path.js';

export interface DataDirOptions {
  /** Make the directory when it is missing. */
  readonly create?: boolean;
  /** The backup that is being restored into it, by its proof. Without, a half restored directory does not open. */
  readonly restoring?: string;
  readonly signal?: AbortSignal;
}

/** The data directory of one installation, owned by this process until `close`. */
export class DataDir implements AsyncDisposable {
  /** The real path, without symbolic links. */
  readonly path: string;
  /** The service's socket, which may lie elsewhere when the path is too long. */
  readonly socketPath: string;
  readonly #release: () => Promise<void>;

  private constructor(path: string, socketPath: string, release: () => Promise<void>) {
    this.path = path;
    this.socketPath = socketPath;
    this.#release = release;
  }

  /**
   * Takes the directory: makes it (mode 0700), locks it, and removes what a crash left in `tmp/`.
   * @throws VigieError `data-dir-in-use`, `data-dir-unusable`, `disk-full`
   */
  static async open(path: string, { create = false, restoring, signal }: DataDirOptions = {}): Promise<DataDir> {
    // The embedded database makes its files readable for all, inside of a directory that is closed to all.
    if (isMainThread) process.umask(0o077);
    try {
      if (create) await mkdir(path, { recursive: true, mode: 0o700 });
      const real = await realpath(path);
      const found = await stat(real);
      if (!found.isDirectory()) throw new VigieError('data-dir-unusable', { detail: 'not a directory' });
      const unlock = await lockOrName(real, found);
      try {
        if (restoring === undefined) await mark(real);
        else await beginRestore(real, restoring);
        await rm(join(real, 'tmp'), { recursive: true, force: true });
        for (const name of ['segments', 'seen', 'events', 'media', 'keys', 'tmp']) {
          await mkdir(join(real, name), { recursive: true, mode: 0o700 });
        }
        await syncDirectory(real);
        const socketPath = await findSocketPath(real, true);
        const disown = await claimOwnership(ownerFile(real), await lockReach(), signal);
        const release = async (): Promise<void> => {
          await disown();
          await unlock();
        };
        return new DataDir(real, socketPath, release);
      } catch (thrown) {
        await unlock();
        throw thrown;
      }
    } catch (thrown) {
      if (signal?.aborted) throw thrown;
      throw fileError(thrown, 'data-dir-unusable');
    }
  }

  get db(): string {
    return join(this.path, 'db');
  }
  get segments(): string {
    return join(this.path, 'segments');
  }
  get seen(): string {
    return join(this.path, 'seen');
  }
  /** Sealed batches of events. */
  get events(): string {
    return join(this.path, 'events');
  }
  /** Media that were handed in and wait to be looked at. */
  get media(): string {
    return join(this.path, 'media');
  }
  get keys(): string {
    return join(this.path, 'keys');
  }
  /** Where the id of this process among the nodes is noted. */
  get nodeFile(): string {
    return join(this.path, 'node');
  }
  get tmp(): string {
    return join(this.path, 'tmp');
  }

  /** For openKeyring. The canary lies apart from the keys: who loses `keys/` must still be told. */
  get keyPlace(): KeyPlace {
    return {
      keyFile: join(this.keys, 'master.key'),
      canaryFile: join(this.path, 'sealed.canary'),
      holdsSealedData: async () => {
        for (const directory of [this.segments, this.seen, this.events, this.media])
          if ((await readdir(directory)).length > 0) return true;
        return false;
      },
    };
  }

  /** Ends a restore: from now on the directory opens as any other. */
  async restored(): Promise<void> {
    await rm(join(this.path, RESTORING), { force: true });
    await syncDirectory(this.path);
  }

  /** Gives the directory back. Close the database first. */
  async close(): Promise<void> {
    await rm(this.socketPath, { force: true });
    await this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const MARK = 'vigie-data';
const MARK_TEXT = 'A data directory of Vigie, layout 1.\n';
/** Lies in a directory for as long as a restore into it is not finished. */
export const RESTORING = 'restoring';

/**
 * Makes sure that the directory is Vigie's before anything in it is touched: a mistaken --data must not cost anybody
 * a directory that happens to hold a `tmp`.
 */
async function mark(path: string): Promise<void> {
  const names = await readdir(path);
  if (names.includes(RESTORING)) {
    throw new VigieError('restore-refused', { detail: 'a restore into it was cut off: run it again' });
  }
  if (names.includes(MARK)) return;
  if (names.some((name) => name !== 'lost+found')) {
    throw new VigieError('data-dir-unusable', { detail: 'it holds other files' });
  }
  await writeFileDurably(join(path, MARK), MARK_TEXT);
}

/** Takes an empty directory, or what a restore that was cut off has left in one. */
async function beginRestore(path: string, proof: string): Promise<void> {
  const names = (await readdir(path)).filter((name) => name !== 'lost+found');
  if (names.length > 0 && !names.includes(RESTORING)) {
    throw new VigieError('restore-refused', { detail: 'the directory is not empty' });
  }
  for (const name of names.filter((each) => each !== RESTORING)) {
    await rm(join(path, name), { recursive: true, force: true });
  }
  await writeFileDurably(join(path, RESTORING), `${proof}\n`);
  await writeFileDurably(join(path, MARK), MARK_TEXT);
}

/** Whether a data directory of Vigie lies at a path. */
export async function isDataDir(path: string): Promise<boolean> {
  return await stat(join(path, MARK)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** The socket of the service that owns a data directory, for commands that want to speak to it. */
export async function socketPathOf(dataDir: string): Promise<string> {
  try {
    return await findSocketPath(await realpath(dataDir), false);
  } catch (thrown) {
    throw fileError(thrown, 'data-dir-unusable');
  }
}

/** Who owns a data directory just now, as far as its owner file tells. */
export async function ownerOf(dataDir: string): Promise<DataDirOwner | undefined> {
  return await readOwner(ownerFile(dataDir));
}

function ownerFile(dataDir: string): string {
  return join(dataDir, 'owner.json');
}

async function lockOrName(path: string, found: Awaited<ReturnType<typeof stat>>): Promise<() => Promise<void>> {
  try {
    return await lockDirectory(found);
  } catch (thrown) {
    const owner = await ownerOf(path);
    if (errnoOf(thrown) !== 'data-dir-in-use' || owner === undefined) throw thrown;
    throw new VigieError('data-dir-in-use', { detail: describeOwner(owner) });
  }
}
