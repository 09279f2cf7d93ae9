import { hash } from 'node:crypto';
import type { ByteSource } from '../../index/byte-io.js';
import type { Keyring } from '../keyring.js';
import { SealedReader, SealedWriter } from '../sealed-file.js';
import { type Batch, type BatchHeader, batchText, parseBatch } from './batch-file.js';

/** A batch file by its name: the number and the beginning of the hash of its batch. */
export interface BatchName {
  readonly number: number;
  readonly hash: string;
}

/**
 * Where sealed batches lie, a file each. A file is never replaced: two batches of one number, as they come about when an
 * older backup was restored, lie beside each other and are told apart by their hash.
 */
export interface BatchFiles {
  /**
   * Writes a batch; when this returns it is there to stay. A file of the same batch that is there already stays.
   * @throws VigieError `disk-full`, `store-unavailable`: then there is no file, or a whole one
   */
  write(batch: Batch): Promise<void>;
  /**
   * @returns the batch as its file holds it, which may still be at fault in itself (`faultOfBatch`)
   * @throws VigieError `blob-not-found`, `seal-damaged`, `seal-key-wrong`, `store-unavailable`
   */
  read(name: BatchName): Promise<Batch | undefined>;
  /** Puts a file there as it is stored, as from a backup. One of this name that is there already stays. */
  put(name: BatchName, bytes: Uint8Array): Promise<void>;
  /** The file as it is stored. @throws VigieError `blob-not-found`, `store-unavailable` */
  open(name: BatchName): Promise<ByteSource>;
  /** The files of one number, however many there are in all. */
  named(number: number): Promise<readonly BatchName[]>;
  /** All files, by number. */
  list(): AsyncIterable<BatchName>;
  /** The first bytes of each file, which name its key; a file that is gone meanwhile is passed over. */
  heads(bytes: number): AsyncIterable<Uint8Array>;
}

const PURPOSE = 'event-batch';
/** Files of one folder: reading one must not mean reading the names of millions. */
const IN_FOLDER = 10_000;
const NAME = /^(\d{10})\.([0-9a-f]{16})\.vbatch$/;

/** The folder of a batch; folders sort as their batches do. */
export function folderOf(number: number): string {
  return String(Math.floor(number / IN_FOLDER)).padStart(6, '0');
}

/** Where a batch lies, below the place of all. */
export function pathOf({ number, hash: full }: BatchName | BatchHeader): string {
  return `${folderOf(number)}/${String(number).padStart(10, '0')}.${full.slice(0, 16)}.vbatch`;
}

/** @param file the last part of a path. @returns undefined for what is no batch file */
export function nameOf(file: string): BatchName | undefined {
  const [, number, hash] = NAME.exec(file) ?? [];
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash };
}

export function byNumber(a: BatchName, b: BatchName): number {
  return a.number - b.number || (a.hash < b.hash ? -1 : 1);
}

/** A batch as it is stored. */
export async function sealBatch(batch: Batch, keyring: Keyring): Promise<Buffer> {
  const parts: Buffer[] = [];
  const sink = {
    write: async (bytes: Uint8Array) => {
      parts.push(Buffer.from(bytes));
    },
  };
  const writer = new SealedWriter(sink, keyring, PURPOSE);
  await writer.write(Buffer.from(batchText(batch)));
  await writer.finish();
  return Buffer.concat(parts);
}

/** @throws VigieError `seal-damaged`, `seal-key-wrong` */
export async function unsealBatch(source: ByteSource, keyring: Keyring): Promise<Batch | undefined> {
  const reader = await SealedReader.open(source, keyring, PURPOSE);
  const bytes = Buffer.allocUnsafe(reader.size);
  await reader.readInto(0, reader.size, bytes);
  return parseBatch(bytes.toString());
}

/** SHA-256 as hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
