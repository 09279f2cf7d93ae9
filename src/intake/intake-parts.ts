import type { VerdictWord } from '../scan/verdict.js';
import type { StoredItem } from '../storage/items/item-rows.js';
import type { Lane, Surface, Tx } from '../storage/schema.js';
import type { MediumCopy } from '../storage/verdicts/verdict-record.js';
import type { MediumDetail, WordsDetail } from './verdict-detail.js';

/** What intake needs of the parts beside it, as functions, so that it stands without them. */

/** A match, as those who are told of it get it. */
export interface MatchTold {
  readonly verdictId: string;
  /** Id of the event that says so. */
  readonly eventId: string;
  /** Null for a medium that was handed in by itself. */
  readonly item: {
    readonly id: string;
    readonly platform: string;
    readonly platformId: string;
    readonly accountId: string | null;
    readonly room: string | null;
    readonly lane: Lane;
    readonly receivedAt: Date;
  } | null;
  /** What refers to a medium that was handed in by itself, if its sender said so. */
  readonly itemRef: string | null;
  readonly surface: Surface;
  readonly at: Date;
  readonly engine: string;
  readonly appliedSeq: number;
  readonly media: readonly MediumDetail[];
  /** What was found in words and links, when they were looked at. */
  readonly words?: WordsDetail | undefined;
}

/** An item with its verdict, whatever it is, as what follows from it is decided. */
export interface VerdictTold extends Omit<MatchTold, 'eventId' | 'item' | 'itemRef'> {
  readonly verdict: VerdictWord;
  readonly reason: string | null;
  readonly item: NonNullable<MatchTold['item']> & {
    /** When the platform told of it. */
    readonly seenAt: Date | null;
    readonly album: string | null;
    /** Where it was shared by law. */
    readonly jurisdiction: string | null;
  };
  /** When its last medium was there. */
  readonly fetchedAt: Date;
  /** SHA-256 of its media, by ordinal, of those that were read to their end. */
  readonly digests: ReadonlyMap<number, Uint8Array>;
  /** Where media lie sealed that came as bytes, by ordinal. */
  readonly blobs: ReadonlyMap<number, string>;
}

/** What follows from a verdict, as far as it is known before it is stored. */
export interface VerdictFollowing {
  /** Its media, as copies of them are found: written with all verdicts of a batch at once. */
  readonly copies: readonly MediumCopy[];
  /**
   * Writes down the rest as a part of its transaction; absent where nothing more follows.
   * @param eventId of the event that says so, where there is one
   * @returns blobs of the item that are needed from now on, and not to be deleted
   */
  readonly within?: (tx: Tx, eventId: string | null) => Promise<readonly string[]>;
}

/** Decides what follows from a verdict. Nearly every verdict is one of no match, from which nothing does: it is quick. */
export type FollowVerdict = (told: VerdictTold) => VerdictFollowing;

/** An item that no list knows, whose verdict is stored. */
export interface UnknownItem {
  readonly item: StoredItem;
  readonly verdictId: string;
  readonly at: Date;
  readonly media: readonly MediumDetail[];
}

/**
 * Has somebody else look at an item that no list knows. Returns at once.
 * @param release lets go of the bytes of its media
 * @returns false when nobody does: `release` is the caller's then
 */
export type LookFurther = (unknown: UnknownItem, release: () => Promise<void>) => boolean;

/** Queues what follows from a match or from keywords (webhooks) as a part of the transaction. */
export type EnqueueMatch = (tx: Tx, match: MatchTold) => Promise<void>;

/**
 * Opens a medium that only the connection to its platform can fetch.
 * @param ref what that connection named it by
 * @throws VigieError `fetch-failed` and others of fetching; `platform-not-found`
 */
export type FetchFromPlatform = (
  platform: string,
  ref: string,
  signal: AbortSignal,
) => Promise<AsyncIterable<Uint8Array>>;

export interface CouldNotTellAttention {
  readonly kind: 'could-not-tell';
  /** The reason and the format: an outage, or a format that is not known, is one attention. */
  readonly cause: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string>>;
  /** Items that can be tried again when the cause is gone. */
  readonly items: readonly string[];
}

/** Keywords were found: one attention for all, which counts; the items are told by event and webhook. */
export interface ReviewAttention {
  readonly kind: 'review-proposed';
  readonly cause: 'keywords';
  readonly subject: 'service';
  readonly detail: { readonly lists: readonly string[] };
}

export type RaiseAttention = (tx: Tx, attention: CouldNotTellAttention | ReviewAttention) => Promise<string>;
