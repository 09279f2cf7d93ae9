import { z } from 'zod';

/** What webhooks tell of. The shapes say what may leave the house: nothing else does, and never a signal. */

const stretchSchema = z.tuple([z.number(), z.number()]).readonly();

/** How far a video and a known one agree, and where, in seconds. */
const videoSchema = z.object({
  queryPercent: z.number(),
  knownPercent: z.number(),
  framesMatched: z.number().int(),
  longestRunSeconds: z.number(),
  commonFrames: z.number().int(),
  ranges: z.array(z.object({ query: stretchSchema, known: stretchSchema })).readonly(),
  offsetSeconds: z.number().optional(),
  speed: z.number().optional(),
});

const matchSchema = z.object({
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  grade: z.string().nullable(),
  signal: z.string(),
  distance: z.number().nullable(),
  view: z.string(),
  frame: z.number().int().nullable(),
  /** `partial` is for people: nothing should be done on its account alone. */
  extent: z.enum(['full', 'partial']).default('full'),
  across: z.enum(['same-kind', 'frame-of-video', 'picture-in-video']).default('same-kind'),
  video: videoSchema.optional(),
});

const foundEntry = {
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  grade: z.string().nullable(),
  count: z.number().int(),
  /** Where it stood first, never what stood there. */
  where: z.enum(['text', 'caption', 'entity', 'button', 'link']),
  ordinal: z.number().int(),
  at: z.number().int().nullable(),
};

const linkSchema = z.object({ ...foundEntry, kind: z.enum(['exact', 'prefix', 'host']) });
const reviewSchema = z.object(foundEntry);

const matchFoundSchema = z.object({
  /** Id of the item; absent for a medium that was scanned by itself. */
  item: z.string().optional(),
  /** The platform, and its own id of the item; absent for a medium that was scanned by itself. */
  platform: z.string().optional(),
  platformId: z.string().optional(),
  /** What its sender called the medium, when it was scanned by itself. */
  itemRef: z.string().optional(),
  /** Id of the scan; absent for an item. */
  scan: z.string().optional(),
  /** Ordinal of the medium in its item. */
  medium: z.number().int().optional(),
  engine: z.string(),
  appliedSeq: z.number().int(),
  matches: z.array(matchSchema),
  /** For an address in the words or links: the entries that it falls under; then there are no `matches`. */
  links: z.array(linkSchema).optional(),
  /** How many matches there are, those that are not told included. */
  total: z.number().int(),
});

/** A medium that was looked at before, and an entry that came later. There is no verdict: its stored hashes matched. */
const matchFoundLaterSchema = z.object({
  find: z.string(),
  item: z.string().optional(),
  platform: z.string().optional(),
  platformId: z.string().optional(),
  itemRef: z.string().optional(),
  medium: z.number().int().optional(),
  /** SHA-256 of the medium, for one that nothing else leads to. */
  sha256: z.string().optional(),
  seen: z.string(),
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  grade: z.string().nullable(),
  signal: z.string(),
  distance: z.number(),
  view: z.string(),
  extent: z.enum(['full', 'partial']),
  across: z.enum(['same-kind', 'frame-of-video', 'picture-in-video']),
});

/** Keywords were found: for people, and nothing to act on. */
const reviewProposedSchema = z.object({
  item: z.string().optional(),
  platform: z.string().optional(),
  platformId: z.string().optional(),
  itemRef: z.string().optional(),
  scan: z.string().optional(),
  engine: z.string(),
  appliedSeq: z.number().int(),
  review: z.array(reviewSchema),
  /** How many entries were found, those that are not told included. */
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
  z.object({ type: z.literal('match.found-later'), data: matchFoundLaterSchema }),
  z.object({ type: z.literal('review.proposed'), data: reviewProposedSchema }),
  z.object({ type: z.literal('attention.raised'), data: attentionRaisedSchema }),
  z.object({ type: z.literal('webhook.test'), data: z.object({ webhook: z.string() }) }),
]);

export type WebhookMessage = z.infer<typeof messageSchema>;
export type MatchFound = z.infer<typeof matchFoundSchema>;
export type MatchFoundLater = z.infer<typeof matchFoundLaterSchema>;
export type AttentionRaised = z.infer<typeof attentionRaisedSchema>;

/** What a webhook can be subscribed to; a test goes to each. */
export const MESSAGE_TYPES = ['match.found', 'match.found-later', 'review.proposed', 'attention.raised'] as const;

export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Matches told in one message; the verdict has all of them. */
const MOST_MATCHES = 20;

/** What a message of a match is made from: a part of a verdict. */
export interface MatchSource extends Omit<MatchFound, 'matches' | 'links'> {
  readonly matches: readonly z.infer<typeof matchSchema>[];
}

/** The message of a match: the provenance of the verdict, field by field, so that no fingerprint can slip in. */
export function matchFound(source: MatchSource): WebhookMessage {
  const { item, platform, platformId, itemRef, scan, medium, engine, appliedSeq, total } = source;
  const data = {
    ...(item === undefined ? {} : { item }),
    ...(platform === undefined ? {} : { platform }),
    ...(platformId === undefined ? {} : { platformId }),
    ...(itemRef === undefined ? {} : { itemRef }),
    ...(scan === undefined ? {} : { scan }),
    ...(medium === undefined ? {} : { medium }),
    ...{ engine, appliedSeq, total },
    matches: source.matches
      .slice(0, MOST_MATCHES)
      .map(({ list, version, entry, grade, signal, distance, view, frame, extent, across, video }) => ({
        ...{ list, version, entry, grade, signal, distance, view, frame, extent, across },
        ...(video === undefined ? {} : { video: videoSchema.parse(video) }),
      })),
  };
  return { type: 'match.found', data };
}

type LinkFound = z.infer<typeof linkSchema>;
type ReviewFound = z.infer<typeof reviewSchema>;
type WordsSource<T> = Omit<z.infer<typeof reviewProposedSchema>, 'review'> & { readonly found: readonly T[] };

/** The message of an address on a list of URLs; the schema lets nothing else through. */
export function linkFound({ found, ...rest }: WordsSource<LinkFound>): WebhookMessage {
  const data = matchFoundSchema.parse({ ...rest, matches: [], links: found.slice(0, MOST_MATCHES) });
  return { type: 'match.found', data };
}

/** The message of keywords. */
export function reviewProposed({ found, ...rest }: WordsSource<ReviewFound>): WebhookMessage {
  const data = reviewProposedSchema.parse({ ...rest, review: found.slice(0, MOST_MATCHES) });
  return { type: 'review.proposed', data };
}
