import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { readSample, sampleIndex } from '../../lists/samples.js';
import { endpoint } from '../endpoint.js';

export const listSamples = endpoint({
  method: 'GET',
  url: '/v1/samples',
  scope: 'status:read',
  summary: 'The generated pictures that come with Vigie, to try it with',
  answer: z.object({
    samples: z.array(
      z.object({ name: z.string(), title: z.string(), expect: z.enum(['match', 'no-match', 'could-not-tell']) }),
    ),
  }),
  handle: async () => ({ samples: await sampleIndex() }),
});

export const getSample = endpoint({
  method: 'GET',
  url: '/v1/samples/:name',
  scope: 'status:read',
  summary: 'One generated picture',
  params: z.object({ name: z.string().max(64) }),
  produces: 'application/octet-stream',
  handle: async ({ params, reply }) => {
    // Only a name of the index is a name: nothing of the request becomes a path.
    const sample = (await sampleIndex()).find(({ name }) => name === params.name);
    if (sample === undefined) throw new VigieError('not-found', { detail: 'no such sample' });
    return reply.type('application/octet-stream').send(await readSample(sample.name));
  },
});
