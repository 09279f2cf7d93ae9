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
    principal: z.object({ name: z.string(), scopes: z.array(z.string()) }),
  }),
  handle: async ({ principal, services }) => {
    const { problems, decoders, ...rest } = services.status();
    return {
      ...rest,
      problems: [...problems],
      decoders: { ...decoders, formats: [...decoders.formats] },
      principal: { name: principal.name, scopes: [...principal.scopes] },
    };
  },
});
