import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ErrorCode, VigieError } from '../errors.js';

/** Makes creations, renames and deletions in a directory last through a loss of power. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Writes all of `bytes` at `position`; a short write is continued. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/**
 * Puts a small file in place in one step: whoever reads it sees the old content or the new, whole, and when this
 * returns it is on the disk.
 * @throws VigieError `disk-full`
 */
export async function writeFileDurably(path: string, content: Uint8Array | string, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw fileError(thrown);
  }
}

/** An error of the file system as a VigieError: a full disk as `disk-full`, the rest as `otherwise`. */
export function fileError(thrown: unknown, otherwise: ErrorCode = 'internal'): VigieError {
  if (thrown instanceof VigieError) return thrown;
  const code = errnoOf(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new VigieError('disk-full', { cause: thrown });
  return new VigieError(otherwise, { cause: thrown, ...(code === undefined ? {} : { detail: code }) });
}

/** The system's error code (ENOENT, …) of a thrown value, if it has one. */
export function errnoOf(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
