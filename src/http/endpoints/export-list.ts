import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';

const TYPES = { csv: 'text/csv; charset=utf-8', jsonl: 'application/x-ndjson' } as const;

export const exportList = endpoint({
  method: 'GET',
  url: '/v1/lists/:name/export',
  scope: 'lists:export',
  summary: 'Take a whole list out, in clear',
  description: 'Takes a deliberate word: `allowed=true`. Only entries that match now are in it.',
  params: z.object({ name: listNameSchema }),
  query: z.object({
    format: z.enum(['csv', 'jsonl']).default('csv'),
    allowed: z.literal('true').optional(),
  }),
  produces: 'text/csv',
  handle: async ({ params, query, reply, signal, services }) => {
    if (query.allowed === undefined) throw new VigieError('export-refused');
    // What can be wrong with the list is said before the first byte.
    const { entries } = await services.lists.show(params.name);
    const refs = { list: params.name, entries };
    await services.audit.note({ kind: 'list.exported', subject: 'service', refs });
    const out = new PassThrough();
    const sink = {
      async write(bytes: Uint8Array): Promise<void> {
        signal.throwIfAborted();
        if (!out.write(bytes)) await once(out, 'drain', { signal });
      },
    };
    reply.type(TYPES[query.format]).send(out);
    try {
      await services.lists.export(params.name, sink, query.format, signal);
      out.end();
    } catch (error) {
      // The status is long told: a body that breaks off is the only way left to say that it is not whole.
      out.destroy(VigieError.from(error));
    }
    return reply;
  },
});
