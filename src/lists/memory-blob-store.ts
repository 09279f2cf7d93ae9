import { randomUUID } from 'node:crypto';
import { VigieError } from '../errors.js';
import type { ByteSource } from '../index/byte-io.js';
import { MemoryFile } from '../index/memory-file.js';
import type { BlobStore, BlobWriter, ListedBlob } from '../storage/blob-store.js';

/** Blobs that live as long as this process, for a list that is used once. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, { readonly bytes: Uint8Array; readonly modified: Date }>();

  async create(): Promise<BlobWriter> {
    const file = new MemoryFile();
    return {
      write: (bytes) => file.write(bytes),
      commit: async () => {
        const id = randomUUID();
        this.#blobs.set(id, { bytes: file.bytes, modified: new Date() });
        return { id, bytes: file.size };
      },
      abort: async () => undefined,
    };
  }

  async open(id: string): Promise<ByteSource> {
    const blob = this.#blobs.get(id);
    if (blob === undefined) throw new VigieError('blob-not-found');
    return new MemoryFile(blob.bytes);
  }

  async has(id: string): Promise<boolean> {
    return this.#blobs.has(id);
  }

  async delete(id: string): Promise<void> {
    this.#blobs.delete(id);
  }

  async *list(): AsyncIterableIterator<ListedBlob> {
    for (const [id, { bytes, modified }] of this.#blobs) yield { id, bytes: bytes.length, modified };
  }
}
