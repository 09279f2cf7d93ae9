import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../errors.js';
import type { ByteSource } from '../index/byte-io.js';
import type { BlobStore, BlobWriter, ListedBlob, StoredBlob } from './blob-store.js';
import { errnoOf, fileError, syncDirectory, writeFully } from './durable-file.js';
import { FileSource } from './file-source.js';

const ID = /^[0-9a-f]{64}$/;
const SHARD = /^[0-9a-f]{2}$/;

/** How a new file is opened; a test puts a failing one here. */
export type CreateFile = (path: string) => Promise<FileHandle>;

const createFile: CreateFile = (path) => open(path, 'wx', 0o600);

/** Blobs in a directory, spread over 256 sub-directories by the first two digits of their id. */
export class DirectoryBlobStore implements BlobStore {
  readonly #root: string;
  readonly #temporary: string;
  readonly #createFile: CreateFile;

  /** @param temporary a directory on the same file system; what a crash leaves there is removed at the next start */
  constructor(root: string, temporary: string, create: CreateFile = createFile) {
    this.#root = root;
    this.#temporary = temporary;
    this.#createFile = create;
  }

  async create(): Promise<BlobWriter> {
    const path = join(this.#temporary, `blob-${randomBytes(12).toString('hex')}`);
    try {
      const file = await this.#createFile(path);
      return new DirectoryBlobWriter(file, path, (id) => this.#place(path, id));
    } catch (thrown) {
      throw fileError(thrown);
    }
  }

  async open(id: string): Promise<ByteSource> {
    return await FileSource.open(this.#pathOf(id));
  }

  async has(id: string): Promise<boolean> {
    try {
      return (await stat(this.#pathOf(id))).isFile();
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return false;
      throw fileError(thrown);
    }
  }

  async delete(id: string): Promise<void> {
    // One call to the system, where `rm` with `force` makes two.
    await unlink(this.#pathOf(id)).catch((thrown: unknown) => {
      if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    });
  }

  async keep(id: string): Promise<void> {
    const now = new Date();
    await utimes(this.#pathOf(id), now, now).catch((thrown: unknown) => {
      if (errnoOf(thrown) !== 'ENOENT') throw fileError(thrown);
    });
  }

  async *list(): AsyncIterableIterator<ListedBlob> {
    for (const shard of await namesIn(this.#root)) {
      if (!SHARD.test(shard)) continue;
      for (const id of await namesIn(join(this.#root, shard))) {
        if (!ID.test(id)) continue;
        const found = await stat(join(this.#root, shard, id)).catch(() => undefined);
        // Deleted since the directory was read.
        if (found !== undefined) yield { id, bytes: found.size, modified: found.mtime };
      }
    }
  }

  async #place(path: string, id: string): Promise<void> {
    const shard = join(this.#root, id.slice(0, 2));
    const made = await mkdir(shard, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncDirectory(this.#root);
    await rename(path, join(shard, id));
    await syncDirectory(shard);
  }

  #pathOf(id: string): string {
    if (!ID.test(id)) throw new VigieError('blob-not-found', { detail: 'not an id' });
    return join(this.#root, id.slice(0, 2), id);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw fileError(thrown);
  }
}

class DirectoryBlobWriter implements BlobWriter {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #place: (id: string) => Promise<void>;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #over = false;

  constructor(file: FileHandle, path: string, place: (id: string) => Promise<void>) {
    this.#file = file;
    this.#path = path;
    this.#place = place;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#over) throw new VigieError('internal', { detail: 'the blob was ended' });
    await this.#orAbort(async () => {
      await writeFully(this.#file, bytes, this.#bytes);
      this.#hash.update(bytes);
      this.#bytes += bytes.byteLength;
    });
  }

  async commit(): Promise<StoredBlob> {
    if (this.#over) throw new VigieError('internal', { detail: 'the blob was ended' });
    return await this.#orAbort(async () => {
      await this.#file.sync();
      const id = this.#hash.digest('hex');
      await this.#place(id);
      this.#over = true;
      await this.#file.close();
      return { id, bytes: this.#bytes };
    });
  }

  async abort(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#file.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }

  /** What fails leaves no file behind. */
  async #orAbort<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (thrown) {
      await this.abort();
      throw fileError(thrown);
    }
  }
}
