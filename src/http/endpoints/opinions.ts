import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';

export const listOpinions = endpoint({
  method: 'GET',
  url: '/v1/publications/:name/opinions',
  scope: 'members:write',
  summary: 'What members fed back on the entries of a list, newest first',
  params: z.object({ name: listNameSchema }),
  query: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
  answer: z.object({
    opinions: z.array(
      z.object({
        entry: z.string(),
        member: z.string().describe('Its name.'),
        opinion: z.enum(['confirmed', 'refuted']),
        signal: z.string().describe('The type of the signal that matched.'),
        reason: z.string().nullable(),
        at: z.string(),
      }),
    ),
  }),
  handle: async ({ params, query, services: { publishing } }) => {
    const [opinions, members] = await Promise.all([
      publishing.opinions(params.name, query.limit),
      publishing.members.ls(),
    ]);
    const names = new Map(members.map(({ id, name }) => [id, name]));
    return {
      opinions: opinions.map(({ entryId: entry, memberId, affirmative, signal, reason, at }) => ({
        ...{ entry, signal, reason, at: at.toISOString(), member: names.get(memberId) ?? memberId },
        opinion: affirmative ? ('confirmed' as const) : ('refuted' as const),
      })),
    };
  },
});
