import { z } from 'zod';
import { endpoint } from '../endpoint.js';

export const healthz = endpoint({
  method: 'GET',
  url: '/healthz',
  scope: 'public',
  summary: 'Whether the process is alive',
  answer: z.object({ alive: z.literal(true) }),
  handle: async () => ({ alive: true as const }),
});

export const readyz = endpoint({
  method: 'GET',
  url: '/readyz',
  scope: 'public',
  summary: 'Whether verdicts can be given',
  description: 'Answers 503 with the reasons until every list is loaded, and again when this process lost touch.',
  answer: z.object({ ready: z.boolean(), reasons: z.array(z.string()) }),
  handle: async ({ reply, services }) => {
    const { ready, reasons } = services.readiness();
    if (!ready) {
      reply.code(503).header('retry-after', '2');
      return reply.type('application/json').serializer(JSON.stringify).send({ ready, reasons });
    }
    return { ready, reasons: [...reasons] };
  },
});
