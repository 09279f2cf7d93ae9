import { chmodSync, closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** The parts of Emscripten's file system that are used here; PGlite's version is pinned because of them. */
interface EmscriptenStream {
  readonly nfd?: number;
}
interface StreamOperations {
  fsync?: (stream: EmscriptenStream) => number;
  write: (...parameters: unknown[]) => unknown;
}
interface EmscriptenFs {
  lookupPath(path: string): { readonly node: { readonly stream_ops: StreamOperations } };
}

/** WASI's number for ENOSPC, which Emscripten's errors carry. */
const ENOSPC = 51;

/**
 * PGlite's directory file system, writing through to the disk.
 *
 * Emscripten's NODEFS has no fsync: PostgreSQL's calls return success and do nothing. The operation is added to the
 * table that all nodes of the mount share, before PostgreSQL opens its first file, so that recovery and directories
 * are covered too.
 */
export class WriteThroughFs extends NodeFS {
  /** How many times PostgreSQL had something written through. */
  syncs = 0;
  /** True once a write failed for want of space. */
  full = false;

  override async init(pg: PGlite, options: Parameters<NodeFS['init']>[1]): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options);
    const mounted = emscriptenOpts.preRun ?? [];
    const patch = (module: { FS: unknown }): void => {
      const operations = (module.FS as EmscriptenFs).lookupPath('/pglite/data').node.stream_ops;
      const write = operations.write;
      operations.write = (...parameters) => {
        try {
          return write(...parameters);
        } catch (thrown) {
          if ((thrown as { errno?: unknown }).errno === ENOSPC) this.full = true;
          throw thrown;
        }
      };
      operations.fsync = (stream) => {
        if (stream.nfd === undefined) return 0;
        fsyncSync(stream.nfd);
        this.syncs++;
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...mounted, patch] } };
  }
}

/** Where a database is made before it gets its name, so that a half-made one is never mistaken for a whole. */
export function nascent(directory: string): string {
  return `${directory}.new`;
}

/** True when the directory holds a database. */
export function holdsDatabase(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION'));
}

/** Removes what an interrupted first start left behind. */
export function clearNascent(directory: string): void {
  rmSync(nascent(directory), { recursive: true, force: true });
}

/** Writes a new database through to the disk and gives it its name. */
export function adoptNascent(directory: string, fsync: boolean): void {
  shut(nascent(directory));
  if (fsync) syncTree(nascent(directory));
  renameSync(nascent(directory), directory);
  if (fsync) sync(dirname(directory));
}

/** What a new database is unpacked from makes its files readable for all, whatever the process wants. */
function shut(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) shut(path);
    else if (entry.isFile()) chmodSync(path, 0o600);
  }
}

function syncTree(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) sync(path);
  }
  sync(directory);
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
