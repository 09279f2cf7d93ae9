import { z } from 'zod';
import type { Comparison } from '../../lists/compare-versions.js';
import { endpoint } from '../endpoint.js';
import { roleSchema } from '../list-rules-schema.js';
import { listNameSchema } from '../schemas.js';

const signalCountsSchema = z.record(z.string(), z.object({ values: z.number(), active: z.number() }));

export const listSchema = z.object({
  name: z.string(),
  content: z.enum(['media', 'urls', 'keywords']),
  source: z.string().nullable(),
  licence: z.string().nullable(),
  terms: z.string().nullable(),
  expires: z.string().nullable(),
  sample: z.boolean(),
  role: roleSchema,
  shadow: z.boolean().describe('The list is tried out: nothing follows from its matches.'),
  version: z.number().int().nullable(),
  entries: z.number().int(),
  withdrawn: z.number().int(),
  grades: z.record(z.string(), z.number()),
  signals: signalCountsSchema,
  approval: z.enum(['none', 'two-person']).describe('Whether an entry needs a second person before it acts.'),
  judged: z
    .object({
      confirmed: z.number().int(),
      refuted: z.number().int(),
      shadowConfirmed: z.number().int(),
      shadowRefuted: z.number().int(),
    })
    .describe('Matches that people have confirmed and refuted; those of its time in shadow apart.'),
  state: z.enum(['ready', 'loading', 'expired', 'damaged', 'empty']),
  created: z.string(),
  versions: z.array(
    z.object({
      version: z.number().int(),
      state: z.string(),
      entries: z.number().int(),
      created: z.string(),
      sourceName: z.string().nullable(),
    }),
  ),
});

const byName = z.object({ name: listNameSchema });

export const getLists = endpoint({
  method: 'GET',
  url: '/v1/lists',
  scope: 'lists:read',
  summary: 'All lists with their versions and counts',
  answer: z.object({ lists: z.array(listSchema) }),
  handle: async ({ services }) => ({ lists: await services.lists.ls() }),
});

export const getList = endpoint({
  method: 'GET',
  url: '/v1/lists/:name',
  scope: 'lists:read',
  summary: 'One list',
  params: byName,
  answer: listSchema,
  handle: async ({ params, services }) => await services.lists.show(params.name),
});

const comparisonSchema = z.object({
  added: z.number().int(),
  changed: z.number().int(),
  removed: z.number().int(),
});

export const diffList = endpoint({
  method: 'GET',
  url: '/v1/lists/:name/diff',
  scope: 'lists:read',
  summary: 'How two versions of a list differ, in counts',
  description: 'By what they hold; entries that were withdrawn since count as there.',
  params: byName,
  query: z.object({
    from: z.coerce.number().int().min(1).describe('The version that is compared with.'),
    to: z.coerce.number().int().min(1).describe('The version that is looked at.'),
  }),
  answer: comparisonSchema.extend({
    unchanged: z.number().int(),
    signals: z.record(z.string(), comparisonSchema).describe('Entries that have a signal of the type.'),
    grades: z.record(z.string(), comparisonSchema),
  }),
  handle: async ({ params, query, signal, services }) => {
    const { signals, grades, ...all } = await services.lists.diff(params.name, query.from, query.to, signal);
    return { ...all, signals: { ...signals } as Record<string, Comparison>, grades: { ...grades } };
  },
});

export const rollBackList = endpoint({
  method: 'POST',
  url: '/v1/lists/:name/rollback',
  scope: 'lists:write',
  summary: 'Make an older version the current one, at once',
  params: byName,
  body: z
    .object({ version: z.number().int().min(1).optional().describe('The version before the current one if absent.') })
    .strict(),
  answer: listSchema,
  handle: async ({ params, body, services }) => {
    await services.lists.rollback(params.name, body.version);
    return await services.lists.show(params.name);
  },
});

export const removeList = endpoint({
  method: 'DELETE',
  url: '/v1/lists/:name',
  scope: 'lists:write',
  summary: 'Remove a list and its segments',
  params: byName,
  answer: z.object({ removed: z.literal(true) }),
  handle: async ({ params, services }) => {
    await services.lists.remove(params.name);
    return { removed: true as const };
  },
});
