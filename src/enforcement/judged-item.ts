import type { VerdictTold } from '../intake/intake-parts.js';

/** An item with its verdict, as what is proposed for it is written down. */
export interface JudgedItem {
  readonly id: string;
  readonly platform: string;
  readonly accountId: string | null;
  readonly room: string | null;
  /** When the platform told of it. */
  readonly seenAt: Date | null;
  /** When its last medium was there. */
  readonly fetchedAt: Date | null;
  readonly verdictId: string;
  readonly verdictAt: Date;
  /** Id of the event that says so. */
  readonly eventId: string | null;
  readonly media: readonly JudgedMedium[];
}

export interface JudgedMedium {
  /** -1 for what was found in its words and links. */
  readonly ordinal: number;
  /** Entries that it matches, by the name of the list. */
  readonly matches: readonly { readonly list: string; readonly entry: string }[];
  readonly sha256?: Uint8Array | undefined;
  /** Where its bytes lie sealed, when they came with the item. */
  readonly blob?: string | undefined;
  readonly bytes?: number | undefined;
}

/** An item as its verdict is told by the intake. @param eventId of the event that says so, where there is one */
export function judgedItem(
  { item, verdictId, at, fetchedAt, media, words, digests, blobs }: VerdictTold,
  eventId: string | null,
): JudgedItem {
  const { id, platform, accountId, room, seenAt, receivedAt } = item;
  const found = (words?.links ?? []).map(({ list, entry }) => ({ list, entry }));
  return {
    ...{ id, platform, accountId, room, seenAt: seenAt ?? receivedAt, fetchedAt, verdictId, verdictAt: at, eventId },
    media: [
      ...media.map(({ ordinal, matches, bytes }) => ({
        ...{ ordinal, bytes, sha256: digests.get(ordinal), blob: blobs.get(ordinal) },
        matches: matches.map(({ list, entry }) => ({ list, entry })),
      })),
      ...(found.length === 0 ? [] : [{ ordinal: WORDS, matches: found }]),
    ],
  };
}

/** Ordinal of what was found in words and links. */
const WORDS = -1;
