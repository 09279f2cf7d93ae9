import { text } from 'node:stream/consumers';
import { VigieError } from '../../errors.js';
import type { ByteSource } from '../../index/byte-io.js';
import { drain } from '../../runtime/http-request.js';
import type { BlobStore, BlobWriter, ListedBlob } from '../blob-store.js';
import { S3Client } from './s3-client.js';
import { type S3Credentials, type S3Place, s3Credentials } from './s3-place.js';
import { uploadFile } from './s3-upload.js';
import { parseListing } from './s3-xml.js';

const KEY = /^[0-9a-f]{2}\/([0-9a-f]{64})$/;
const ID = /^[0-9a-f]{64}$/;
/** A local copy that is younger may be one of a blob that is being uploaded. */
const YOUNG_MS = 3_600_000;
const OPEN_ATTEMPTS = 5;

export interface S3BlobStoreOptions {
  readonly place: S3Place;
  /** Local copies: what is written before it is uploaded, and what was read. Several processes of one machine may share it. */
  readonly cache: BlobStore;
  readonly credentials?: S3Credentials;
  readonly partBytes?: number;
  /** False for what is read once: then no copy stays on this machine. */
  readonly keepCopies?: boolean;
}

/**
 * Blobs in an object store, each read from a local copy that was checked against its content address. `list` also lets
 * go of copies of what is no longer there.
 */
export class S3BlobStore implements BlobStore {
  readonly #client: S3Client;
  readonly #cache: BlobStore;
  readonly #partBytes: number | undefined;
  readonly #keepCopies: boolean;
  readonly #fetching = new Map<string, Promise<void>>();

  constructor({ place, cache, credentials = s3Credentials(), partBytes, keepCopies = true }: S3BlobStoreOptions) {
    this.#client = new S3Client(place, credentials);
    this.#cache = cache;
    this.#partBytes = partBytes;
    this.#keepCopies = keepCopies;
  }

  async create(): Promise<BlobWriter> {
    const local = await this.#cache.create();
    return {
      write: (bytes) => local.write(bytes),
      abort: () => local.abort(),
      commit: async () => {
        const stored = await local.commit();
        let uploaded = false;
        try {
          await this.#upload(stored.id);
          uploaded = true;
        } finally {
          if (!uploaded || !this.#keepCopies) await this.#cache.delete(stored.id);
        }
        return stored;
      },
    };
  }

  async open(id: string): Promise<ByteSource> {
    const key = keyOf(id);
    for (let attempt = 1; ; attempt++) {
      try {
        const source = await this.#openCopy(id, key);
        if (!this.#keepCopies) await this.#cache.delete(id);
        return source;
      } catch (error) {
        // Somebody else who wanted the same was done with the copy before it was opened here.
        const gone = error instanceof VigieError && error.code === 'blob-not-found';
        if (!gone || this.#keepCopies || attempt === OPEN_ATTEMPTS) throw error;
      }
    }
  }

  async has(id: string): Promise<boolean> {
    try {
      await this.#client.send({ method: 'HEAD', key: keyOf(id), read: ({ body }) => drain(body) });
      return true;
    } catch (error) {
      if (error instanceof VigieError && error.code === 'blob-not-found') return false;
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    if (!ID.test(id)) return;
    await this.#client
      .send({ method: 'DELETE', key: keyOf(id), read: ({ body }) => drain(body) })
      .catch((error: unknown) => {
        if (!(error instanceof VigieError && error.code === 'blob-not-found')) throw error;
      });
    await this.#cache.delete(id);
  }

  async *list(): AsyncIterableIterator<ListedBlob> {
    const there = new Set<string>();
    let next: string | undefined;
    do {
      const query = {
        'list-type': '2',
        prefix: this.#client.prefix,
        ...(next === undefined ? {} : { 'continuation-token': next }),
      };
      const page = await this.#client.send({
        method: 'GET',
        query,
        read: async ({ body }) => parseListing(await text(body)),
      });
      for (const { key, bytes, modified } of page.objects) {
        const [, id] = KEY.exec(key.slice(this.#client.prefix.length)) ?? [];
        if (id === undefined) continue;
        there.add(id);
        yield { id, bytes, modified };
      }
      next = page.next;
    } while (next !== undefined);
    for await (const { id, modified } of this.#cache.list()) {
      if (!there.has(id) && Date.now() - modified.getTime() > YOUNG_MS) await this.#cache.delete(id);
    }
  }

  async #openCopy(id: string, key: string): Promise<ByteSource> {
    if (!(await this.#cache.has(id))) {
      const fetching = this.#fetching.get(id) ?? this.#fetch(id, key).finally(() => this.#fetching.delete(id));
      this.#fetching.set(id, fetching);
      await fetching;
    }
    return await this.#cache.open(id);
  }

  async #upload(id: string): Promise<void> {
    const source = await this.#cache.open(id);
    try {
      await uploadFile(this.#client, keyOf(id), source, this.#partBytes);
    } finally {
      await source.close();
    }
  }

  async #fetch(id: string, key: string): Promise<void> {
    await this.#client.send({
      method: 'GET',
      key,
      read: async ({ body }) => {
        const writer = await this.#cache.create();
        try {
          for await (const chunk of body) await writer.write(chunk as Uint8Array);
        } catch (error) {
          await writer.abort();
          throw error;
        }
        const stored = await writer.commit();
        if (stored.id === id) return;
        await this.#cache.delete(stored.id);
        throw new VigieError('seal-damaged', { detail: 'the object store gave other bytes than were stored' });
      },
    });
  }
}

function keyOf(id: string): string {
  if (!ID.test(id)) throw new VigieError('blob-not-found', { detail: 'not an id' });
  return `${id.slice(0, 2)}/${id}`;
}
