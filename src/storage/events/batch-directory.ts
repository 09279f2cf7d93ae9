import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSource } from '../../index/byte-io.js';
import { errnoOf, fileError, syncDirectory, writeFully } from '../durable-file.js';
import { FileSource } from '../file-source.js';
import type { Keyring } from '../keyring.js';
import type { Batch } from './batch-file.js';
import {
  type BatchFiles,
  type BatchName,
  byNumber,
  folderOf,
  nameOf,
  pathOf,
  sealBatch,
  unsealBatch,
} from './batch-files.js';

const FOLDER = /^\d{6,}$/;
const TEMPORARY = /^[0-9a-f]{16}\.tmp$/;
/** What a process that was killed left is removed when it is so old; others may be writing. */
const LEFT_MS = 3_600_000;

/** Sealed batches in a directory, which processes may share. */
export class BatchDirectory implements BatchFiles {
  readonly path: string;
  readonly #keyring: Keyring;
  #cleared = false;

  constructor(path: string, keyring: Keyring) {
    this.path = path;
    this.#keyring = keyring;
  }

  async write(batch: Batch): Promise<void> {
    await this.put(batch.header, await sealBatch(batch, this.#keyring));
  }

  async put(name: BatchName, bytes: Uint8Array): Promise<void> {
    const temporary = join(this.path, `${randomBytes(8).toString('hex')}.tmp`);
    const target = join(this.path, pathOf(name));
    try {
      await this.#makeFolder(dirname(target));
      const file = await open(temporary, 'wx', 0o600);
      try {
        await writeFully(file, bytes, 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await link(temporary, target).catch((thrown: unknown) => {
        if (errnoOf(thrown) !== 'EEXIST') throw thrown;
      });
      await rm(temporary);
      await syncDirectory(dirname(target));
    } catch (thrown) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw fileError(thrown);
    }
  }

  async read(name: BatchName): Promise<Batch | undefined> {
    const source = await this.open(name);
    try {
      return await unsealBatch(source, this.#keyring);
    } finally {
      await source.close();
    }
  }

  async open(name: BatchName): Promise<ByteSource> {
    return await FileSource.open(join(this.path, pathOf(name)));
  }

  async named(number: number): Promise<readonly BatchName[]> {
    return (await this.#inFolder(folderOf(number))).filter((each) => each.number === number);
  }

  async *list(): AsyncGenerator<BatchName> {
    const folders = (await namesIn(this.path)).filter((name) => FOLDER.test(name));
    for (const folder of folders.sort((a, b) => Number(a) - Number(b))) yield* await this.#inFolder(folder);
  }

  async *heads(bytes: number): AsyncGenerator<Uint8Array> {
    for await (const name of this.list()) {
      const source = await this.open(name).catch(() => undefined);
      if (source === undefined) continue;
      try {
        const head = Buffer.alloc(Math.min(bytes, source.size));
        await source.readInto(0, head.length, head);
        yield head;
      } finally {
        await source.close();
      }
    }
  }

  async #inFolder(folder: string): Promise<readonly BatchName[]> {
    const names = await namesIn(join(this.path, folder));
    return names.flatMap((name) => nameOf(name) ?? []).sort(byNumber);
  }

  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    // From the one that holds the first that was made: their names must last as well.
    if (first !== undefined) for (const path of [this.path, dirname(this.path)]) await syncDirectory(path);
    if (this.#cleared) return;
    this.#cleared = true;
    for (const name of (await readdir(this.path)).filter((each) => TEMPORARY.test(each))) {
      const found = await stat(join(this.path, name)).catch(() => undefined);
      if (found !== undefined && Date.now() - found.mtimeMs > LEFT_MS) await rm(join(this.path, name), { force: true });
    }
  }
}

async function namesIn(path: string): Promise<string[]> {
  return await readdir(path).catch((thrown: unknown) => {
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw fileError(thrown);
  });
}
