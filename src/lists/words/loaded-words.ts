import { WordsSegment } from '../../index/words/words-segment.js';
import type { BlobStore } from '../../storage/blob-store.js';
import type { ManifestSegment } from '../../storage/list-version-store.js';
import type { EntryLiveness, ListInfo } from '../loaded-list.js';

/** A version of a list of URLs or keywords in memory, and which of its entries do not match. */
export class LoadedWords {
  readonly info: ListInfo;
  readonly segment: WordsSegment;
  readonly #silenced: Set<number>;

  private constructor(info: ListInfo, segment: WordsSegment, silenced: Set<number>) {
    this.info = info;
    this.segment = segment;
    this.#silenced = silenced;
  }

  /** @throws VigieError `blob-not-found`, `seal-damaged`, `segment-damaged`, `segment-foreign` */
  static async load(
    info: ListInfo,
    manifest: readonly ManifestSegment[],
    source: { readonly blobs: Pick<BlobStore, 'open'>; readonly signal?: AbortSignal },
  ): Promise<LoadedWords> {
    // An import writes one file.
    const id = manifest[0]?.id ?? '';
    return new LoadedWords(info, await WordsSegment.load(await source.blobs.open(id), id, source.signal), new Set());
  }

  /** The same file with something else to be told of it. */
  withInfo(info: ListInfo): LoadedWords {
    return new LoadedWords(info, this.segment, this.#silenced);
  }

  isLive(row: number): boolean {
    return !this.#silenced.has(row);
  }

  /** Entries that match or, by `live`, do not; others of the list are left as they are. */
  async setLive(entries: EntryLiveness): Promise<void> {
    for (const [id, live] of entries) {
      const row = await this.segment.findRow(id);
      if (row === undefined) continue;
      if (live === true) this.#silenced.delete(row);
      else this.#silenced.add(row);
    }
  }

  async close(): Promise<void> {
    await this.segment.close();
  }
}
