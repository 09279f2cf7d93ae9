import { z } from 'zod';

const MOST_WORDS = 200;

const words = (of: string) => z.array(z.string().min(1).max(64)).min(1).max(MOST_WORDS).readonly().describe(of);
const members = z.number().int().min(1).max(255);

export const roleSchema = z
  .enum(['block', 'allow'])
  .describe('`allow`: known to be good. It never matches, and overrules matches that are only near.');

export const entryRulesSchema = z
  .object({
    grades: words('Only entries of these grades; one without a grade is of none of them.').optional(),
    kinds: words('Only entries of these kinds, likewise.').optional(),
    members: words('Only entries that one of these members gave or affirms.').optional(),
    notMembers: words('No entry that one of these members gave.').optional(),
    dropAtNegative: members.describe('No entry that so many members speak against.').optional(),
    needAffirmative: members
      .describe('Only entries that so many members stand for, who gave them included.')
      .optional(),
  })
  .strict()
  .meta({ examples: [{ grades: ['A', 'B'], dropAtNegative: 1 }] });

export const thresholdsSchema = z
  .object({
    pdq: z.number().int().min(0).max(128).optional(),
    vpdq: z.number().int().min(0).max(128).describe('Of a frame of a video.').optional(),
    photodna: z.number().int().min(0).max(2_000_000_000).describe('In the metric of the service.').optional(),
  })
  .strict()
  .describe('Greatest distance that counts, by type of signal; what is left out is as everywhere.');

/** How the matches of a list are judged, as the API shows and takes it. */
export const listRulesSchema = z.object({
  role: roleSchema,
  shadow: z.boolean().describe('The list is tried out: its matches are told, and nothing follows from them.'),
  rules: entryRulesSchema,
  thresholds: thresholdsSchema,
  sampleRatio: z.number().min(0).max(1).describe('Share of media that the list is applied to.'),
});
