import { z } from 'zod';
import { endpoint } from '../endpoint.js';

const time = z.iso.datetime();

export const listNodes = endpoint({
  method: 'GET',
  url: '/v1/nodes',
  scope: 'status:read',
  summary: 'The processes that share the database',
  description:
    'A node gives a sign of life every second. One that is silent for ten seconds without having left is stale: it is ' +
    'cut off, or gone. All times are those of the database.',
  answer: z.object({
    nodes: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        role: z.enum(['serve', 'worker']),
        version: z.string(),
        ready: z.boolean().describe('Whether it could give verdicts at its last sign of life.'),
        appliedSeq: z.number().int().describe('Its verdicts take every list change up to this one into account.'),
        state: z.enum(['here', 'stale', 'left']),
        self: z.boolean().describe('Whether it is the one that answers.'),
        startedAt: time,
        seenAt: time,
      }),
    ),
  }),
  handle: async ({ services: { nodes } }) => {
    const [all, stale] = [await nodes.all(), new Set((await nodes.stale()).map(({ id }) => id))];
    return {
      nodes: all.map(({ id, name, role, version, ready, appliedSeq, startedAt, seenAt, leftAt }) => ({
        id,
        name,
        role,
        version,
        ready: ready && !stale.has(id),
        appliedSeq,
        state: leftAt !== null ? ('left' as const) : stale.has(id) ? ('stale' as const) : ('here' as const),
        self: id === nodes.id,
        startedAt: startedAt.toISOString(),
        seenAt: seenAt.toISOString(),
      })),
    };
  },
});
