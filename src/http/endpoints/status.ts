import { z } from 'zod';
import { endpoint } from '../endpoint.js';

export const status = endpoint({
  method: 'GET',
  url: '/v1/status',
  scope: 'status:read',
  summary: 'The state of the service, and who asks',
  answer: z.object({
    version: z.string(),
    engine: z.string(),
    ready: z.boolean(),
    problems: z.array(z.string()),
    index: z.object({ entries: z.number(), segments: z.number(), bytes: z.number() }),
    lists: z.number(),
    appliedSeq: z.number(),
    decoders: z.object({ processes: z.number(), formats: z.array(z.string()) }),
    verified: z
      .array(z.object({ part: z.enum(['newest', 'whole']), at: z.string(), batch: z.number(), faults: z.number() }))
      .nullable()
      .describe('When the record of events was last verified, and what did not fit; null while the database is away.'),
    principal: z.object({ id: z.string(), name: z.string(), scopes: z.array(z.string()) }),
  }),
  handle: async ({ principal, services }) => {
    const { problems, decoders, ...rest } = services.status();
    const passes = await services.audit.lastVerified().catch(() => null);
    return {
      ...rest,
      problems: [...problems],
      decoders: { ...decoders, formats: [...decoders.formats] },
      verified:
        passes?.map(({ part, at, batch, found }) => ({
          part,
          at: at.toISOString(),
          batch,
          faults: Object.values(found).reduce((sum, count) => sum + count, 0),
        })) ?? null,
      principal: { id: principal.id, name: principal.name, scopes: [...principal.scopes] },
    };
  },
});
