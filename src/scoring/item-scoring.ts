import { VigieError } from '../errors.js';
import type { FetchFromPlatform, UnknownItem } from '../intake/intake-parts.js';
import type { ItemContent } from '../intake/item-draft.js';
import { openContent } from '../intake/sealed-content.js';
import type { MediumDetail } from '../intake/verdict-detail.js';
import type { SealedBlobStore } from '../lists/sealed-blob-store.js';
import type { GuardedClient } from '../net/guarded-client.js';
import { readBounded } from '../net/read-bounded.js';
import { abortable, abortableEach } from '../runtime/abortable.js';
import { Slots } from '../runtime/slots.js';
import type { Keyring } from '../storage/keyring.js';
import type { Surface } from '../storage/schema.js';
import type { Scorer } from './scorer.js';

/** `dropped`: nobody was asked, as too many waited or the scorer is away; `late`: it was not waited for. */
export type ScoringOutcome = 'scored' | 'late' | 'failed' | 'dropped';

export interface ItemScoringOptions {
  readonly scorer: Scorer;
  /** Milliseconds from the verdict on, waiting for a place included. */
  readonly timeoutMs: number;
  readonly surfaces: readonly Surface[];
  readonly kinds: readonly ('image' | 'video')[];
  readonly keyring: Keyring;
  readonly blobs: SealedBlobStore;
  readonly client: Pick<GuardedClient, 'fetch'>;
  readonly fetch: FetchFromPlatform;
  /** Keeps the score, and does what follows from it. */
  readonly scored: (unknown: UnknownItem, score: number) => Promise<void>;
  readonly counted: (outcome: ScoringOutcome) => void;
  /** What went wrong here, and not at the scorer. */
  readonly failed: (error: unknown) => void;
  /** Items that are asked about at once, and that may wait. */
  readonly atOnce?: number;
  readonly mostWaiting?: number;
  /** Longer media are not asked about. */
  readonly mostBytes?: number;
}

const AT_ONCE = 4;
const MOST_WAITING = 100;
const MOST_BYTES = 32 * 2 ** 20;

/** Has items scored that no list knows, behind their verdict: whatever becomes of it, the verdict is told already. */
export class ItemScoring {
  readonly #options: ItemScoringOptions;
  readonly #slots: Slots;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(options: ItemScoringOptions) {
    this.#options = options;
    this.#slots = new Slots(options.atOnce ?? AT_ONCE);
  }

  /**
   * Takes an item, and returns at once.
   * @param release lets go of the bytes of its media
   * @returns false when it is not asked about: `release` is the caller's then
   */
  take(unknown: UnknownItem, release: () => Promise<void>): boolean {
    const { surfaces, scorer, counted, mostWaiting = MOST_WAITING } = this.#options;
    const media = this.#wanted(unknown);
    if (media.length === 0 || !surfaces.includes(unknown.item.surface)) return false;
    if (this.#closing.signal.aborted || scorer.away || this.#running.size >= mostWaiting) {
      counted('dropped');
      return false;
    }
    const run = this.#run(unknown, media, release).finally(() => this.#running.delete(run));
    this.#running.add(run);
    return true;
  }

  /** Asks nobody any more, and waits for what is being written down. */
  async close(): Promise<void> {
    this.#closing.abort(new VigieError('shutting-down'));
    await Promise.all(this.#running);
  }

  #wanted({ media }: UnknownItem): readonly MediumDetail[] {
    const { kinds, mostBytes = MOST_BYTES } = this.#options;
    const wanted: readonly (string | null)[] = kinds;
    return media.filter(({ kind, bytes }) => wanted.includes(kind) && bytes <= mostBytes);
  }

  /** Never rejects. */
  async #run(unknown: UnknownItem, media: readonly MediumDetail[], release: () => Promise<void>): Promise<void> {
    const { counted, failed } = this.#options;
    try {
      counted(await this.#score(unknown, media));
    } catch (error) {
      counted('failed');
      failed(error);
    }
    await release().catch(failed);
  }

  async #score(unknown: UnknownItem, media: readonly MediumDetail[]): Promise<ScoringOutcome> {
    const late = AbortSignal.timeout(this.#options.timeoutMs);
    const closing = this.#closing.signal;
    let score: number | undefined;
    try {
      score = await this.#slots.with(AbortSignal.any([late, closing]), () => this.#highest(unknown, media, late));
    } catch (thrown) {
      if (closing.aborted) return 'dropped';
      if (late.aborted) return 'late';
      if (VigieError.from(thrown).code === 'internal') throw thrown;
    }
    if (score === undefined) return 'failed';
    await this.#options.scored(unknown, score);
    return 'scored';
  }

  /** @returns the highest of those that could be had; undefined when there was none */
  async #highest(
    { item }: UnknownItem,
    media: readonly MediumDetail[],
    late: AbortSignal,
  ): Promise<number | undefined> {
    const { scorer, keyring } = this.#options;
    const closing = this.#closing.signal;
    const content = openContent(keyring, item.id, item.sealed);
    let highest: number | undefined;
    for (const { ordinal, kind, format } of media) {
      try {
        const bytes = await this.#bytes(item, content, ordinal, AbortSignal.any([late, closing]));
        if (bytes === undefined) continue;
        const score = await scorer.ask(bytes, format === null ? OCTETS : `${kind}/${format}`, late, closing);
        highest = Math.max(highest ?? 0, score);
      } catch (error) {
        // What was said of the media before stands.
        if (highest === undefined) throw error;
        return highest;
      }
    }
    return highest;
  }

  /** @returns undefined when it cannot be had any more, or is longer than it was */
  async #bytes(
    item: UnknownItem['item'],
    content: ItemContent,
    ordinal: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const { blobs, client, fetch, mostBytes = MOST_BYTES } = this.#options;
    const [blob, place] = [item.blobs.get(ordinal), content.media[ordinal]];
    try {
      if (blob !== undefined) {
        const bytes = await blobs.read(blob);
        return bytes instanceof Uint8Array ? bytes : await readBounded(bytes, mostBytes);
      }
      if (place?.url) return await client.fetch(place.url, ({ body }) => readBounded(body, mostBytes), { signal });
      if (place?.ref === undefined) return undefined;
      const flowing = await abortable(fetch(item.platform, place.ref, signal), signal);
      return await readBounded(abortableEach(flowing, signal), mostBytes);
    } catch (error) {
      signal.throwIfAborted();
      if (VigieError.from(error).code === 'internal') throw error;
      return undefined;
    }
  }
}

const OCTETS = 'application/octet-stream';
