import { z } from 'zod';
import { ALL_ATTENTION_KINDS, type AttentionKind } from '../../storage/attention/attention-kinds.js';
import type { Attention } from '../../storage/attention/attention-store.js';
import { type Endpoint, endpoint } from '../endpoint.js';

const attentionSchema = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  cause: z.string().describe('Occurrences of the same kind and cause are one.'),
  subject: z.string(),
  state: z.enum(['open', 'acknowledged', 'resolved']),
  count: z.number().int().describe('How often it has occurred.'),
  backlog: z.number().int().describe('Items that wait behind it and can be replayed.'),
  detail: z.record(z.string(), z.unknown()),
  due: z.string(),
  overdue: z.boolean(),
  first: z.string(),
  last: z.string(),
  alarmed: z.string().nullable(),
  changedBy: z.string().nullable(),
  note: z.string().nullable(),
  resolved: z.string().nullable(),
});

const present = (attention: Attention) => {
  const { id, kind, title, cause, subject, state, count, backlog, detail, due, overdue, changedBy, note } = attention;
  return {
    ...{ id, kind, title, cause, subject, state, count, backlog, detail: { ...detail }, overdue, changedBy, note },
    due: due.toISOString(),
    first: attention.firstAt.toISOString(),
    last: attention.lastAt.toISOString(),
    alarmed: attention.alarmedAt?.toISOString() ?? null,
    resolved: attention.resolvedAt?.toISOString() ?? null,
  };
};

const byId = z.object({ id: z.string().max(64) });
/** The note, and with it the whole body, may be left out. */
const noteSchema = z
  .object({ note: z.string().max(1_000).optional() })
  .strict()
  .nullish();

export const listAttentions = endpoint({
  method: 'GET',
  url: '/v1/attention',
  scope: 'attention:read',
  summary: 'What needs somebody, the most urgent first',
  query: z.object({
    state: z.enum(['open', 'acknowledged', 'resolved']).optional().describe('All that are not resolved if absent.'),
    kind: z.enum(ALL_ATTENTION_KINDS as [AttentionKind, ...AttentionKind[]]).optional(),
    overdue: z.enum(['true', 'false']).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  answer: z.object({
    attention: z.array(attentionSchema),
    counts: z.record(z.string(), z.number().int()).describe('How many are not resolved, by kind.'),
  }),
  handle: async ({ query: { state, kind, overdue, limit }, services }) => {
    const { attentions } = services;
    const [found, counts] = await Promise.all([
      attentions.ls({ state, kind, overdue: overdue === 'true', limit }),
      attentions.counts(),
    ]);
    return { attention: found.map(present), counts: Object.fromEntries(counts) };
  },
});

export const getAttention = endpoint({
  method: 'GET',
  url: '/v1/attention/:id',
  scope: 'attention:read',
  summary: 'One attention',
  params: byId,
  answer: attentionSchema,
  handle: async ({ params, services }) => present(await services.attentions.show(params.id)),
});

export const acknowledgeAttention = actEndpoint('acknowledge', 'Say that somebody deals with it');
export const resolveAttention = actEndpoint('resolve', 'Say that it needs nobody any more');

function actEndpoint(act: 'acknowledge' | 'resolve', summary: string): Endpoint {
  return endpoint({
    method: 'POST',
    url: `/v1/attention/:id/${act}`,
    scope: 'attention:write',
    summary,
    params: byId,
    body: noteSchema,
    answer: attentionSchema,
    handle: async ({ params, body, principal, services }) =>
      present(await services.attentions[act](params.id, principal.id, body?.note)),
  });
}

export const replayAttention = endpoint({
  method: 'POST',
  url: '/v1/attention/:id/replay',
  scope: 'attention:write',
  summary: 'Have the items of its backlog looked at again, and resolve it',
  params: byId,
  answer: z.object({ items: z.number().int() }),
  handle: async ({ params, principal, signal, services }) => ({
    items: await services.attentions.replay(params.id, principal.id, signal),
  }),
});
