import type { ByteSource } from '../index/byte-io.js';
import type { BlobStore, BlobWriter, ListedBlob } from '../storage/blob-store.js';
import type { Keyring } from '../storage/keyring.js';
import { CHUNK_BYTES } from '../storage/sealed-chunk.js';
import { SealedReader, SealedWriter } from '../storage/sealed-file.js';

/** A chunk holds most pictures: what is larger is set aside in memory for each of them. */
const CHUNK = { segment: CHUNK_BYTES, medium: CHUNK_BYTES / 2 } as const;

/** A blob store whose content is sealed: lists are secrets, and so are the segments that hold them. */
export class SealedBlobStore implements BlobStore {
  readonly #blobs: BlobStore;
  readonly #keyring: Keyring;
  readonly #purpose: 'segment' | 'medium';

  /** @param purpose the kind of content; opening it as another kind fails */
  constructor(blobs: BlobStore, keyring: Keyring, purpose: 'segment' | 'medium' = 'segment') {
    this.#blobs = blobs;
    this.#keyring = keyring;
    this.#purpose = purpose;
  }

  async create(): Promise<BlobWriter> {
    const blob = await this.#blobs.create();
    const sealed = new SealedWriter(blob, this.#keyring, this.#purpose, CHUNK[this.#purpose]);
    return {
      write: (bytes) => sealed.write(bytes),
      commit: async () => {
        await sealed.finish();
        return await blob.commit();
      },
      abort: () => blob.abort(),
    };
  }

  async open(id: string): Promise<ByteSource> {
    const source = await this.#blobs.open(id);
    try {
      return await SealedReader.open(source, this.#keyring, this.#purpose);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** All of a blob that fits into memory. @throws VigieError `blob-not-found`, `seal-damaged`, `seal-key-wrong` */
  async read(id: string): Promise<Uint8Array> {
    const source = await this.#blobs.open(id);
    try {
      return await SealedReader.readWhole(source, this.#keyring, this.#purpose);
    } finally {
      await source.close();
    }
  }

  has(id: string): Promise<boolean> {
    return this.#blobs.has(id);
  }

  delete(id: string): Promise<void> {
    return this.#blobs.delete(id);
  }

  list(): AsyncIterable<ListedBlob> {
    return this.#blobs.list();
  }
}
