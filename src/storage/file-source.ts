import { type FileHandle, open } from 'node:fs/promises';
import { VigieError } from '../errors.js';
import type { ByteSource } from '../index/byte-io.js';
import { errnoOf, fileError } from './durable-file.js';

/** A file as it lies on the disk. */
export class FileSource implements ByteSource {
  readonly size: number;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** @throws VigieError `blob-not-found` */
  static async open(path: string): Promise<FileSource> {
    try {
      const file = await open(path, 'r');
      const { size } = await file.stat();
      return new FileSource(file, size);
    } catch (thrown) {
      throw fileError(thrown, errnoOf(thrown) === 'ENOENT' ? 'blob-not-found' : 'file-not-readable');
    }
  }

  async readInto(offset: number, length: number, target: Uint8Array): Promise<void> {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(target, done, length - done, offset + done);
      if (bytesRead === 0) throw new VigieError('seal-damaged', { detail: 'the file is shorter than it was' });
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
