import { z } from 'zod';
import { SIGNAL_TYPE_NAMES } from '../signals/signal-type.js';
import { problemSchema } from './endpoint.js';

/** Shapes that several endpoints share. */

export const signalTypeSchema = z.enum(SIGNAL_TYPE_NAMES);

export const listNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
  .describe('1 to 64 of a-z, 0-9, dot, dash and underscore, starting with a letter or digit');

export const matchSchema = z.object({
  list: z.string(),
  version: z.number().int(),
  entry: z.string(),
  grade: z.string().nullable(),
  signal: signalTypeSchema,
  distance: z.number().optional().describe('Only with the scope matches:detail.'),
  view: z.string().optional().describe('Only with the scope matches:detail.'),
  frame: z.number().int().nullable(),
  quality: z.number().nullable(),
  fingerprint: z
    .object({ query: z.string(), entry: z.string() })
    .optional()
    .describe('Only for sample lists, or with the scope entries:read.'),
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
  bytes: z.number().int(),
  frames: z.number().int().nullable(),
  framesHashed: z.number().int().nullable(),
  quality: z.number().nullable(),
  damaged: z.boolean(),
  matches: z.array(matchSchema),
  total: z.number().int(),
  truncated: z.boolean(),
  ms: z.record(z.string(), z.number()).describe('Milliseconds by stage, to a tenth.'),
  engine: z.string(),
  appliedSeq: z.number().int(),
  error: problemSchema.optional().describe('For could-not-tell: why, and what to do.'),
});
