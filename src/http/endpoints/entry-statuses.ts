import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { listNameSchema } from '../schemas.js';

const statusSchema = z.enum(['withdrawn', 'disputed', 'inactive', 'active']);
const originSchema = z.enum(['person', 'source', 'quarantine', 'rule']);

export const listEntryStatuses = endpoint({
  method: 'GET',
  url: '/v1/entry-statuses',
  scope: 'lists:read',
  summary: 'What was said of entries, by whom and why, newest first; never what they hold',
  description: 'Of what people, rules and the guard against floods say; of what sources say, with `origin=source`.',
  query: z.object({
    list: listNameSchema.optional(),
    origin: originSchema.optional(),
    status: statusSchema.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  answer: z.object({
    statuses: z.array(
      z.object({
        list: z.string(),
        entry: z.string(),
        origin: originSchema,
        status: statusSchema,
        reason: z.string().nullable(),
        by: z.string().nullable(),
        at: z.string(),
      }),
    ),
  }),
  handle: async ({ query, services }) => ({
    statuses: (await services.curation.statuses(query)).map(
      ({ list, entry_id: entry, origin, status, reason, changed_by: by, changed_at: at }) => ({
        ...{ list, entry, origin, status, reason, by },
        at: at.toISOString(),
      }),
    ),
  }),
});
