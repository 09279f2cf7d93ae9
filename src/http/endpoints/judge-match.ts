import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { reasonSchema } from '../proposal-shapes.js';
import { listNameSchema } from '../schemas.js';

export const judgeMatch = endpoint({
  method: 'POST',
  url: '/v1/verdicts/:id/feedback',
  scope: 'matches:judge',
  summary: 'Confirm or refute a match',
  description:
    'The id is `verdict.id` of an item, or `scan` of a scan. It goes back to the source that the entry came from, once ' +
    'for each change of mind; a refuted entry is noted as disputed. Where an exact hash or PhotoDNA was confirmed and the ' +
    'medium can be fetched again, its perceptual hash is proposed for the entry. Matches of lists that are tried out can ' +
    'be judged too. Judging again replaces what was said.',
  params: z.object({ id: z.string().max(64) }),
  body: z
    .object({
      list: listNameSchema,
      entry: z.string().min(1).max(512),
      opinion: z.enum(['confirmed', 'refuted']),
      reason: reasonSchema,
    })
    .strict(),
  answer: z.object({
    opinion: z.enum(['confirmed', 'refuted']),
    shadow: z.boolean().describe('The list is tried out.'),
    disputed: z.boolean().describe('The entry is noted as disputed.'),
    feedback: z
      .enum(['queued', 'known', 'not-taken', 'no-source', 'entry-gone'])
      .describe('`known`: the source was told the same before; `not-taken`: it takes no feedback.'),
    derived: z.object({
      state: z.enum(['proposed', 'not-needed', 'not-had']),
      proposal: z.string().nullable(),
      reason: z.string().nullable().describe('Code of the error for which it was not had.'),
    }),
  }),
  handle: async ({ params, body, principal, signal, services }) => {
    const { match, disputed, feedback, derived } = await services.curation.judge(
      { ...body, verdict: params.id, by: principal.id },
      signal,
    );
    return { opinion: body.opinion, shadow: match.shadow, disputed, feedback, derived: { ...derived } };
  },
});
