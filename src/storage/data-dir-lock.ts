import { readlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { VigieError } from '../errors.js';
import { errnoOf } from './durable-file.js';

/**
 * The exclusive lock on a directory: an abstract unix socket named by its device and inode. The kernel gives a name
 * to one process of a machine and takes it back when that process is gone, however it went, so no stale lock exists.
 * It does not reach into another network namespace (a container): for that there is the owner file.
 * @returns the function that gives the lock back
 * @throws VigieError `data-dir-in-use`, `data-dir-unusable` on a system without abstract sockets
 */
export async function lockDirectory({
  dev,
  ino,
}: {
  readonly dev: number | bigint;
  readonly ino: number | bigint;
}): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') {
    throw new VigieError('data-dir-unusable', { detail: 'locking it needs Linux' });
  }
  // Nobody connects; the name is all that matters.
  const server = createServer((connection) => connection.destroy());
  try {
    await listen(server, `\0vigie-data-${dev}-${ino}`);
  } catch (thrown) {
    if (errnoOf(thrown) === 'EADDRINUSE') throw new VigieError('data-dir-in-use');
    throw new VigieError('data-dir-unusable', { cause: thrown });
  }
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** How far the lock of this process reaches: its network namespace. */
export async function lockReach(): Promise<string> {
  return await readlink('/proc/self/ns/net').catch(() => 'unknown');
}
