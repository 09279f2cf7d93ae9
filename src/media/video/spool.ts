import { randomUUID } from 'node:crypto';
import { closeSync, constants, fchmodSync, ftruncateSync, openSync, unlinkSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { VigieError } from '../../errors.js';

/** Memory that has the form of a file system. */
export const SPOOL_PLACE = '/dev/shm';
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'ENOMEM'];
const writeAt = promisify(write);

/**
 * Where a medium lies while a decoder process reads it: a file in memory without a name. It never touches a disk, and
 * nobody can open it but those who were given its descriptor.
 */
export class Spool {
  readonly descriptor: number;
  #bytes = 0;
  #closed = false;
  #writing: Promise<unknown> = Promise.resolve();

  /** @throws VigieError `spool-full` when there is no place for it */
  constructor(place = SPOOL_PLACE) {
    const path = `${place}/vigie-spool-${randomUUID()}`;
    try {
      this.descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      unlinkSync(path);
    } catch (cause) {
      throw new VigieError('spool-full', { detail: 'it cannot be made', retryAfter: 5, cause });
    }
    // The decoder, which is another user, opens it by its descriptor to have a place of its own in it.
    fchmodSync(this.descriptor, 0o444);
  }

  /** How much was written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes behind what is there; once it is closed, nothing. One at a time. @throws VigieError `spool-full` */
  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      // The number of a closed descriptor may be somebody else's file by now.
      if (this.#closed) return;
      try {
        const writing = writeAt(this.descriptor, chunk, at, chunk.length - at, this.#bytes);
        this.#writing = writing.catch(() => undefined);
        const { bytesWritten } = await writing;
        at += bytesWritten;
        this.#bytes += bytesWritten;
      } catch (cause) {
        const full = FULL.includes((cause as { code?: unknown }).code);
        throw full ? new VigieError('spool-full', { retryAfter: 5, cause }) : cause;
      }
    }
  }

  /** Gives the memory back. */
  clear(): void {
    if (this.#closed) return;
    this.#bytes = 0;
    ftruncateSync(this.descriptor, 0);
  }

  /** Lets go of it, once what is just being written is. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    closeSync(this.descriptor);
  }
}
