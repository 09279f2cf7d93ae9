import { z } from 'zod';
import type { Principal } from '../access/principal.js';
import { type ItemDraft, itemDraftSchema } from '../intake/item-draft.js';
import type { ItemReport } from '../intake/item-report.js';
import { hideDetail } from './match-detail.js';
import { matchSchema, wordsSchema } from './schemas.js';

/** As the OpenAPI document shows it. */
export const ITEM_EXAMPLE: ItemDraft = {
  platform: 'forum',
  id: 'post-4711',
  account: 'u-17',
  room: 'harbour',
  surface: 'public',
  text: 'A lighthouse at dusk',
  media: [{ url: 'https://cdn.example/photo.jpg', fileId: 'f-1' }],
};

export const itemBodySchema = itemDraftSchema.meta({ examples: [ITEM_EXAMPLE] });

export const itemStateSchema = z
  .enum(['waiting', 'told', 'set-aside'])
  .describe('`set-aside`: the verdict could not be told; it is tried again when its cause is gone.');

export const itemSchema = z.object({
  id: z.string(),
  platform: z.string(),
  platformId: z.string(),
  state: itemStateSchema,
  surface: z.enum(['public', 'private']),
  lane: z.enum(['live', 'backfill']),
  received: z.string(),
  told: z.string().nullable(),
  verdict: z
    .object({
      id: z.string(),
      verdict: z.enum(['match', 'no-match', 'could-not-tell']),
      reason: z.string().nullable(),
      medium: z.number().int().describe('Ordinal of the medium that decided it; 0 when it was none.'),
      media: z.array(
        z.object({
          ordinal: z.number().int(),
          verdict: z.enum(['match', 'no-match', 'could-not-tell']),
          reason: z.string().nullable(),
          kind: z.string().nullable(),
          format: z.string().nullable(),
          bytes: z.number().int(),
          matches: z.array(matchSchema),
          withoutEffect: z.array(matchSchema).describe('What was found and makes no match.'),
          total: z.number().int(),
          ms: z.record(z.string(), z.number()),
        }),
      ),
      words: wordsSchema
        .nullable()
        .describe('What was found in its text, captions and links; null when there are none, or no lists of such.'),
      score: z
        .object({ value: z.number(), scorer: z.string() })
        .nullable()
        .describe(
          'What an outside scorer said afterwards, from 0 to 1; null when none is asked, or it did not answer.',
        ),
      engine: z.string(),
      appliedSeq: z.number().int(),
      node: z.string(),
      at: z.string(),
    })
    .nullable(),
});

/** What verdicts that were stored before videos were matched do not say. */
const OF_PICTURES = { extent: 'full', across: 'same-kind' } as const;

/** A report as this principal may see it. */
export function presentItem(report: ItemReport, principal: Principal): z.output<typeof itemSchema> {
  const { receivedAt, toldAt, verdict, ...rest } = report;
  return {
    ...rest,
    received: receivedAt.toISOString(),
    told: toldAt?.toISOString() ?? null,
    verdict: verdict && {
      ...verdict,
      at: verdict.at.toISOString(),
      media: verdict.media.map((medium) => ({
        ...medium,
        ms: { ...medium.ms },
        matches: medium.matches.map((match) => hideDetail({ ...OF_PICTURES, ...match }, principal)),
        withoutEffect: (medium.withoutEffect ?? []).map((match) => hideDetail(match, principal)),
      })),
    },
  };
}
