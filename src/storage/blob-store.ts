import type { ByteSink, ByteSource } from '../index/byte-io.js';

export interface StoredBlob {
  /** SHA-256 of the bytes as they are stored (sealed), 64 hexadecimal digits. */
  readonly id: string;
  readonly bytes: number;
}

export interface ListedBlob extends StoredBlob {
  readonly modified: Date;
}

/** A new blob that is being written. Exactly one of `commit` and `abort` ends it; after a failed `commit` it is gone. */
export interface BlobWriter extends ByteSink {
  /** Makes the blob last and gives it its name. Nobody sees it before. */
  commit(): Promise<StoredBlob>;
  /** Throws away what was written. Does nothing after `commit`. */
  abort(): Promise<void>;
}

/** Immutable files by content address: a directory, a directory that nodes share, or an object store. */
export interface BlobStore {
  create(): Promise<BlobWriter>;
  /** @throws VigieError `blob-not-found` */
  open(id: string): Promise<ByteSource>;
  has(id: string): Promise<boolean>;
  /** Deleting what is not there is no error. A source that is open goes on reading. */
  delete(id: string): Promise<void>;
  list(): AsyncIterable<ListedBlob>;
  /** Makes a blob as young as a new one, so that no sweep takes it for now. Nothing happens to one that is not there. */
  keep?(id: string): Promise<void>;
}
