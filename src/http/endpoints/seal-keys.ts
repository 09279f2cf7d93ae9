import { z } from 'zod';
import { endpoint } from '../endpoint.js';

export const sealKeys = endpoint({
  method: 'GET',
  url: '/v1/seal-keys',
  scope: 'keys:write',
  summary: 'The keys that seal the data, by their ids, and what each is still needed for',
  answer: z.object({
    source: z.string(),
    keys: z.array(
      z.object({
        id: z.string(),
        active: z.boolean(),
        here: z.boolean().describe('False: something is sealed under it, and it is not at hand.'),
        rows: z.number().int(),
        files: z.number().int(),
      }),
    ),
  }),
  handle: async ({ services }) => {
    const { source, keys } = await services.sealKeys();
    return { source, keys: [...keys] };
  },
});
