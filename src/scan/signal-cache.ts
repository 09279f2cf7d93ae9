import type { MediaSignals } from '../media/media-signals.js';
import type { QueryRange } from './video/closer-look.js';
import type { VideoFrame } from './video/video-frame.js';

/** The digests of a medium's bytes. */
export interface DigestValues {
  readonly md5: Uint8Array;
  readonly sha1: Uint8Array;
  readonly sha256: Uint8Array;
}

/** What is known of a medium without its bytes: enough to look it up again. */
export interface CachedSignals {
  readonly bytes: number;
  readonly digests: DigestValues;
  readonly media: MediaSignals;
  readonly photodna: Uint8Array | undefined;
  /** The frames of a video, in the order in which they were decoded. */
  readonly video?: readonly VideoFrame[];
  /** Where a video was looked at frame by frame, for the lists of that time; left out when it has no more frames than those. */
  readonly closely?: readonly QueryRange[];
}

/**
 * Remembers the signals of media that were seen lately, by SHA-256 and by the platform's own file id. It never holds a
 * verdict: the look-up always runs against the current lists. Bounded by the bytes of the hashes it holds; the least
 * recently used go first.
 */
export class SignalCache {
  readonly #byHash = new Map<string, CachedSignals>();
  readonly #byFileId = new Map<string, string>();
  readonly #maximumBytes: number;
  #bytes = 0;

  constructor(options: { readonly maximumBytes: number }) {
    this.#maximumBytes = options.maximumBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#byHash.size;
  }

  byHash(sha256: string): CachedSignals | undefined {
    const found = this.#byHash.get(sha256);
    if (found === undefined) return undefined;
    this.#byHash.delete(sha256);
    this.#byHash.set(sha256, found);
    return found;
  }

  byFileId(fileId: string): CachedSignals | undefined {
    const sha256 = this.#byFileId.get(fileId);
    return sha256 === undefined ? undefined : this.byHash(sha256);
  }

  put(sha256: string, signals: CachedSignals, fileId?: string): void {
    const before = this.#byHash.get(sha256);
    if (before !== undefined) this.#bytes -= cost(before);
    this.#byHash.delete(sha256);
    this.#bytes += cost(signals);
    this.#byHash.set(sha256, signals);
    if (fileId !== undefined) this.#byFileId.set(fileId, sha256);
    while (this.#bytes > this.#maximumBytes) {
      const oldest = this.#byHash.entries().next().value;
      if (oldest === undefined) break;
      this.#byHash.delete(oldest[0]);
      this.#bytes -= cost(oldest[1]);
    }
    // File ids whose signals are gone are dropped when they come to outnumber the signals that are left.
    if (this.#byFileId.size > 2 * this.#byHash.size + 1_000) {
      for (const [id, hash] of this.#byFileId) if (!this.#byHash.has(hash)) this.#byFileId.delete(id);
    }
  }
}

/** Bytes that one cached medium keeps: its hashes, and an allowance for the objects around them. */
function cost({ media }: CachedSignals): number {
  return 600 + media.hashes.length * 400;
}
