import { z } from 'zod';
import type { Effect } from '../../storage/outbox/outbox-store.js';
import { endpoint } from '../endpoint.js';

const effectSchema = z.object({
  id: z.string(),
  kind: z.string(),
  subject: z.string().describe('Effects of one subject go in order; what stands before the slash receives them.'),
  state: z.enum(['pending', 'delivered', 'dropped', 'exhausted', 'given-up']),
  attempts: z.number().int(),
  inFlight: z.boolean(),
  next: z.string().nullable().describe('When it is tried next; for a pending one.'),
  lastError: z.string().nullable(),
  created: z.string(),
  finished: z.string().nullable(),
});

const present = ({
  id,
  kind,
  subject,
  state,
  attempts,
  inFlight,
  nextAt,
  lastError,
  createdAt,
  finishedAt,
}: Effect) => ({
  ...{ id, kind, subject, state, attempts, inFlight, lastError },
  next: state === 'pending' ? nextAt.toISOString() : null,
  created: createdAt.toISOString(),
  finished: finishedAt?.toISOString() ?? null,
});

const byId = z.object({ id: z.string().max(64) });

export const listEffects = endpoint({
  method: 'GET',
  url: '/v1/effects',
  scope: 'effects:read',
  summary: 'What leaves the house, by state; never what it carries',
  query: z.object({
    state: z
      .enum(['waiting', 'pending', 'delivered', 'dropped', 'exhausted', 'given-up'])
      .default('waiting')
      .describe('`waiting`: pending and exhausted ones.'),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  answer: z.object({
    effects: z.array(effectSchema),
    counts: z.object({ pending: z.number().int(), exhausted: z.number().int() }),
  }),
  handle: async ({ query: { state, limit }, services: { outbox } }) => {
    const [effects, counts] = await Promise.all([outbox.ls(state, limit), outbox.counts()]);
    return { effects: effects.map(present), counts };
  },
});

export const retryEffect = endpoint({
  method: 'POST',
  url: '/v1/effects/:id/retry',
  scope: 'effects:write',
  summary: 'Try a waiting or exhausted effect now, with all its attempts again',
  params: byId,
  answer: effectSchema,
  handle: async ({ params, principal, services }) => present(await services.outbox.retry(params.id, principal.id)),
});

export const giveUpEffect = endpoint({
  method: 'POST',
  url: '/v1/effects/:id/give-up',
  scope: 'effects:write',
  summary: 'Give an effect up for good; those behind it go on',
  params: byId,
  body: z.object({ reason: z.string().min(1).max(1_000) }).strict(),
  answer: effectSchema,
  handle: async ({ params, body, principal, services }) =>
    present(await services.outbox.giveUp(params.id, principal.id, body.reason)),
});
