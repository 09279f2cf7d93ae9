import { createHash } from 'node:crypto';
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSource } from '../../index/byte-io.js';
import { errnoOf, fileError, syncDirectory, writeFully } from '../durable-file.js';
import { FileSource } from '../file-source.js';

const BLOCK = 2 ** 20;

export interface Copied {
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads a source to the end that it had when it was opened, and tells each piece. A piece is good until the next. */
async function digest(source: ByteSource, each: (piece: Uint8Array, at: number) => Promise<void>): Promise<Copied> {
  const hash = createHash('sha256');
  const block = Buffer.alloc(Math.min(BLOCK, Math.max(1, source.size)));
  for (let at = 0; at < source.size; at += block.length) {
    const piece = block.subarray(0, Math.min(block.length, source.size - at));
    await source.readInto(at, piece.length, piece);
    hash.update(piece);
    await each(piece, at);
  }
  return { bytes: source.size, sha256: hash.digest('hex') };
}

/** Copies to a new file and through to the disk; the directories of it are made. @throws VigieError `disk-full` */
export async function copyOut(source: ByteSource, target: string): Promise<Copied> {
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const file = await open(target, 'wx', 0o600);
    try {
      const copied = await digest(source, (piece, at) => writeFully(file, piece, at));
      await file.sync();
      return copied;
    } finally {
      await file.close();
    }
  } catch (thrown) {
    throw fileError(thrown);
  }
}

/** What a file holds; undefined when there is none. */
export async function digestOf(path: string): Promise<Copied | undefined> {
  const source = await FileSource.open(path).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'blob-not-found') return undefined;
    throw thrown;
  });
  if (source === undefined) return undefined;
  try {
    return await digest(source, async () => undefined);
  } finally {
    await source.close();
  }
}

/** Paths of all files below a directory, relative to it and in order; none when there is no directory. */
export async function filesBelow(root: string, inside = ''): Promise<readonly string[]> {
  const entries = await readdir(join(root, inside), { withFileTypes: true }).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw fileError(thrown);
  });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(root, path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

/** Makes the names of all that lies below a directory last through a loss of power. */
export async function syncTree(root: string): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncTree(join(root, entry.name));
  }
  await syncDirectory(root);
}
