import { createHmac } from 'node:crypto';
import type { SealedBlobStore } from '../lists/sealed-blob-store.js';
import type { StoredMedium } from './item-draft.js';
import { storeMedium } from './store-medium.js';

export interface StoreMediumOptions {
  readonly name?: string | undefined;
  readonly maximumBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** The bytes of media between intake and verdict: sealed, and gone as soon as they were looked at. */
export class ItemMedia {
  readonly #blobs: SealedBlobStore;
  /** Makes digests that say nothing to anybody else. */
  readonly #key: Uint8Array;

  constructor(blobs: SealedBlobStore, key: Uint8Array) {
    this.#blobs = blobs;
    this.#key = key;
  }

  /**
   * Stores a medium; it is on the disk when this returns.
   * @throws VigieError `media-too-large`, `disk-full`; the signal's reason
   */
  async store(source: AsyncIterable<Uint8Array>, options: StoreMediumOptions): Promise<StoredMedium> {
    const { name, maximumBytes, signal } = options;
    const digest = createHmac('sha256', this.#key);
    const stored = await storeMedium(this.#blobs, source, digest, { maximumBytes, signal });
    return { ...stored, digest: digest.digest('base64'), name: name?.slice(0, 255) ?? null };
  }

  /** At once, or piece by piece when it is long. @throws VigieError `blob-not-found`, `seal-damaged`, `seal-key-wrong` */
  async read(blob: string): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    return await this.#blobs.read(blob);
  }

  /** Deletes what nobody needs any more. What fails is found by the sweep. */
  async drop(blobs: Iterable<string>): Promise<void> {
    for (const blob of blobs) await this.#blobs.delete(blob).catch(() => undefined);
  }

  /**
   * Deletes blobs that belong to no item: their intake or their deletion was cut off.
   * @param inUse tells which of some blobs belong to an item
   * @param olderMs younger ones may belong to an item that is just being laid down
   * @param now by a clock that the nodes share; one that has jumped ahead would take what is just being laid down
   * @returns how many went
   */
  async sweep(
    inUse: (blobs: readonly string[]) => Promise<ReadonlySet<string>>,
    olderMs: number,
    now = Date.now(),
  ): Promise<number> {
    const before = now - olderMs;
    let swept = 0;
    let page: string[] = [];
    const settle = async () => {
      const used = await inUse(page);
      const orphans = page.filter((blob) => !used.has(blob));
      await this.drop(orphans);
      swept += orphans.length;
      page = [];
    };
    for await (const { id, modified } of this.#blobs.list()) {
      if (modified.getTime() <= before) page.push(id);
      if (page.length === SWEEP_PAGE) await settle();
    }
    if (page.length > 0) await settle();
    return swept;
  }
}

const SWEEP_PAGE = 500;
