import { z } from 'zod';

/** What webhooks tell of. The shapes say what may leave the house: nothing else does, and never a signal. */

const matchSchema = z.object({
  /** Ordinal of the medium in its item. */
  medium: z.number().int(),
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  grade: z.string().nullable(),
  signal: z.string(),
  distance: z.number(),
  view: z.string(),
  frame: z.number().int().nullable(),
});

const matchFoundSchema = z.object({
  /** Id of the verdict. */
  verdict: z.string(),
  /** Null for a medium that was scanned by itself. */
  item: z
    .object({ id: z.string(), platform: z.string(), platformId: z.string(), room: z.string().nullable() })
    .nullable(),
  /** What its sender said of a medium that was scanned by itself. */
  itemRef: z.string().nullable(),
  surface: z.string(),
  at: z.string(),
  engine: z.string(),
  matches: z.array(matchSchema),
  /** How many matches there are, those that are not told included. */
  total: z.number().int(),
});

export const attentionRaisedSchema = z.object({
  attention: z.string(),
  kind: z.string(),
  title: z.string(),
  subject: z.string(),
  count: z.number().int(),
  due: z.string(),
  overdue: z.boolean(),
});

/** The body of a message without its `timestamp`, by type. */
export const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('match.found'), data: matchFoundSchema }),
  z.object({ type: z.literal('attention.raised'), data: attentionRaisedSchema }),
  z.object({ type: z.literal('webhook.test'), data: z.object({ webhook: z.string() }) }),
]);

export type WebhookMessage = z.infer<typeof messageSchema>;
type MatchFound = z.infer<typeof matchFoundSchema>;
export type AttentionRaised = z.infer<typeof attentionRaisedSchema>;

/** What a webhook can be subscribed to; a test goes to each. */
export const MESSAGE_TYPES = ['match.found', 'attention.raised'] as const;

export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Matches told in one message; the verdict has all of them. */
const MOST_MATCHES = 20;

/** What a message of a match is made from. */
export interface MatchSource {
  readonly verdictId: string;
  readonly item: MatchFound['item'];
  readonly itemRef: string | null;
  readonly surface: string;
  readonly at: Date;
  readonly media: readonly {
    readonly ordinal: number;
    readonly matches: readonly Omit<z.infer<typeof matchSchema>, 'medium'>[];
    readonly total: number;
  }[];
}

/** The message of a match: the provenance of the verdict, field by field, so that no fingerprint can slip in. */
export function matchFound(source: MatchSource, engine: string): WebhookMessage {
  const { verdictId, item, itemRef, surface, at, media } = source;
  const matches = media.flatMap(({ ordinal, matches: found }) =>
    found.map(({ list, version, entry, grade, signal, distance, view, frame }) => ({
      ...{ medium: ordinal, list, version, entry, grade, signal, distance, view, frame },
    })),
  );
  const total = media.reduce((sum, medium) => sum + medium.total, 0);
  const about =
    item === null ? null : { id: item.id, platform: item.platform, platformId: item.platformId, room: item.room };
  return {
    type: 'match.found',
    data: {
      ...{ verdict: verdictId, item: about, itemRef, surface, at: at.toISOString(), engine, total },
      matches: matches.slice(0, MOST_MATCHES),
    },
  };
}
