import { z } from 'zod';
import { SIGNAL_TYPE_NAMES } from '../signals/signal-type.js';
import { problemSchema } from './endpoint.js';

/** Shapes that several endpoints share. */

export const signalTypeSchema = z.enum(SIGNAL_TYPE_NAMES);

export const listNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
  .describe('1 to 64 of a-z, 0-9, dot, dash and underscore, starting with a letter or digit');

const stretchSchema = z.tuple([z.number(), z.number()]).readonly();

const videoOverlapSchema = z.object({
  queryPercent: z.number().describe('How much of what was looked at was found in the known video.'),
  knownPercent: z.number().describe('How much of the known video was found.'),
  knownSeconds: z.number().optional().describe('Time of the last listed frame of the known video: about its length.'),
  framesMatched: z.number().int(),
  longestRunSeconds: z.number(),
  commonFrames: z.number().int().describe('Frames found that do not count, as many unrelated videos have them.'),
  ranges: z
    .array(z.object({ query: stretchSchema, known: stretchSchema }))
    .readonly()
    .describe('Where they run side by side, in seconds.'),
  offsetSeconds: z.number().optional(),
  speed: z.number().optional().describe('Seconds of the known video in a second of what was looked at.'),
});

export const matchSchema = z.object({
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  grade: z.string().nullable(),
  signal: signalTypeSchema,
  distance: z
    .number()
    .nullable()
    .optional()
    .describe('Only with the scope matches:detail; null where others found it and did not tell.'),
  view: z.string().optional().describe('Only with the scope matches:detail.'),
  frame: z.number().int().nullable(),
  quality: z.number().nullable(),
  extent: z.enum(['full', 'partial']).describe('Only a full match is enough to act on; a partial one is for people.'),
  across: z.enum(['same-kind', 'frame-of-video', 'picture-in-video']),
  video: videoOverlapSchema.optional().describe('For what was found in a video. Only with the scope matches:detail.'),
  shadow: z.literal(true).optional().describe('The list is tried out: nothing follows from the match.'),
  overruledBy: z
    .object({ list: z.string(), entry: z.string() })
    .optional()
    .describe('Known good that is no farther from the medium: nothing follows from the match.'),
  fingerprint: z
    .object({ query: z.string(), entry: z.string() })
    .optional()
    .describe('Only for sample lists, or with the scope entries:read.'),
});

const foundEntry = {
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  grade: z.string().nullable(),
  count: z.number().int().describe('How often it was found.'),
  where: z.enum(['text', 'caption', 'entity', 'button', 'link']).describe('Where it was found first.'),
  ordinal: z.number().int().describe('Which caption or link it was.'),
  at: z.number().int().nullable().describe('Where in the text, in UTF-16 units.'),
};

export const wordsSchema = z.object({
  verdict: z.enum(['match', 'no-match', 'could-not-tell']),
  reason: z.string().nullable(),
  links: z
    .array(z.object({ ...foundEntry, kind: z.enum(['exact', 'prefix', 'host']) }))
    .readonly()
    .describe('Entries of lists of URLs that an address falls under: a match.'),
  linksTotal: z.number().int(),
  review: z
    .array(z.object(foundEntry))
    .readonly()
    .describe('Keywords that were found: for people to look at, never a match.'),
  reviewTotal: z.number().int(),
  ms: z.number(),
});

export const verdictSchema = z.object({
  scan: z
    .string()
    .describe('Id of this verdict: `scan` of the webhook `match.found`, `scan:…` in the record of events.'),
  verdict: z.enum(['match', 'no-match', 'could-not-tell']),
  reason: z.string().nullable(),
  kind: z.enum(['image', 'video', 'other']).nullable(),
  format: z.string().nullable(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  seconds: z.number().nullable().describe('Length of a video or an animation.'),
  bytes: z.number().int(),
  frames: z.number().int().nullable(),
  framesHashed: z.number().int().nullable(),
  quality: z.number().nullable(),
  damaged: z.boolean(),
  matches: z.array(matchSchema),
  withoutEffect: z
    .array(matchSchema)
    .describe('What was found and makes no match: each says `shadow` or `overruledBy`.'),
  total: z.number().int(),
  truncated: z.boolean(),
  ms: z.record(z.string(), z.number()).describe('Milliseconds by stage, to a tenth.'),
  engine: z.string(),
  appliedSeq: z.number().int(),
  error: problemSchema.optional().describe('For could-not-tell: why, and what to do.'),
});
