import type { ByteSource } from '../index/byte-io.js';
import type { BlobStore, BlobWriter, ListedBlob } from '../storage/blob-store.js';
import type { Keyring } from '../storage/keyring.js';
import { CHUNK_BYTES } from '../storage/sealed-chunk.js';
import { SealedReader, SealedWriter } from '../storage/sealed-file.js';

/** A chunk holds most pictures: what is larger is set aside in memory for each of them. */
const CHUNK = { segment: CHUNK_BYTES, medium: CHUNK_BYTES / 2 } as const;

/** What is longer is read piece by piece. */
const AT_ONCE_BYTES = 8 * 2 ** 20;
const PIECE_BYTES = 2 ** 20;

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

  /**
   * All of a blob: at once, or piece by piece when it is long.
   * @throws VigieError `blob-not-found`, `seal-damaged`, `seal-key-wrong`
   */
  async read(id: string): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    const source = await this.#blobs.open(id);
    try {
      if (source.size > AT_ONCE_BYTES) return this.#pieces(id);
      return await SealedReader.readWhole(source, this.#keyring, this.#purpose);
    } finally {
      await source.close();
    }
  }

  async *#pieces(id: string): AsyncGenerator<Uint8Array> {
    const source = await this.open(id);
    try {
      for (let at = 0; at < source.size; at += PIECE_BYTES) {
        const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, source.size - at));
        await source.readInto(at, piece.byteLength, piece);
        yield piece;
      }
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
