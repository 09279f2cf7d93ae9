import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError, syncDirectory, writeFully } from '../durable-file.js';
import { FileSource } from '../file-source.js';
import type { Keyring } from '../keyring.js';
import { SealedReader, SealedWriter } from '../sealed-file.js';
import { type Batch, type BatchHeader, batchText, parseBatch } from './batch-file.js';

const PURPOSE = 'event-batch';
const NAME = /^(\d{10})\.([0-9a-f]{16})\.vbatch$/;

/** A batch file by its name: the number and the beginning of the hash of its batch. */
export interface BatchName {
  readonly number: number;
  readonly hash: string;
}

/**
 * Sealed batches, a file each. A file is never replaced: two batches of one number, as they come about when an older
 * backup was restored, lie beside each other and are told apart by their hash.
 */
export class BatchDirectory {
  readonly path: string;
  readonly #keyring: Keyring;

  constructor(path: string, keyring: Keyring) {
    this.path = path;
    this.#keyring = keyring;
  }

  /** Writes a batch; when this returns it is on the disk. A file that is there already stays. @throws VigieError `disk-full` */
  async write(batch: Batch): Promise<void> {
    const temporary = join(this.path, `${randomBytes(8).toString('hex')}.tmp`);
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'wx', 0o600);
      try {
        let end = 0;
        const sink = {
          write: async (bytes: Uint8Array) => {
            await writeFully(file, bytes, end);
            end += bytes.byteLength;
          },
        };
        const writer = new SealedWriter(sink, this.#keyring, PURPOSE);
        await writer.write(Buffer.from(batchText(batch)));
        await writer.finish();
        await file.sync();
      } finally {
        await file.close();
      }
      await link(temporary, join(this.path, nameOf(batch.header))).catch((thrown: unknown) => {
        if (errnoOf(thrown) !== 'EEXIST') throw thrown;
      });
      await rm(temporary);
      await syncDirectory(this.path);
    } catch (thrown) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw fileError(thrown);
    }
  }

  /**
   * @returns the batch as its file holds it, which may still be at fault in itself (`faultOfBatch`)
   * @throws VigieError `blob-not-found`, `seal-damaged`, `seal-key-wrong`
   */
  async read(name: BatchName): Promise<Batch | undefined> {
    const source = await FileSource.open(join(this.path, nameOf(name)));
    try {
      const reader = await SealedReader.open(source, this.#keyring, PURPOSE);
      const bytes = Buffer.allocUnsafe(reader.size);
      await reader.readInto(0, reader.size, bytes);
      return parseBatch(bytes.toString());
    } finally {
      await source.close();
    }
  }

  /** The files that are there, by number. */
  async list(): Promise<BatchName[]> {
    const names = await readdir(this.path).catch((thrown: unknown) => {
      if (errnoOf(thrown) === 'ENOENT') return [];
      throw fileError(thrown);
    });
    const found = names.flatMap((name) => {
      const [, number, hash] = NAME.exec(name) ?? [];
      return number === undefined || hash === undefined ? [] : [{ number: Number(number), hash }];
    });
    return found.sort((a, b) => a.number - b.number || (a.hash < b.hash ? -1 : 1));
  }
}

function nameOf({ number, hash }: BatchName | BatchHeader): string {
  return `${String(number).padStart(10, '0')}.${hash.slice(0, 16)}.vbatch`;
}
