import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';
import { streamBytes } from '../stream-bytes.js';

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
    return await streamBytes(reply, TYPES[query.format], signal, (sink) =>
      services.lists.export(params.name, sink, query.format, signal),
    );
  },
});
